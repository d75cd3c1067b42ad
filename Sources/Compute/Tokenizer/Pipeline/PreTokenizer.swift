/// How a text is cut into words, across whose borders no merge reaches: the `pre_tokenizer` of a `tokenizer.json`.
struct PreTokenizer: Sendable {
    private let steps: [Step]
    /// Words are bytes, spelled with `ByteAlphabet` in the vocabulary; else they are characters.
    let isByteLevel: Bool

    fileprivate enum Step: Sendable {
        case pattern(any WordPattern.Type)
        /// Numbers apart from the rest, each digit by itself or as runs.
        case digits(each: Bool)
        case prefixSpace
        case metaspace(Metaspace)
    }

    /// - Throws: `damagedFile` for a step or a pattern this version does not have.
    init(_ root: JSONField) throws(ComputeError) {
        var steps: [Step] = [], isByteLevel = false
        for field in try root.steps("pre_tokenizer", list: "pretokenizers") {
            guard !isByteLevel else { throw field.fault("stands behind ByteLevel, which must be the last") }
            switch try field.type() {
            case "ByteLevel":
                isByteLevel = true
                if try field.flag("add_prefix_space", absent: true) { steps.append(.prefixSpace) }
                if try field.flag("use_regex", absent: true) { steps.append(.pattern(GPT2Pattern.self)) }
            case "Split": steps.append(.pattern(try Self.split(field)))
            case "Digits": steps.append(.digits(each: try field.flag("individual_digits", absent: false)))
            case "Metaspace": steps.append(.metaspace(try Metaspace(field)))
            case let other:
                throw field.fault("is '\(other)'; known pre-tokenizers are ByteLevel, Split, Digits, Metaspace")
            }
        }
        self.steps = steps
        self.isByteLevel = isByteLevel
    }

    private static func split(_ field: JSONField) throws(ComputeError) -> any WordPattern.Type {
        let behavior = try field.required("behavior")
        guard try behavior.string() == "Isolated" else { throw behavior.fault("is not 'Isolated'") }
        guard try !field.flag("invert", absent: false) else { throw field.fault("has 'invert'") }
        return try WordPatterns.find(field.required("pattern").required("Regex"))
    }

    /// The words of a piece in order; none is empty.
    func words(of piece: Piece) -> [Piece] {
        var pieces = [piece]
        for step in steps {
            var cut: [Piece] = []
            for piece in pieces where !piece.bytes.isEmpty { step.cut(piece, into: &cut) }
            pieces = cut
        }
        return pieces.filter { !$0.bytes.isEmpty }
    }
}

extension PreTokenizer.Step {
    fileprivate func cut(_ piece: Piece, into pieces: inout [Piece]) {
        switch self {
        case .pattern(let pattern):
            let text = ClassifiedText(piece.bytes)
            piece.cut(into: &pieces) { pattern.end(in: text, from: $0) }
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
        case .prefixSpace:
            let isSpaced = piece.bytes.first == UInt8(ascii: " ")
            pieces.append(
                isSpaced ? piece : Piece(bytes: [UInt8(ascii: " ")] + piece.bytes, startsText: piece.startsText))
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
            pieces.append(Piece(bytes: bytes[start..<next], startsText: startsText && start == bytes.startIndex))
            start = next
        }
    }
}
