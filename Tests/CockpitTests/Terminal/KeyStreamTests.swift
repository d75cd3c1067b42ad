import TestSupport
import Testing

@testable import Cockpit

/// Keys and mouse reports as terminals write them, in streams that are cut anywhere.
@Suite("A stream of keys")
struct KeyStreamTests {
    // MARK: Round trips

    private static let modifiers: [KeyModifiers] = (0..<8).map { bits in
        var held: KeyModifiers = []
        if bits & 1 != 0 { held.insert(.shift) }
        if bits & 2 != 0 { held.insert(.alt) }
        if bits & 4 != 0 { held.insert(.control) }
        return held
    }

    private func decoded(_ text: String) -> [KeyDecoder.Output] {
        var decoder = KeyDecoder()
        return decoder.feed(Array(text.utf8)) + decoder.flush()
    }

    @Test(
        arguments: [
            (.up, "A"), (.down, "B"), (.right, "C"), (.left, "D"), (.home, "H"), (.end, "F"), (.function(1), "P"),
            (.function(2), "Q"), (.function(3), "R"), (.function(4), "S"),
        ] as [(Key, String)])
    func `keys with a final letter keep their modifiers`(key: Key, final: String) {
        for (number, held) in Self.modifiers.enumerated() {
            #expect(decoded("\u{1B}[1;\(number + 1)\(final)") == [.event(.key(KeyStroke(key, held)))])
        }
        #expect(decoded("\u{1B}[\(final)") == [.event(.key(KeyStroke(key)))])
        #expect(decoded("\u{1B}O\(final)") == [.event(.key(KeyStroke(key)))])
    }

    @Test(
        arguments: [
            (1, .home), (2, .insert), (3, .delete), (4, .end), (5, .pageUp), (6, .pageDown), (7, .home), (8, .end),
            (11, .function(1)), (15, .function(5)), (17, .function(6)), (21, .function(10)), (23, .function(11)),
            (24, .function(12)), (25, .function(13)), (26, .function(14)), (28, .function(15)), (29, .function(16)),
        ] as [(Int, Key)])
    func `keys with a number keep their modifiers`(number: Int, key: Key) {
        for (index, held) in Self.modifiers.enumerated() {
            #expect(decoded("\u{1B}[\(number);\(index + 1)~") == [.event(.key(KeyStroke(key, held)))])
        }
        #expect(decoded("\u{1B}[\(number)~") == [.event(.key(KeyStroke(key)))])
    }

    @Test(arguments: [0, 9, 10, 16, 22, 27, 30, 99, 201, 999_999_999])
    func `numbers of no key are dropped`(number: Int) {
        #expect(decoded("\u{1B}[\(number)~") == [])
    }

    @Test func `every letter is itself, with control its control key and with alt its alt key`() {
        for byte in UInt8(ascii: "a")...UInt8(ascii: "z") {
            let letter = Character(UnicodeScalar(byte))
            #expect(decoded(String(letter)) == [.event(.key(KeyStroke(letter)))])
            #expect(decoded("\u{1B}\(letter)") == [.event(.key(.alt(letter)))])
            // ctrl-i and ctrl-m are the tab and enter keys, and ctrl-j the line feed that some terminals send for it.
            if !"ijm".contains(letter) {
                #expect(decoded(String(UnicodeScalar(byte - 0x60))) == [.event(.key(.control(letter)))])
            }
        }
    }

    @Test func `a mouse report gives back button, place and modifiers, to the far corner of any screen`() {
        let buttons: [(Int, MouseEvent.Button)] = [(0, .left), (1, .middle), (2, .right)]
        let wheels: [(Int, MouseEvent.Kind)] = [(64, .wheelUp), (65, .wheelDown), (66, .wheelLeft), (67, .wheelRight)]
        let kinds =
            buttons.flatMap { code, button -> [(Int, String, MouseEvent.Kind)] in
                [(code, "M", .press(button)), (code, "m", .release(button)), (code + 32, "M", .drag(button))]
            } + wheels.map { ($0.0, "M", $0.1) } + [(35, "M", .move)]
        for (code, final, kind) in kinds {
            for (bits, held) in Self.modifiers.enumerated() {
                for (x, y) in [(1, 1), (95, 24), (223, 224), (9_999, 1), (999_999_999, 999_999_999)] {
                    let report = "\u{1B}[<\(code + bits * 4);\(x);\(y)\(final)"
                    let event = MouseEvent(kind: kind, position: Point(x: x - 1, y: y - 1), modifiers: held)
                    #expect(decoded(report) == [.event(.mouse(event))], "\(report.dropFirst())")
                }
            }
        }
    }

    @Test(arguments: [
        "<0;0;1M", "<0;1;0M", "<0;-1;1M", "<;;M", "<M", "<0;1M", "<0;1;1;1M", "<128;1;1M", "<3;1;1M", "<0;1;1A",
        "<99999999999999999999;1;1M",
    ])
    func `a mouse report that makes no sense is dropped whole`(report: String) {
        #expect(decoded("\u{1B}[" + report + "q") == [.event(.key(KeyStroke("q")))])
    }

    // MARK: Cut streams

    /// What a stream may be made of: whole sequences, torn ones and noise.
    private static let pieces: [[UInt8]] =
        [
            "a", "Z", " ", "é", "训", "👍", "e\u{301}", "\r", "\t", "\u{7F}", "\u{3}", "\u{1B}", "\u{1B}\u{1B}",
            "\u{1B}[A",
            "\u{1B}OP", "\u{1B}[1;6C", "\u{1B}[3~", "\u{1B}[<64;10;20M", "\u{1B}[<0;300;9m", "\u{1B}[M !!",
            "\u{1B}[200~",
            "\u{1B}[201~", "\u{1B}[200~two\nlines\u{1B}[201~", "\u{1B}[?2026;2$y", "\u{1B}]11;rgb:0/80/ff\u{7}",
            "\u{1B}]0;title\u{1B}\\", "\u{1B}P1$r\u{1B}\\", "\u{1B}[1;", "\u{1B}[", "\u{1B}O", "\u{1B}]", "\u{1B}x",
            "[", "~",
            "\u{1B}[97;5u", "\u{1B}[127u", "\u{1B}[I", "\u{0}", "\u{1F}",
        ].map { Array($0.utf8) } + [
            [0xC3], [0xE8, 0xAE], [0xFF], [0x80], [0xF0, 0x9F], [0xC0, 0x80], [0xED, 0xA0, 0x80],
        ]

    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func `is the same at once, byte by byte and cut anywhere`(seed: UInt64) {
        var random = SplitMix(seed: seed)
        for _ in 0..<60 {
            let bytes = (0..<Int.random(in: 1...30, using: &random)).flatMap { _ in
                Self.pieces.randomElement(using: &random) ?? []
            }
            var whole = KeyDecoder(), single = KeyDecoder(), cut = KeyDecoder()
            let expected = whole.feed(bytes)
            #expect(bytes.flatMap { single.feed([$0]) } == expected, "\(bytes)")
            var parts: [KeyDecoder.Output] = []
            var rest = bytes[...]
            while !rest.isEmpty {
                let part = rest.prefix(Int.random(in: 1...7, using: &random))
                parts += cut.feed(part)
                rest = rest.dropFirst(part.count)
            }
            #expect(parts == expected, "\(bytes)")
            #expect(single.patience == whole.patience)
            let ends = [whole.flush(), single.flush(), cut.flush()]
            #expect(ends[1] == ends[0] && ends[2] == ends[0], "\(bytes)")
        }
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func `noise before a key never eats more than the sequence it began`(seed: UInt64) {
        var random = SplitMix(seed: seed)
        for _ in 0..<200 {
            var decoder = KeyDecoder()
            let noise = (0..<20).map { _ in UInt8.random(in: 0...255, using: &random) }
            _ = decoder.feed(noise)
            _ = decoder.flush()
            // Only a paste, which ends when the terminal says so, still takes what follows.
            if Array(noise).contains(UInt8(ascii: "~")) { continue }
            #expect(decoder.feed(Array("q".utf8)) == [.event(.key(KeyStroke("q")))], "\(noise)")
        }
    }

    @Test func `text of any script comes back letter by letter`() {
        let text = "Привет, мир — 你好 こんにちは 안녕 שלום 🎉👩‍🚀 ¼½¾ ñ"
        let typed = decoded(text).compactMap { output -> Character? in
            if case .event(.key(let stroke)) = output, case .character(let character) = stroke.key {
                character
            } else {
                nil
            }
        }
        #expect(String(String.UnicodeScalarView(typed.flatMap(\.unicodeScalars))) == text)
    }

    // MARK: Pastes

    @Test func `a paste keeps any text, whatever looks like keys in it`() {
        for text in [
            "", "q", "\u{1B}[A\u{1B}", "\u{1B}[20", "\u{1B}[200~nested", "a\r\nb\tc", "训练👍",
            String(repeating: "x", count: 9_000),
        ] {
            #expect(decoded("\u{1B}[200~\(text)\u{1B}[201~") == [.event(.paste(text))], "\(text.prefix(20))")
        }
    }

    @Test func `a paste without measure is cut at a mebibyte and ends where it ends`() {
        var decoder = KeyDecoder()
        var outputs = decoder.feed(Array("\u{1B}[200~".utf8))
        for _ in 0..<20 { outputs += decoder.feed([UInt8](repeating: 0x61, count: 65_536)) }
        outputs += decoder.feed(Array("\u{1B}[201~q".utf8))
        #expect(outputs == [.event(.paste(String(repeating: "a", count: 1 << 20))), .event(.key(KeyStroke("q")))])
    }

    @Test(
        arguments: [
            ("]11;rgb:ff/80/00\u{7}", 0xFF8000), ("]11;rgb:f/8/0\u{7}", 0xFF8800),
            ("]11;rgb:ffff/0000/8080\u{1B}\\", 0xFF0080),
            ("]11;rgb:fff/000/800\u{7}", 0xFF007F),
        ] as [(String, UInt32)])
    func `colours are read in every length a terminal writes them`(answer: String, color: UInt32) {
        #expect(decoded("\u{1B}" + answer) == [.report(.background(RGB(color)))])
    }

    @Test(arguments: [
        "]11;rgb:ff/80\u{7}", "]11;rgb:ff/80/00/11\u{7}", "]11;rgb:gg/80/00\u{7}", "]11;rgb:fffff/0/0\u{7}",
        "]11;?\u{7}",
        "]10;rgb:ff/80/00\u{7}", "[?1;2c", "[?2026y", "[?2026;1;1$y", "[?2027;1$y", "]11;rgb:-f/0/0\u{7}",
    ])
    func `answers to questions nobody asked are dropped`(answer: String) {
        #expect(decoded("\u{1B}" + answer) == [])
    }
}
