import Testing

@testable import Cockpit

@Suite("The key decoder")
struct KeyDecoderTests {
    private func events(_ text: String) -> [TerminalEvent] {
        events(Array(text.utf8))
    }

    private func events(_ bytes: [UInt8]) -> [TerminalEvent] {
        var decoder = KeyDecoder()
        return (decoder.feed(bytes) + decoder.flush()).compactMap { output in
            if case .event(let event) = output { event } else { nil }
        }
    }

    @Test(arguments: [
        ("q", KeyStroke("q")), ("Q", KeyStroke("Q")), (" ", KeyStroke(" ")), ("é", KeyStroke("é")),
        ("训", KeyStroke("训")),
        ("\r", KeyStroke(.enter)), ("\n", KeyStroke(.enter)), ("\t", KeyStroke(.tab)),
        ("\u{7F}", KeyStroke(.backspace)),
        ("\u{3}", .control("c")), ("\u{1A}", .control("z")), ("\u{0}", .control(" ")), ("\u{1C}", .control("\\")),
        ("\u{1B}[A", KeyStroke(.up)), ("\u{1B}OA", KeyStroke(.up)), ("\u{1B}[D", KeyStroke(.left)),
        ("\u{1B}OD", KeyStroke(.left)), ("\u{1B}[1;5C", KeyStroke(.right, .control)),
        ("\u{1B}[1;4B", KeyStroke(.down, [.shift, .alt])), ("\u{1B}[Z", KeyStroke(.tab, .shift)),
        ("\u{1B}[H", KeyStroke(.home)), ("\u{1B}[4~", KeyStroke(.end)), ("\u{1B}[5~", KeyStroke(.pageUp)),
        ("\u{1B}[6;5~", KeyStroke(.pageDown, .control)), ("\u{1B}[3~", KeyStroke(.delete)),
        ("\u{1B}OP", KeyStroke(.function(1))), ("\u{1B}[15~", KeyStroke(.function(5))),
        ("\u{1B}[24~", KeyStroke(.function(12))), ("\u{1B}[1;2P", KeyStroke(.function(1), .shift)),
        ("\u{1B}x", .alt("x")), ("\u{1B}é", .alt("é")), ("\u{1B}\r", KeyStroke(.enter, .alt)),
        ("\u{1B}[97;5u", .control("a")), ("\u{1B}", KeyStroke(.escape)), ("\u{1B}[", .alt("[")),
        ("\u{1B}O", .alt("O")),
    ])
    func `reads a key`(bytes: String, stroke: KeyStroke) {
        #expect(events(bytes) == [.key(stroke)])
    }

    @Test(arguments: [
        ("\u{1B}[<0;1;1M", MouseEvent.Kind.press(.left), 0, 0), ("\u{1B}[<0;300;80m", .release(.left), 299, 79),
        ("\u{1B}[<2;5;6M", .press(.right), 4, 5), ("\u{1B}[<32;5;6M", .drag(.left), 4, 5),
        ("\u{1B}[<64;5;6M", .wheelUp, 4, 5), ("\u{1B}[<65;5;6M", .wheelDown, 4, 5), ("\u{1B}[<35;5;6M", .move, 4, 5),
    ])
    func `reads the mouse`(bytes: String, kind: MouseEvent.Kind, x: Int, y: Int) {
        #expect(events(bytes) == [.mouse(MouseEvent(kind: kind, position: Point(x: x, y: y)))])
    }

    @Test
    func `reads modifiers of the mouse and every tick of a fast wheel`() {
        #expect(
            events("\u{1B}[<20;1;1M")
                == [
                    .mouse(MouseEvent(kind: .press(.left), position: Point(x: 0, y: 0), modifiers: [.shift, .control]))
                ])
        #expect(events(String(repeating: "\u{1B}[<64;1;1M", count: 50)).count == 50)
    }

    @Test
    func `takes a paste in one piece with what is in it`() {
        #expect(
            events("a\u{1B}[200~x\u{1B}[Ay\nz\u{1B}[201~b") == [
                .key(KeyStroke("a")), .paste("x\u{1B}[Ay\nz"), .key(KeyStroke("b")),
            ])
        #expect(events("\u{1B}[200~\u{1B}[201~") == [.paste("")])
    }

    @Test
    func `waits long for the end of a paste`() {
        var decoder = KeyDecoder()
        var outputs = decoder.feed(Array("\u{1B}[200~x\u{1B}[20".utf8))
        #expect(outputs.isEmpty)
        #expect(decoder.patience == 1000)
        outputs = decoder.feed(Array("1~".utf8))
        #expect(outputs == [.event(.paste("x"))])
    }

    @Test
    func `waits as long for a lone escape as it is told to`() {
        var decoder = KeyDecoder(escapeDelay: 400)
        _ = decoder.feed([0x1B])
        #expect(decoder.patience == 400)
        _ = decoder.feed(Array("[1;".utf8))
        #expect(decoder.patience == 400, "the rest of a sequence may take no less")
    }

    @Test
    func `waits short for a lone escape and long for a cut sequence`() {
        var decoder = KeyDecoder()
        #expect(decoder.patience == nil)
        var outputs = decoder.feed([0x1B])
        #expect(outputs.isEmpty)
        #expect(decoder.patience == 25)
        outputs = decoder.feed(Array("[1;".utf8))
        #expect(outputs.isEmpty)
        #expect(decoder.patience == 250)
        outputs = decoder.feed(Array("5A".utf8))
        #expect(outputs == [.event(.key(KeyStroke(.up, .control)))])
        #expect(decoder.patience == nil)
    }

    @Test(arguments: [
        "\u{1B}[1;5", "\u{1B}[99~", "\u{1B}[12;34R", "\u{1B}]0;title\u{7}", "\u{1B}]0;title\u{1B}\\",
        "\u{1B}P1$r0m\u{1B}\\",
        "\u{1B}[I", "\u{1B}[?1;2c", "\u{1B}[<0;0;0M", "\u{1B}[<9;9M", "\u{1B}[M !!", "\u{1B}O5", "\u{1B}[<128;1;1M",
    ])
    func `drops what it has no use for`(bytes: String) {
        #expect(events(bytes) == [])
    }

    @Test
    func `ignores bytes that are not UTF-8`() {
        #expect(events([0xFF, 0x61, 0xC3, 0x28, 0x80, 0xE8, 0xAE]) == [.key(KeyStroke("a")), .key(KeyStroke("("))])
    }

    @Test
    func `keeps an escape before another key apart`() {
        #expect(events("\u{1B}\u{1B}[A") == [.key(KeyStroke(.escape)), .key(KeyStroke(.up))])
        #expect(events("\u{1B}[1\u{1B}[A") == [.key(KeyStroke(.up))])
    }

    @Test
    func `reports what the terminal answers`() {
        var decoder = KeyDecoder()
        #expect(decoder.feed(Array("\u{1B}[?2026;2$y".utf8)) == [.report(.synchronizedOutput(isSupported: true))])
        #expect(decoder.feed(Array("\u{1B}[?2026;0$y".utf8)) == [.report(.synchronizedOutput(isSupported: false))])
        #expect(
            decoder.feed(Array("\u{1B}]11;rgb:ffff/8080/00\u{1B}\\".utf8)) == [.report(.background(RGB(0xFF8000)))])
    }

    @Test
    func `finds the same events however the bytes are cut`() {
        var generator = Xorshift(state: 0x9E37_79B9_7F4A_7C15)
        let pieces = [
            "a", "\u{1B}[A", "\u{1B}OB", "\u{1B}[<64;10;20M", "训", "\u{1B}[200~p\u{1B}[20\u{1B}[201~", "\u{3}",
            "\u{1B}]11;rgb:1/2/3\u{7}", "\u{1B}[1;5~", "é",
        ]
        for _ in 0..<200 {
            let bytes = (0..<8).flatMap { _ in Array(pieces[generator.next(below: pieces.count)].utf8) }
            var whole = KeyDecoder()
            var cut = KeyDecoder()
            let expected = whole.feed(bytes)
            let actual = bytes.flatMap { cut.feed([$0]) }
            #expect(actual == expected)
        }
    }

    @Test
    func `survives any bytes`() {
        var generator = Xorshift(state: 42)
        for _ in 0..<300 {
            var decoder = KeyDecoder()
            let bytes = (0..<64).map { _ -> UInt8 in
                let roll = generator.next(below: 4)
                return roll == 0 ? 0x1B : (roll == 1 ? UInt8(ascii: "[") : UInt8(generator.next(below: 256)))
            }
            let count = decoder.feed(bytes).count + decoder.flush().count
            #expect(count <= bytes.count)
            #expect(decoder.patience == nil)
        }
    }

    @Test
    func `gives up on a sequence without an end`() {
        var decoder = KeyDecoder()
        _ = decoder.feed(Array("\u{1B}]".utf8) + [UInt8](repeating: 0x61, count: 5000))
        #expect(decoder.patience == nil)
        let next = decoder.feed([0x71])
        #expect(next == [.event(.key(KeyStroke("q")))])
    }
}

@Suite("A key's name")
struct KeyStrokeTests {
    @Test(arguments: [
        (KeyStroke("q"), "q"), (.control("c"), "ctrl-c"), (KeyStroke(.tab, .shift), "shift-tab"),
        (KeyStroke(" "), "space"),
        (KeyStroke(.function(1)), "F1"), (KeyStroke(.escape), "esc"), (KeyStroke(.up), "↑"), (.alt("x"), "alt-x"),
    ])
    func `is what help and footer show`(stroke: KeyStroke, name: String) {
        #expect(stroke.description == name)
    }
}

/// A small seeded generator for properties.
struct Xorshift {
    var state: UInt64

    mutating func next(below limit: Int) -> Int {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Int(state % UInt64(limit))
    }
}
