import Testing

@testable import Cockpit

@Suite("A picture of a surface")
struct SurfaceSVGTests {
    private func picture(_ text: String, role: Role = .foreground, width: Int = 10) -> String {
        var surface = Surface(width: width, height: 1)
        surface.write(text, x: 0, y: 0, role: role)
        return SurfaceSVG.text(of: surface, theme: .defaultDark)
    }

    @Test
    func `has the size of its cells`() {
        #expect(picture("").contains("width=\"100.3\" height=\"33\""))
    }

    @Test
    func `states the place and length of each run`() {
        let svg = picture("ab cd", role: .key)
        let attributes = "lengthAdjust=\"spacingAndGlyphs\" fill=\"#5ccfe6\" font-weight=\"bold\""
        #expect(svg.contains("<text x=\"8\" y=\"21\" textLength=\"16.86\" \(attributes)>ab</text>"))
        #expect(svg.contains("<text x=\"33.29\" y=\"21\" textLength=\"16.86\" \(attributes)>cd</text>"))
    }

    @Test
    func `escapes what XML would act on`() {
        #expect(picture("<a&b>").contains(">&lt;a&amp;b&gt;</text>"))
    }

    @Test
    func `draws blocks and braille as shapes`() {
        let svg = picture("█⠁")
        #expect(svg.contains("<rect x=\"8\" y=\"8\" width=\"8.43\" height=\"17\" fill=\"#d8dee9\""))
        #expect(svg.contains("<circle"))
        #expect(!svg.contains("<text"))
    }

    @Test
    func `gives a wide character two cells`() {
        #expect(picture("训").contains("textLength=\"16.86\""))
    }

    @Test
    func `has shapes for every line and block glyph`() {
        for glyph in "─│┌┐└┘┄┊┆═┃▓▒░█▏▌▕▁▇" {
            #expect(CellShape.shapes(of: glyph.unicodeScalars.first ?? " ") != nil, "\(glyph)")
        }
        #expect(CellShape.shapes(of: "a") == nil)
    }
}
