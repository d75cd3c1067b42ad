/// Llama 3's words: as Qwen2's, with up to three digits together.
enum Llama3Pattern: WordPattern {
    static let expression =
        #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"#
        + #"|\s*[\r\n]+|\s+(?!\S)|\s+"#

    static func end(in text: ClassifiedText, from start: Int) -> Int {
        text.wordWithLeader(from: start, digits: 3)
    }
}

extension ClassifiedText {
    /// A contraction in either case, letters behind any one character but a line end or digit, at most `digits` digits,
    /// other characters with a space before and line ends behind, white space through its last line end, white space.
    func wordWithLeader(from start: Int, digits: Int) -> Int {
        if let end = contraction(from: start, .ignored) { return end }
        switch self[start] {
        case .letter: return run(of: .letter, from: start)
        case .number:
            var end = start
            for _ in 0..<digits where self[end] == .number { end = next(end) }
            return end
        case .other, .space:
            let after = next(start)
            if self[after] == .letter { return run(of: .letter, from: after) }
        case .newline, nil: break
        }
        let first = byte(start) == UInt8(ascii: " ") ? start + 1 : start
        if self[first] == .other { return run(of: .newline, from: run(of: .other, from: first)) }
        let end = whitespace(from: start)
        if let line = (start..<end).last(where: { self[$0] == .newline }) { return line + 1 }
        return separator(from: start)
    }
}
