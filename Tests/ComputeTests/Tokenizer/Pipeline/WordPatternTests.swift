import Testing

@testable import Compute

/// The words a pattern cuts a text into.
private func words(_ text: String, _ pattern: any WordPattern.Type) -> [String] {
    let classified = ClassifiedText(Array(text.utf8)[...])
    var words: [String] = [], start = 0
    while start < classified.end {
        let end = pattern.end(in: classified, from: start)
        words.append(String(decoding: classified.bytes[start..<end], as: UTF8.self))
        start = end
    }
    return words
}

@Suite struct `Word patterns` {
    @Test(arguments: [
        ("Hello world", ["Hello", " world"]),
        ("it's we'Re 'll", ["it", "'s", " we", "'", "Re", " '", "ll"]),
        ("a  b", ["a", " ", " b"]),
        ("a \n b ", ["a", " \n", " b", " "]),
        ("x1234y", ["x", "1234", "y"]),
        ("wow!!! ...", ["wow", "!!!", " ..."]),
        ("\n\nx", ["\n", "\n", "x"]),
        ("e\u{301}a", ["e", "\u{301}", "a"]),
        ("  ", ["  "]),
        ("a\u{A0}b", ["a", "\u{A0}", "b"]),
        ("强化 学习", ["强化", " 学习"]),
    ])
    func `GPT-2 keeps one space before a word`(text: String, expected: [String]) {
        #expect(words(text, GPT2Pattern.self) == expected)
    }

    @Test(arguments: [
        ("Hello world", ["Hello", " world"]),
        ("IT'S it's y'all", ["IT", "'S", " it", "'s", " y", "'all"]),
        ("s'\u{17F}", ["s", "'\u{17F}"]),
        ("1234567", ["123", "456", "7"]),
        ("٣٤٥٦", ["٣٤٥", "٦"]),
        ("(foo) [bar]", ["(foo", ")", " [", "bar", "]"]),
        ("a  b", ["a", " ", " b"]),
        ("a \n \n  b", ["a", " \n \n", " ", " b"]),
        ("end!\r\n\r\nx", ["end", "!\r\n\r\n", "x"]),
        ("\tx\t\ty", ["\tx", "\t", "\ty"]),
        ("\n\nx", ["\n\n", "x"]),
        ("x  ", ["x", "  "]),
        ("e\u{301}a", ["e", "\u{301}a"]),
    ])
    func `Llama 3 takes a leader with letters and three digits at most`(text: String, expected: [String]) {
        #expect(words(text, Llama3Pattern.self) == expected)
    }

    @Test(arguments: [
        ("a123 45", ["a", "1", "2", "3", " ", "4", "5"]),
        ("I'LL go", ["I", "'LL", " go"]),
    ])
    func `Qwen2 takes digits one by one`(text: String, expected: [String]) {
        #expect(words(text, Qwen2Pattern.self) == expected)
    }

    @Test func `words of any text are the text, and none is empty`() {
        var random = SeededGenerator(seed: 71)
        let pool = Array("ab1٣ \n\r\t'sSlLé\u{301}强\u{3000}!-😀\u{17F}".unicodeScalars)
        for _ in 0..<300 {
            var text = String.UnicodeScalarView()
            for _ in 0..<12 { text.append(pool[Int(random.next() % UInt64(pool.count))]) }
            for pattern in WordPatterns.all {
                let words = words(String(text), pattern)
                #expect(words.flatMap { Array($0.utf8) } == Array(String(text).utf8))
                #expect(words.allSatisfy { !$0.isEmpty })
            }
        }
    }

    @Test(arguments: [
        ("a", ScalarClass.letter), ("\u{E9}", .letter), ("\u{2B0}", .letter), ("强", .letter), ("7", .number),
        ("Ⅷ", .number), ("½", .number), ("\r", .newline), ("\n", .newline), (" ", .space), ("\u{85}", .space),
        ("\u{2028}", .space), ("\u{B}", .space), ("\u{301}", .other), ("_", .other), ("\u{200B}", .other),
        ("\u{10FFFF}", .other),
    ])
    func `a scalar is of one class`(text: String, expected: ScalarClass) throws {
        #expect(ScalarClass(try #require(text.unicodeScalars.first)) == expected)
    }
}
