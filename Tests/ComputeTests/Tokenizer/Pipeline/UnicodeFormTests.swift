import Testing

@testable import Compute

private func composed(_ text: String) -> [UInt32] {
    let bytes = UnicodeForm.nfc.apply(Array(text.utf8)[...])
    return String(decoding: bytes, as: UTF8.self).unicodeScalars.map(\.value)
}

@Suite struct `Canonical composition` {
    @Test(arguments: [
        ("plain", [0x70, 0x6C, 0x61, 0x69, 0x6E]),
        ("e\u{301}", [0xE9]),
        ("\u{212B}", [0xC5]),
        ("s\u{307}\u{323}", [0x1E69]),
        ("s\u{323}\u{307}", [0x1E69]),
        // A second mark of one class is blocked, one of another class is not.
        ("a\u{308}\u{301}", [0xE4, 0x301]),
        ("a\u{327}\u{301}", [0xE1, 0x327]),
        // Composition exclusions stay apart.
        ("\u{958}", [0x915, 0x93C]),
        ("\u{2ADC}", [0x2ADD, 0x338]),
        // Two starters that compose.
        ("\u{9C7}\u{9BE}", [0x9CB]),
        ("\u{1100}\u{1161}\u{11A8}", [0xAC01]),
        ("\u{1100}\u{1161}", [0xAC00]),
        ("\u{AC00}\u{11A8}", [0xAC01]),
        ("\u{AC01}\u{11A8}", [0xAC01, 0x11A8]),
        ("\u{301}a", [0x301, 0x61]),
        ("\u{F900}", [0x8C48]),
        ("\u{1D15E}", [0x1D157, 0x1D165]),
    ])
    func `a text has its form C`(text: String, expected: [UInt32]) {
        #expect(composed(text) == expected)
    }

    @Test func `any text is canonically what it was, and composing again changes nothing`() {
        var random = SeededGenerator(seed: 72)
        let pool: [UInt32] = [
            0x61, 0x65, 0x301, 0x323, 0x307, 0x308, 0x327, 0x1100, 0x1161, 0x11A8, 0xAC00, 0xE9, 0x1E69, 0x915, 0x93C,
            0x958, 0x9C7, 0x9BE, 0xF71, 0xF72, 0xFB1D, 0x212B, 0x1D15E, 0x345, 0x3B1, 0x1F80,
        ]
        for _ in 0..<500 {
            var text = String.UnicodeScalarView()
            for _ in 0..<6 {
                if let scalar = Unicode.Scalar(pool[Int(random.next() % UInt64(pool.count))]) { text.append(scalar) }
            }
            let once = UnicodeForm.nfc.apply(Array(String(text).utf8)[...])
            // Swift's strings are equal exactly when they are canonically equivalent.
            #expect(String(decoding: once, as: UTF8.self) == String(text))
            #expect(Array(UnicodeForm.nfc.apply(once)) == Array(once))
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `many marks in the wrong order take no time to speak of`() {
        let marks = String(repeating: "\u{301}\u{323}", count: 20_000)
        let sorted = String(repeating: "\u{323}", count: 20_000) + String(repeating: "\u{301}", count: 20_000)
        #expect(composed("x" + marks) == scalars("x" + sorted))
    }
}
