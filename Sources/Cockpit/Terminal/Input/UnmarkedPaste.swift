/// Tells text that a terminal pasted without marks from keys: no hand types so much between two reads.
///
/// As keys such a text would walk through the screens and do what its letters stand for.
enum UnmarkedPaste {
    /// Characters of one read that are no typing any more. A key that is held down may send as many, but of one kind.
    private static let leastCharacters = 8
    private static let leastKinds = 4

    /// What one read gave, as one paste where it is one.
    static func merged(_ outputs: [KeyDecoder.Output]) -> [KeyDecoder.Output] {
        var text = ""
        for output in outputs {
            guard case .event(.key(let stroke)) = output, stroke.modifiers.isEmpty else { return outputs }
            switch stroke.key {
            case .character(let character): text.append(character)
            case .enter: text.append("\n")
            case .tab: text.append("\t")
            default: return outputs
            }
        }
        let letters = text.filter { !$0.isNewline && $0 != "\t" }
        guard letters.count >= leastCharacters, Set(letters).count >= leastKinds else { return outputs }
        return [.event(.paste(text))]
    }
}
