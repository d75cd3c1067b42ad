import Testing

@testable import Cockpit

/// Random text with everything in it that a file name or a log line may have.
struct TextMaker {
    var random: Seeded

    init(seed: UInt64) { random = Seeded(state: seed) }

    static let letters: [String] = [
        "a", "b", "Z", "0", "-", "_", "训", "练", "が", "e\u{301}", "o\u{308}\u{302}", "🚀", "👩‍👩‍👧", "\u{1B}", "\u{7}",
        "\u{202E}", "\t", "\u{FFFD}", "ß",
    ]

    mutating func word(_ lengths: ClosedRange<Int>, from letters: [String] = letters) -> String {
        (0..<Int.random(in: lengths, using: &random)).map { _ in letters.randomElement(using: &random) ?? "a" }.joined()
    }

    mutating func sentence(words: Int, _ lengths: ClosedRange<Int>, from letters: [String] = letters) -> String {
        (0..<words).map { _ in word(lengths, from: letters) }.joined(separator: " ")
    }
}

@Suite("Text of any script")
struct TextPropertyTests {
    @Test func `fits into any width and says where it was cut`() {
        var maker = TextMaker(seed: 1)
        for _ in 0..<600 {
            let text = maker.word(0...14)
            for width in [-1, 0, 1, 2, 3, 7, 12, 40] {
                let fitted = text.fitted(to: width)
                #expect(fitted.cellWidth <= max(0, width))
                if text.cellWidth <= max(0, width) {
                    #expect(fitted == text)
                } else if width > 0 {
                    let kept = fitted.unicodeScalars.dropLast()
                    #expect(fitted.unicodeScalars.last == "…")
                    #expect(Array(kept) == Array(text.unicodeScalars.prefix(kept.count)))
                    // No more than one cell is given away: a wide character that would not fit.
                    #expect(fitted.cellWidth >= width - 1)
                }
            }
        }
    }

    @Test func `fills a column exactly, whatever it holds`() {
        var maker = TextMaker(seed: 2)
        for _ in 0..<400 {
            let text = maker.word(0...10)
            for width in 0...16 {
                for alignment in [TextAlignment.leading, .center, .trailing] {
                    #expect(text.padded(to: width, alignment: alignment).cellWidth == width)
                }
            }
        }
    }

    @Test(
        arguments: [
            ("训练训练", 8, "训练训练"), ("训练训练", 7, "训练训…"), ("训练训练", 6, "训练…"), ("训练训练", 2, "…"),
            ("e\u{301}e\u{301}e\u{301}", 3, "e\u{301}e\u{301}e\u{301}"), ("e\u{301}e\u{301}e\u{301}", 2, "e\u{301}…"),
        ] as [(String, Int, String)])
    func `is cut between characters, never inside one`(text: String, width: Int, fitted: String) {
        #expect(text.fitted(to: width) == fitted)
    }

    @Test func `drawn takes the cells it was measured to take`() {
        var maker = TextMaker(seed: 3)
        for _ in 0..<500 {
            let text = maker.word(0...12)
            var surface = Surface(width: 60, height: 1)
            #expect(surface.write(text, x: 3, y: 0, role: .foreground) == text.cellWidth)
        }
    }

    @Test func `in styled parts is cut as one line`() {
        var maker = TextMaker(seed: 4)
        for _ in 0..<400 {
            let line = (0..<3).reduce(TextLine()) { line, _ in line.appending(maker.word(0...6), .accent) }
            for room in 0...20 {
                var surface = Surface(width: 24, height: 1)
                let used = surface.write(line, x: 0, y: 0, maxWidth: room)
                #expect(used <= room)
                #expect((room..<24).allSatisfy { surface[$0, 0] == .blank })
                if line.cellWidth > room, room > 0 { #expect(surface.lines[0].contains("…")) }
            }
        }
    }
}

@Suite("Wrapped text")
struct WrapPropertyTests {
    private func words(_ lines: [TextLine]) -> [String] {
        lines.flatMap { $0.text.split(separator: " ").map(String.init) }
    }

    @Test func `keeps its words whole, in order, and inside the width`() {
        var maker = TextMaker(seed: 5)
        let letters = ["a", "b", "训", "e\u{301}", "🚀", "\u{1B}"]
        for _ in 0..<400 {
            let text = maker.sentence(words: Int.random(in: 0...9, using: &maker.random), 1...4, from: letters)
            for width in [8, 9, 13, 20, 77] {
                let lines = Paragraph.wrapped(TextLine(text), to: width)
                #expect(lines.allSatisfy { $0.cellWidth <= width })
                #expect(words(lines) == text.split(separator: " ").map(String.init))
            }
        }
    }

    @Test func `breaks a word only where the word is wider than the line`() {
        var maker = TextMaker(seed: 6)
        for _ in 0..<400 {
            let text = maker.sentence(words: 6, 0...20)
            for width in 2...9 {
                let lines = Paragraph.wrapped(TextLine(text), to: width)
                #expect(lines.allSatisfy { $0.cellWidth <= width }, "\(text.debugDescription) in \(width)")
                let all = lines.map(\.text).joined().unicodeScalars.filter { $0 != " " }
                #expect(Array(all) == text.unicodeScalars.filter { $0 != " " })
            }
        }
    }

    @Test func `keeps the style of every character`() {
        var maker = TextMaker(seed: 7)
        func styled(_ lines: [TextLine]) -> [String] {
            lines.flatMap(\.runs).flatMap { run in
                run.text.unicodeScalars.filter { $0 != " " }.map { "\($0) \(run.style.role)" }
            }
        }
        for _ in 0..<200 {
            let line = [Role.dim, .accent, .key].reduce(TextLine()) { line, role in
                line.appending(maker.sentence(words: 3, 1...6), role)
            }
            for width in 3...12 { #expect(styled(Paragraph.wrapped(line, to: width)) == styled([line])) }
        }
    }

    @Test func `uses as few lines as words allow`() {
        let lines = Paragraph.wrapped("aa bb cc dd ee", to: 5).map { String($0.text.trimmingSuffix { $0 == " " }) }
        #expect(lines == ["aa bb", "cc dd", "ee"])
    }

    @Test(arguments: [0, -3])
    func `is left as it is where there is no width at all`(width: Int) {
        #expect(Paragraph.wrapped("a b", to: width) == ["a b"])
    }
}

extension String {
    fileprivate func trimmingSuffix(while predicate: (Character) -> Bool) -> Substring {
        var rest = Substring(self)
        while let last = rest.last, predicate(last) { rest.removeLast() }
        return rest
    }
}

@Suite("A text field under any keys")
struct TextFieldPropertyTests {
    /// The same editor, written as plainly as can be.
    private struct Reference {
        var text: [Character] = []
        var cursor = 0

        mutating func press(_ stroke: KeyStroke) {
            switch stroke {
            case KeyStroke(.left): cursor = max(0, cursor - 1)
            case KeyStroke(.right): cursor = min(text.count, cursor + 1)
            case KeyStroke(.home): cursor = 0
            case KeyStroke(.end): cursor = text.count
            case KeyStroke(.backspace):
                if cursor > 0 {
                    text.remove(at: cursor - 1)
                    cursor -= 1
                }
            case KeyStroke(.delete): if cursor < text.count { text.remove(at: cursor) }
            case .control("u"): (text, cursor) = (Array(text[cursor...]), 0)
            case .control("k"): text = Array(text[..<cursor])
            case .control("w"):
                var start = cursor
                while start > 0, text[start - 1] == " " { start -= 1 }
                while start > 0, text[start - 1] != " " { start -= 1 }
                text.removeSubrange(start..<cursor)
                cursor = start
            default:
                guard case .character(let character) = stroke.key else { return }
                text.insert(character, at: cursor)
                cursor += 1
            }
        }
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func `edits as the plain editor does`(seed: UInt64) {
        var random = Seeded(state: seed)
        let keys: [KeyStroke] = [
            KeyStroke("a"), KeyStroke("训"), KeyStroke(" "), KeyStroke("b"), KeyStroke("."), KeyStroke(.left),
            KeyStroke(.left), KeyStroke(.right), KeyStroke(.home), KeyStroke(.end), KeyStroke(.backspace),
            KeyStroke(.delete), .control("u"), .control("k"), .control("w"),
        ]
        var field = TextField()
        var reference = Reference()
        for _ in 0..<600 {
            // More typing than deleting, or the text stays empty.
            let stroke = keys[Int.random(in: 0..<(random.next() % 3 == 0 ? keys.count : 5), using: &random)]
            let isTaken = field.handle(stroke)
            #expect(isTaken)
            reference.press(stroke)
            #expect(field.text == String(reference.text))
            #expect(field.cursor == reference.cursor)
        }
    }

    @Test func `an accent joins its letter and leaves the cursor behind it`() {
        var field = TextField("ab")
        _ = field.handle(KeyStroke(.left))
        field.insert("\u{301}")
        #expect(field.text == "a\u{301}b")
        #expect(field.cursor == 1)
        _ = field.handle(KeyStroke(.backspace))
        #expect(field.text == "b")
    }

    @Test func `the cursor is in sight in every width and at every place`() {
        for width in 4...14 {
            var field = TextField("a训b练cd训e")
            for _ in 0...field.text.count {
                var surface = Surface(width: width, height: 1)
                field.render(in: &surface, area: surface.bounds)
                let cursor = (0..<width).filter { surface[$0, 0]?.attributes.contains(.reverse) ?? false }
                #expect(cursor.count == 1)
                #expect(cursor.allSatisfy { $0 > 0 && $0 < width - 1 })
                #expect(surface[0, 0]?.scalar == "[")
                #expect(surface[width - 1, 0]?.scalar == "]")
                _ = field.handle(KeyStroke(.left))
            }
        }
    }
}
