import Foundation
import TestSupport
import Testing

@testable import Cockpit

/// Anything written anywhere: a surface stays a surface, and its picture stays a picture.
@Suite("Any text on a surface")
struct SurfacePropertyTests {
    private static let texts = [
        "", "plain", "训练训练训练", "e\u{301}\u{302}", "👩‍🚀", "\u{1b}[2J", "a\u{0}b\u{7f}c\u{9b}", "\u{202e}gnirts",
        "\u{200d}\u{feff}",
        "<\u{338}&\u{301}>\"'", "\r\n\t", "\u{fffe}\u{ffff}", String(repeating: "한", count: 80), "\u{1F1E9}\u{1F1EA}",
        "]]>", "־אב",
    ]

    private func random(_ random: inout SplitMix) -> Surface {
        var surface = Surface(
            width: Int.random(in: 0...30, using: &random), height: Int.random(in: 0...6, using: &random))
        for _ in 0..<10 {
            let x = Int.random(in: -10...35, using: &random), y = Int.random(in: -2...8, using: &random)
            let clip = Rect(x: x - 3, y: y - 1, width: Int.random(in: 0...20, using: &random), height: 4)
            let text = Self.texts.randomElement(using: &random) ?? ""
            let limit = Bool.random(using: &random) ? nil : Int.random(in: -1...9, using: &random)
            let expected = limit.map { max(0, $0) } ?? .max
            if Bool.random(using: &random) {
                surface.clipped(to: clip) {
                    #expect($0.write(text, x: x, y: y, role: .foreground, maxWidth: limit) <= expected)
                }
            } else {
                #expect(surface.write(text, x: x, y: y, role: .foreground, maxWidth: limit) <= expected)
            }
        }
        return surface
    }

    @Test(arguments: 1...6 as ClosedRange<UInt64>)
    func `leaves no half character and nothing that a terminal acts on`(seed: UInt64) {
        var generator = SplitMix(seed: seed)
        for _ in 0..<40 {
            let surface = random(&generator)
            #expect(surface.cells.count == surface.width * surface.height)
            for (index, cell) in surface.cells.enumerated() {
                let column = index % surface.width
                if cell.kind == .trailing { #expect(column > 0 && surface.cells[index - 1].kind == .wide) }
                if cell.kind == .wide {
                    #expect(column + 1 < surface.width && surface.cells[index + 1].kind == .trailing)
                }
                #expect(cell.scalar.value >= 0x20 && !(0x7f...0x9f).contains(cell.scalar.value))
                #expect(!(0x202a...0x202e).contains(cell.scalar.value), "no direction override")
                #expect(CharacterWidth.cells(of: cell.scalar) == (cell.kind == .wide ? 2 : 1) || cell.kind == .trailing)
            }
            for line in surface.lines { #expect(line.cellWidth <= surface.width) }
        }
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func `is a picture that every XML reader takes`(seed: UInt64) {
        var generator = SplitMix(seed: seed)
        for _ in 0..<20 {
            let svg = SurfaceSVG.text(of: random(&generator), theme: .defaultDark)
            #expect(WellFormed.problem(in: svg) == nil, "\(svg.suffix(400))")
        }
    }

    @Test func `a bracket with an accent is still a bracket to XML`() {
        var surface = Surface(width: 8, height: 1)
        surface.write("<\u{338}>\u{301}&\u{300}", x: 0, y: 0, role: .foreground)
        let svg = SurfaceSVG.text(of: surface, theme: .defaultDark)
        #expect(svg.contains(">&lt;\u{338}&gt;\u{301}&amp;\u{300}</text>"))
        #expect(WellFormed.problem(in: svg) == nil)
    }

    @Test(
        arguments: [
            ("<a><b x=\"1\"/></a>", nil), ("<a><b></a>", "</a> ends another"), ("<a>", "<a> is not ended"),
            ("<a>x < y</a>", "a bare <"), ("<a>&nbsp;</a>", "a bare &"), ("<a>\u{1}</a>", "a control character"),
        ] as [(String, String?)])
    func `the reader of these tests finds what is wrong`(text: String, problem: String?) {
        #expect(WellFormed.problem(in: text) == problem)
    }

    // MARK: Widths

    /// Every width from a slow, obvious look at the table's ranges.
    @Test func `widths found by halving are those found by walking`() {
        func walked(_ value: UInt32) -> Int {
            if value >= 0x300, CharacterWidth.zeroRanges.contains(where: { $0.contains(value) }) { return 0 }
            return CharacterWidth.wideRanges.contains { $0.contains(value) } ? 2 : 1
        }
        let edges = (CharacterWidth.zeroRanges + CharacterWidth.wideRanges).flatMap {
            [$0.lowerBound &- 1, $0.lowerBound, $0.upperBound, $0.upperBound + 1]
        }
        for value in edges + [0, 0x2ff, 0x300, 0xd7ff, 0xe000, 0x10ffff] {
            guard let scalar = Unicode.Scalar(value) else { continue }
            #expect(CharacterWidth.cells(of: scalar) == walked(value), "U+\(String(value, radix: 16))")
        }
    }

    @Test func `the ranges are in order and do not touch each other`() {
        for ranges in [CharacterWidth.zeroRanges, CharacterWidth.wideRanges] {
            for (left, right) in zip(ranges, ranges.dropFirst()) { #expect(left.upperBound < right.lowerBound) }
        }
        for range in CharacterWidth.wideRanges {
            #expect(!CharacterWidth.zeroRanges.contains { $0.overlaps(range) }, "\(range)")
        }
    }

    @Test(
        arguments: [
            ("\u{9}", " "), ("\u{0}", "␀"), ("\u{1b}", "␛"), ("\u{1f}", "␟"), ("\u{7f}", "␡"), ("\u{80}", "\u{fffd}"),
            ("\u{9b}", "\u{fffd}"),
            ("\u{a0}", "\u{a0}"), ("\u{202e}", "\u{fffd}"), ("\u{2066}", "\u{fffd}"), ("\u{200e}", "\u{fffd}"),
            ("\u{61c}", "\u{fffd}"),
            ("\u{feff}", "\u{feff}"), ("a", "a"), ("训", "训"),
        ] as [(Unicode.Scalar, Unicode.Scalar)])
    func `controls are shown, not obeyed`(scalar: Unicode.Scalar, shown: Unicode.Scalar) {
        #expect(CharacterWidth.printable(scalar) == shown)
    }

    @Test func `text that is cut is never wider than it may be and what fits is untouched`() {
        for text in Self.texts + ["abcdef", "ab训cd"] {
            for width in 0...12 {
                let cut = text.fitted(to: width)
                #expect(cut.cellWidth <= width || text.cellWidth == 0, "\(text) in \(width)")
                if text.cellWidth <= width { #expect(cut == text) }
                for side in [TextAlignment.leading, .center, .trailing] {
                    #expect(text.padded(to: width, alignment: side).cellWidth == width, "\(text) in \(width)")
                }
            }
        }
    }

    @Test func `the clipboard gets the very bytes`() throws {
        for text in ["", "a", "ab", "abc", "é训👍", "\u{0}\u{1b}]52;\u{7}", String(repeating: "xyz", count: 99)] {
            let sequence = TerminalSequences.copy(text)
            #expect(sequence.hasPrefix("\u{1B}]52;c;") && sequence.hasSuffix("\u{7}"))
            let encoded = String(sequence.dropFirst(7).dropLast())
            let decoded = try #require(Data(base64Encoded: encoded))
            #expect(Array(decoded) == Array(text.utf8))
        }
    }
}

/// As much of an XML reader as tells a well-formed document from another.
enum WellFormed {
    static func problem(in text: String) -> String? {
        var open: [Substring] = []
        let scalars = text.unicodeScalars
        if scalars.contains(where: { $0.value < 0x20 && !"\t\n\r".unicodeScalars.contains($0) }) {
            return "a control character"
        }
        var rest = text[...]
        while let start = rest.unicodeScalars.firstIndex(where: { $0 == "<" || $0 == "&" }) {
            rest = rest[start...]
            if rest.unicodeScalars.first == "&" {
                guard ["&amp;", "&lt;", "&gt;", "&quot;"].contains(where: { rest.utf8.starts(with: $0.utf8) }) else {
                    return "a bare &"
                }
                rest = Substring(rest.unicodeScalars.dropFirst())
                continue
            }
            let inside = rest.unicodeScalars.dropFirst().prefix { $0 != ">" && $0 != "<" }
            guard let first = inside.first, first == "/" || ("a"..."z").contains(Character(first)) else {
                return "a bare <"
            }
            let name = Substring(inside.drop { $0 == "/" }.prefix { $0 != " " && $0 != "/" })
            if first == "/" {
                guard let last = open.popLast(), last == name else { return "</\(name)> ends another" }
            } else if inside.last != "/" {
                open.append(name)
            }
            rest = Substring(rest.unicodeScalars.dropFirst(inside.count + 1))
        }
        return open.last.map { "<\($0)> is not ended" }
    }
}
