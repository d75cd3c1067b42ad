import Testing

@testable import Cockpit

/// What commands and screens send to a terminal.
@Suite struct PrintableTextTests {
    @Test(
        arguments: [
            ("plain", "plain"), ("", ""), ("训练 😀 é", "训练 😀 é"), ("a\u{1b}[31mb", "a␛[31mb"),
            ("\u{9b}31m", "\u{fffd}31m"), ("a\nb\tc", "a␊b c"), ("\u{202e}txt", "\u{fffd}txt"),
            ("\u{2066}\u{2069}\u{200f}", "\u{fffd}\u{fffd}\u{fffd}"), ("\r\n", "␍␊"),
        ])
    func `is one line that moves nothing`(text: String, expected: String) {
        #expect(text.printable == expected)
    }

    @Test(
        arguments: [
            ("a\nb", "a\n  b"), ("a\tb", "a\tb"), ("a\r\nb", "a␍\n  b"), ("\n", "\n  "), ("a\u{1b}\n\u{7}", "a␛\n  ␇"),
        ])
    func `keeps its lines, those after the first moved in`(text: String, expected: String) {
        #expect(text.printableLines(indent: "  ") == expected)
    }

    @Test func `is the same JSON, with escapes`() {
        #expect(#"{"a":"é"}"#.printableJSON == #"{"a":"é"}"#)
        #expect("[\"\u{9b}\u{202e}\u{7f}\"]".printableJSON == #"["\u009b\u202e\u007f"]"#)
    }
}
