/// How a text is cut into words, across whose borders no merge reaches: the `pre_tokenizer` of a `tokenizer.json`.
struct PreTokenizer: Sendable {
    private let steps: [Step]
    /// Words are bytes, spelled with `ByteAlphabet` in the vocabulary; else they are characters.
    let isByteLevel: Bool

    fileprivate enum Step: Sendable {
        /// A pattern that a scanner is written for.
        case scanner(any WordPattern.Type)
        case split(PatternSplit)
        /// Single characters of a kind.
        case characters(CharacterKind, SplitRule)
        /// Numbers apart from the rest, each digit by itself or as runs.
        case digits(each: Bool)
        /// Runs of letters and digits, and runs of what is neither that nor white space.
        case wordRuns
        case prefixSpace
        case metaspace(Metaspace)
    }

    /// - Throws: `damagedFile` for a step this version does not have.
    init(_ root: JSONField) throws(ComputeError) {
        var steps: [Step] = [], isByteLevel = false
        for field in try root.steps("pre_tokenizer", list: "pretokenizers") {
            guard !isByteLevel else { throw field.fault("stands behind ByteLevel, which must be the last") }
            if try field.type() == "ByteLevel" {
                isByteLevel = true
                if try field.flag("add_prefix_space", absent: true) { steps.append(.prefixSpace) }
                if try field.flag("use_regex", absent: true) { steps.append(.scanner(GPT2Pattern.self)) }
            } else {
                steps += try Self.steps(field)
            }
        }
        self.steps = steps
        self.isByteLevel = isByteLevel
    }

    private static func steps(_ field: JSONField) throws(ComputeError) -> [Step] {
        switch try field.type() {
        case "Split":
            let split = try PatternSplit(field)
            return [split.scanner.map { .scanner($0) } ?? .split(split)]
        case "Digits": return [.digits(each: try field.flag("individual_digits", absent: false))]
        case "Metaspace": return [.metaspace(try Metaspace(field))]
        case "Punctuation": return [.characters(.punctuation, try SplitRule(field, absent: .isolated))]
        case "Whitespace": return [.wordRuns]
        case "WhitespaceSplit": return [.characters(.whitespace, .removed)]
        case "BertPreTokenizer": return [.characters(.whitespace, .removed), .characters(.punctuation, .isolated)]
        case "CharDelimiterSplit":
            let delimiter = try field.required("delimiter")
            let text = try delimiter.string()
            guard let scalar = text.unicodeScalars.first, text.unicodeScalars.count == 1 else {
                throw delimiter.fault("is not a single character")
            }
            return [.characters(.scalar(scalar), .removed)]
        case let other:
            throw field.unsupported(
                "is '\(other)'; known pre-tokenizers are ByteLevel, Split, Digits, Metaspace, Punctuation, Whitespace, "
                    + "WhitespaceSplit, BertPreTokenizer, CharDelimiterSplit")
        }
    }

    /// The words of a piece in order; none is empty.
    func words(of piece: Piece) throws(RegularExpression.Exhausted) -> [Piece] {
        var pieces = [piece]
        for step in steps {
            var cut: [Piece] = []
            for piece in pieces where !piece.bytes.isEmpty { try step.cut(piece, into: &cut) }
            pieces = cut
        }
        return pieces.filter { !$0.bytes.isEmpty }
    }
}

extension PreTokenizer.Step {
    fileprivate func cut(_ piece: Piece, into pieces: inout [Piece]) throws(RegularExpression.Exhausted) {
        switch self {
        case .scanner(let pattern):
            let text = ClassifiedText(piece.bytes)
            piece.cut(into: &pieces) { pattern.end(in: text, from: $0) }
        case .split(let split): pieces += try split.parts(of: piece.bytes).map(piece.part)
        case .characters(let kind, let rule):
            let matches = SplitRule.segments(kind.places(in: piece.bytes), of: piece.bytes)
            pieces += rule.apply(matches).map(piece.part)
        case .digits(let each):
            let text = ClassifiedText(piece.bytes)
            piece.cut(into: &pieces) { start in
                guard text[start] != .number else {
                    return each ? text.next(start) : text.run(of: .number, from: start)
                }
                var end = start
                while let kind = text[end], kind != .number { end += 1 }
                return end
            }
        case .wordRuns: pieces += WordRuns.find(in: piece.bytes).map(piece.part)
        case .prefixSpace:
            let isSpaced = piece.place == .continuation || piece.bytes.first == UInt8(ascii: " ")
            pieces.append(isSpaced ? piece : piece.with([UInt8(ascii: " ")] + piece.bytes))
        case .metaspace(let metaspace): metaspace.cut(piece, into: &pieces)
        }
    }
}

extension Piece {
    /// Appends the parts of the piece; `end` says where the part that begins at an index ends.
    func cut(into pieces: inout [Piece], end: (Int) -> Int) {
        var start = bytes.startIndex
        while start < bytes.endIndex {
            let next = end(start)
            pieces.append(part(start..<next))
            start = next
        }
    }
}
