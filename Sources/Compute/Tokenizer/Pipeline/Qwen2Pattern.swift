/// Qwen2's words: as Llama 3's, with every digit by itself.
enum Qwen2Pattern: WordPattern {
    static let expression =
        #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"#
        + #"|\s*[\r\n]+|\s+(?!\S)|\s+"#

    static func end(in text: ClassifiedText, from start: Int) -> Int {
        text.wordWithLeader(from: start, digits: 1)
    }
}
