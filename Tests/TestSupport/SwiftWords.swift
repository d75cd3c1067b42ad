/// The words of Swift code: identifiers outside comments and texts, for tests about who speaks of whom.
///
/// It knows no grammar. A word behind a dot is left out: it is a member of what stands before.
package struct SwiftWords {
    /// Types declared at the outermost level, but for private ones.
    package private(set) var declared: Set<String> = []
    /// Types declared at any level.
    package private(set) var own: Set<String> = []
    /// Words with a capital first letter that are no members of another.
    package private(set) var mentioned: Set<String> = []

    private static let kinds: Set<String> = [
        "struct", "enum", "class", "actor", "protocol", "typealias", "associatedtype",
    ]
    private static let hidden: Set<String> = ["private", "fileprivate"]

    package init(_ lines: [String]) {
        var isInText = false
        for line in lines {
            let words = Self.words(of: line, &isInText)
            for (index, word) in words.enumerated() where Self.kinds.contains(word.text) {
                guard index + 1 < words.count, Self.isType(words[index + 1].text) else { continue }
                own.insert(words[index + 1].text)
                let isOutermost = line.first != " "
                if isOutermost, !words[..<index].contains(where: { Self.hidden.contains($0.text) }) {
                    declared.insert(words[index + 1].text)
                }
            }
            for word in words where !word.isMember && Self.isType(word.text) { mentioned.insert(word.text) }
        }
    }

    private static func isType(_ word: String) -> Bool { word.first?.isUppercase == true }

    private struct Word {
        let text: String
        let isMember: Bool
    }

    /// - Parameter isInText: whether the line begins, and the next one will begin, inside a text of several lines.
    private static func words(of line: String, _ isInText: inout Bool) -> [Word] {
        let bytes = Array(line.utf8)
        var words: [Word] = [], at = 0, isInLineText = false
        while at < bytes.count {
            let byte = bytes[at]
            if bytes[at...].starts(with: "\"\"\"".utf8) {
                isInText.toggle()
                at += 3
            } else if isInText {
                at += 1
            } else if isInLineText, byte == UInt8(ascii: "\\") {
                at += 2
            } else if byte == UInt8(ascii: "\"") {
                isInLineText.toggle()
                at += 1
            } else if isInLineText {
                at += 1
            } else if bytes[at...].starts(with: "//".utf8) {
                break
            } else if isLetter(byte) {
                let end = bytes[at...].firstIndex { !isLetter($0) && !isDigit($0) } ?? bytes.count
                let text = String(decoding: bytes[at..<end], as: UTF8.self)
                words.append(Word(text: text, isMember: at > 0 && bytes[at - 1] == UInt8(ascii: ".")))
                at = end
            } else {
                at += 1
            }
        }
        return words
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
            || byte == UInt8(ascii: "_")
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}
