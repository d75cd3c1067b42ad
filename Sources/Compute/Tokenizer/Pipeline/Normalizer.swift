/// What happens to a text before it is cut into words: the `normalizer` of a `tokenizer.json`.
struct Normalizer {
    private let steps: [Step]

    fileprivate enum Step {
        case form(UnicodeForm)
        /// Every character by itself: no rule that looks at its neighbours.
        case lowercase
        /// Leaves out marks.
        case stripAccents
        /// Leaves out white space at the ends of every piece.
        case strip(left: Bool, right: Bool)
        /// Puts a text before every piece that is not empty.
        case prepend([UInt8])
        case replace(Replacement)
    }

    /// - Throws: `damagedFile` for a step this version does not have.
    init(_ root: JSONField) throws(ComputeError) {
        var steps: [Step] = []
        for field in try root.steps("normalizer", list: "normalizers") { steps.append(try Self.step(field)) }
        self.steps = steps
    }

    private static func step(_ field: JSONField) throws(ComputeError) -> Step {
        let type = try field.type()
        if let form = UnicodeForm(rawValue: type) { return .form(form) }
        switch type {
        case "Lowercase": return .lowercase
        case "StripAccents": return .stripAccents
        case "Strip":
            return .strip(
                left: try field.flag("strip_left", absent: true), right: try field.flag("strip_right", absent: true))
        case "Prepend": return .prepend(Array(try field.required("prepend").string().utf8))
        case "Replace": return .replace(try Replacement(field))
        case let other:
            throw field.unsupported(
                "is '\(other)'; known normalizers are NFC, NFD, NFKC, NFKD, Lowercase, StripAccents, Strip, Prepend, Replace"
            )
        }
    }

    /// The normalised form of a piece of text.
    func apply(_ piece: Piece) throws(RegularExpression.Exhausted) -> ArraySlice<UInt8> {
        var text = piece.bytes
        for step in steps { text = try step.apply(text, at: piece.place) }
        return text
    }
}

extension Normalizer.Step {
    fileprivate func apply(
        _ text: ArraySlice<UInt8>, at place: Piece.Place
    ) throws(RegularExpression.Exhausted) -> ArraySlice<UInt8> {
        switch self {
        case .form(let form): form.apply(text)
        case .lowercase: text.mappingScalars { $0.properties.lowercaseMapping.utf8 }
        case .stripAccents:
            text.mappingScalars { scalar in
                switch scalar.properties.generalCategory {
                case .nonspacingMark, .spacingMark, .enclosingMark: "".utf8
                default: String(Character(scalar)).utf8
                }
            }
        // What stands before an answer is the prompt's, so the space between belongs to the text.
        case .strip(let left, let right): text.trimmed(left: left && place != .continuation, right: right)
        case .prepend(let prefix): text.isEmpty || place == .continuation ? text : (prefix + text)[...]
        case .replace(let replacement): try replacement.apply(text)
        }
    }
}

extension ArraySlice<UInt8> {
    /// A text with something in the place of every scalar.
    fileprivate func mappingScalars(_ map: (Unicode.Scalar) -> String.UTF8View) -> ArraySlice<UInt8> {
        var mapped: [UInt8] = []
        mapped.reserveCapacity(count)
        var index = startIndex
        while index < endIndex {
            let (scalar, end) = scalar(at: index)
            mapped += map(scalar)
            index = end
        }
        return mapped[...]
    }

    fileprivate func trimmed(left: Bool, right: Bool) -> ArraySlice<UInt8> {
        var rest = self
        while left, !rest.isEmpty, case let (scalar, end) = rest.scalar(at: rest.startIndex),
            scalar.properties.isWhitespace
        { rest = rest[end...] }
        while right, !rest.isEmpty, case let start = rest.scalarStart(before: rest.endIndex),
            rest.scalar(at: start).scalar.properties.isWhitespace
        { rest = rest[..<start] }
        return rest
    }
}

/// The step `Replace` of a normalizer or a decoder: every match of a pattern becomes the same text.
struct Replacement: Sendable {
    private enum Pattern {
        case text([UInt8])
        case expression(RegularExpression)
    }

    private let pattern: Pattern
    private let content: [UInt8]

    init(_ field: JSONField) throws(ComputeError) {
        let pattern = try field.required("pattern")
        content = Array(try field.required("content").string().utf8)
        if let literal = pattern["String"] {
            let text = try literal.string()
            guard !text.isEmpty else { throw field.fault("replaces an empty text") }
            self.pattern = .text(Array(text.utf8))
        } else {
            self.pattern = .expression(try RegularExpression(pattern))
        }
    }

    func apply(_ text: ArraySlice<UInt8>) throws(RegularExpression.Exhausted) -> ArraySlice<UInt8> {
        switch pattern {
        case .text(let pattern): return text.replacing(pattern, with: content)
        case .expression(let expression):
            let matches = try expression.matches(in: text)
            guard !matches.isEmpty else { return text }
            var result: [UInt8] = []
            for segment in SplitRule.segments(matches, of: text) {
                result += segment.isMatch ? content[...] : text[segment.range]
            }
            return result[...]
        }
    }
}
