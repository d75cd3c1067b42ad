/// How the spellings of tokens become text again: the `decoder` of a `tokenizer.json`.
struct TokenDecoder: Sendable {
    private let steps: [Step]

    fileprivate enum Step: Sendable {
        case replace(Replacement)
        /// `<0xE8>` is a byte; bytes that are no UTF-8 become one replacement character each.
        case byteFallback
        case fuse
        case strip([UInt8], start: Int, stop: Int)
        case metaspace(Metaspace)
        /// What ends a word's last token becomes a space, at the end of the text nothing.
        case wordEnd([UInt8])
    }

    /// Tokens are spelled with `ByteAlphabet`: each is its bytes, and the text is all of them in a row.
    let isByteLevel: Bool
    /// Without a decoder the tokens stand apart.
    private let isSpaced: Bool

    /// - Throws: `damagedFile` for a step this version does not have.
    init(_ root: JSONField) throws(ComputeError) {
        let fields = try root.steps("decoder", list: "decoders")
        isSpaced = root["decoder"] == nil
        if fields.count == 1, try fields[0].type() == "ByteLevel" {
            steps = []
            isByteLevel = true
            return
        }
        isByteLevel = false
        var steps: [Step] = []
        for field in fields { steps.append(try Self.step(field)) }
        self.steps = steps
    }

    private static func step(_ field: JSONField) throws(ComputeError) -> Step {
        switch try field.type() {
        case "Replace": return .replace(try Replacement(field))
        case "ByteFallback": return .byteFallback
        case "Fuse": return .fuse
        case "Strip":
            let content = try field.required("content").string()
            guard content.unicodeScalars.count == 1 else {
                throw field.fault("strips '\(content)', which is not a single character")
            }
            return .strip(
                Array(content.utf8), start: try field.required("start").integer(),
                stop: try field.required("stop").integer())
        case "Metaspace": return .metaspace(try Metaspace(field))
        case "BPEDecoder": return .wordEnd(Array(try field["suffix"]?.string().utf8 ?? "</w>".utf8))
        case let other:
            throw field.unsupported(
                "is '\(other)'; known decoders are ByteLevel alone, or Replace, ByteFallback, Fuse, Strip, Metaspace, "
                    + "BPEDecoder")
        }
    }

    /// The text that tokens with these spellings stand for, as bytes that may be no UTF-8.
    func decode(_ spellings: [ArraySlice<UInt8>], at place: TextPlace) -> [UInt8] {
        if isSpaced { return Array(spellings.joined(separator: [UInt8(ascii: " ")])) }
        var parts = spellings
        for step in steps { parts = step.apply(parts, at: place) }
        return Array(parts.joined())
    }
}

extension TokenDecoder.Step {
    fileprivate func apply(_ parts: [ArraySlice<UInt8>], at place: TextPlace) -> [ArraySlice<UInt8>] {
        switch self {
        case .replace(let replacement):
            // A pattern that gives up on one token's spelling has nothing to replace in it.
            return parts.map { (try? replacement.apply($0)) ?? $0 }
        case .byteFallback: return Self.joinedBytes(parts)
        case .fuse: return [Array(parts.joined())[...]]
        case .strip(let content, let start, let stop):
            // The space that a text's first word has is not put before an answer, so none is taken away either.
            let start = place == .beginning ? start : 0
            return parts.map { Self.stripped($0, of: content, start: start, stop: stop) }
        case .metaspace(let metaspace):
            return parts.enumerated().map { metaspace.decoded($1, isFirst: $0 == 0 && place == .beginning) }
        case .wordEnd(let suffix):
            return parts.enumerated().map { index, part in
                part.replacing(suffix, with: index == parts.count - 1 ? [] : [UInt8(ascii: " ")])
            }
        }
    }

    private static func joinedBytes(_ parts: [ArraySlice<UInt8>]) -> [ArraySlice<UInt8>] {
        var result: [ArraySlice<UInt8>] = [], pending: [UInt8] = []
        func flush() {
            if String(validating: pending, as: UTF8.self) != nil {
                result.append(pending[...])
            } else {
                result += repeatElement(Array("\u{FFFD}".utf8)[...], count: pending.count)
            }
            pending = []
        }
        for part in parts {
            if let byte = ByteFallback.byte(of: part) {
                pending.append(byte)
            } else {
                flush()
                result.append(part)
            }
        }
        flush()
        return result
    }

    private static func stripped(
        _ part: ArraySlice<UInt8>, of content: [UInt8], start: Int, stop: Int
    ) -> ArraySlice<UInt8> {
        var part = part
        var cuts = 0
        while cuts < start, part.starts(with: content) {
            part = part.dropFirst(content.count)
            cuts += 1
        }
        cuts = 0
        while cuts < stop, !part.isEmpty, part.suffix(content.count).elementsEqual(content) {
            part = part.dropLast(content.count)
            cuts += 1
        }
        return part
    }
}

/// The tokens that stand for single bytes in a vocabulary of characters: `<0x00>` to `<0xFF>`.
enum ByteFallback {
    /// How the token of a byte is spelled.
    static func spelling(of byte: UInt8) -> [UInt8] {
        let digits = String(byte, radix: 16, uppercase: true)
        return Array("<0x\(byte < 16 ? "0" : "")\(digits)>".utf8)
    }

    /// The byte a token stands for, nil for any other token.
    static func byte(of spelling: ArraySlice<UInt8>) -> UInt8? {
        guard spelling.count == 6, spelling.starts(with: Array("<0x".utf8)), spelling.last == UInt8(ascii: ">") else {
            return nil
        }
        return UInt8(String(decoding: spelling.dropFirst(3).dropLast(), as: UTF8.self), radix: 16)
    }
}
