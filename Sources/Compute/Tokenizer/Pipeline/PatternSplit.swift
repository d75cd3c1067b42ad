/// The pre-tokenizer `Split`: a pattern, and what becomes of its matches.
struct PatternSplit: Sendable {
    /// A scanner that gives the same parts, where the pattern is a known one.
    let scanner: (any WordPattern.Type)?
    private let expression: RegularExpression
    private let rule: SplitRule
    private let isInverted: Bool

    init(_ field: JSONField) throws(ComputeError) {
        let pattern = try field.required("pattern")
        let isInverted = try field.flag("invert", absent: false)
        let rule = try SplitRule(field)
        expression = try RegularExpression(pattern)
        self.rule = rule
        self.isInverted = isInverted
        // The known patterns match something at every place: nothing lies between two matches.
        let keepsMatches = rule == .isolated || rule == .removed && isInverted
        scanner = keepsMatches ? pattern["Regex"].flatMap(Self.scanner) : nil
    }

    private static func scanner(_ field: JSONField) -> (any WordPattern.Type)? {
        WordPatterns.all.first { $0.expression == field.value.asString }
    }

    /// The parts of a text in order.
    func parts(of text: ArraySlice<UInt8>) throws(RegularExpression.Exhausted) -> [Range<Int>] {
        rule.apply(SplitRule.segments(try expression.matches(in: text), of: text, inverted: isInverted))
    }
}

/// Characters that a pre-tokenizer cuts at.
enum CharacterKind: Sendable {
    case whitespace
    /// Of ASCII what is neither letter, digit nor space, symbols included; of the rest what Unicode calls punctuation.
    case punctuation
    case scalar(Unicode.Scalar)

    /// Where such characters stand.
    func places(in text: ArraySlice<UInt8>) -> [Range<Int>] {
        var places: [Range<Int>] = [], index = text.startIndex
        while index < text.endIndex {
            let (scalar, end) = text.scalar(at: index)
            if contains(scalar) { places.append(index..<end) }
            index = end
        }
        return places
    }

    private func contains(_ scalar: Unicode.Scalar) -> Bool {
        switch self {
        case .whitespace: return scalar.properties.isWhitespace
        case .scalar(let only): return scalar == only
        case .punctuation:
            switch scalar.value {
            case 0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E: return true
            default: break
            }
            switch scalar.properties.generalCategory {
            case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
                .finalPunctuation, .otherPunctuation:
                return true
            default: return false
            }
        }
    }
}

/// The words of the pre-tokenizer `Whitespace`, which is the pattern `\w+|[^\w\s]+` with what lies between left out.
enum WordRuns {
    private enum Kind {
        case word
        case other
        case space

        init(_ scalar: Unicode.Scalar) {
            self = scalar.isWordCharacter ? .word : scalar.properties.isWhitespace ? .space : .other
        }
    }

    static func find(in text: ArraySlice<UInt8>) -> [Range<Int>] {
        var runs: [Range<Int>] = [], last = Kind.space, index = text.startIndex
        while index < text.endIndex {
            let (scalar, end) = text.scalar(at: index)
            let kind = Kind(scalar)
            if kind != .space {
                if kind == last, let run = runs.last {
                    runs[runs.count - 1] = run.lowerBound..<end
                } else {
                    runs.append(index..<end)
                }
            }
            last = kind
            index = end
        }
        return runs
    }
}
