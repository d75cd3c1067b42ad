import Testing

@testable import Cockpit

@Suite("Character width")
struct CharacterWidthTests {
    @Test(
        arguments: [
            ("a", 1), ("é", 1), ("\u{301}", 0), ("训", 2), ("ｱ", 1), ("Ａ", 2), ("😀", 2), ("⣿", 1), ("█", 1), ("─", 1),
            ("★", 1), ("◐", 1), ("\u{200B}", 0), ("\u{AD}", 1), ("한", 2), ("\u{20000}", 2), ("✓", 1), ("‖", 1),
        ] as [(Unicode.Scalar, Int)])
    func `is what terminals use`(scalar: Unicode.Scalar, cells: Int) {
        #expect(CharacterWidth.cells(of: scalar) == cells)
    }

    @Test
    func `is one for every glyph the dashboard draws with`() {
        for glyphs in [Glyphs.unicode, .ascii] {
            for child in Mirror(reflecting: glyphs).children {
                let scalars = child.value as? [Unicode.Scalar] ?? [child.value as? Unicode.Scalar].compactMap(\.self)
                for scalar in scalars { #expect(CharacterWidth.cells(of: scalar) == 1, "\(child.label ?? "")") }
            }
        }
    }

    @Test
    func `is ASCII only in the ASCII set`() {
        for child in Mirror(reflecting: Glyphs.ascii).children {
            let scalars = child.value as? [Unicode.Scalar] ?? [child.value as? Unicode.Scalar].compactMap(\.self)
            for scalar in scalars { #expect(scalar.isASCII, "\(child.label ?? "")") }
        }
    }

    @Test
    func `fits text into cells with an ellipsis`() {
        #expect("generate".fitted(to: 8) == "generate")
        #expect("generate".fitted(to: 5) == "gene…")
        #expect("训练训练".fitted(to: 4) == "训…")
        #expect("generate".fitted(to: 0) == "")
        #expect("data/train.jsonl".fitted(to: 8, cutting: .front) == "…n.jsonl")
        #expect("abe\u{301}f".fitted(to: 2, cutting: .front) == "…f")
    }

    @Test
    func `pads text on the side asked for`() {
        #expect("7".padded(to: 3) == "7  ")
        #expect("7".padded(to: 3, alignment: .trailing) == "  7")
        #expect("训".padded(to: 5, alignment: .center) == " 训  ")
        #expect("12345".padded(to: 3, alignment: .trailing) == "12…")
    }
}
