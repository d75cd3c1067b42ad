/// What pre-tokenizer patterns tell apart.
enum ScalarClass: UInt8 {
    /// `\p{L}`
    case letter
    /// `\p{N}`
    case number
    /// Carriage return and line feed.
    case newline
    /// `\s` without those.
    case space
    /// Everything else: punctuation, symbols, marks, control characters.
    case other

    init(_ scalar: Unicode.Scalar) {
        if scalar.value < 0x80 {
            self = Self.ascii[Int(scalar.value)]
        } else {
            self.init(slowly: scalar)
        }
    }

    private init(slowly scalar: Unicode.Scalar) {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: self = .letter
        case .decimalNumber, .letterNumber, .otherNumber: self = .number
        default:
            if scalar == "\r" || scalar == "\n" {
                self = .newline
            } else {
                self = scalar.properties.isWhitespace ? .space : .other
            }
        }
    }

    var isWhitespace: Bool { self == .space || self == .newline }

    private static let ascii: [ScalarClass] = (UInt8(0)..<0x80).map { ScalarClass(slowly: Unicode.Scalar($0)) }
}

extension Unicode.Scalar {
    /// `\w` of the patterns around added tokens.
    var isWordCharacter: Bool {
        switch properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .connectorPunctuation: true
        default: properties.isAlphabetic || properties.isJoinControl
        }
    }

    /// The scalar as an error shows it: quoted when it can be seen, always with its code point.
    var shown: String {
        let hex = String(value, radix: 16, uppercase: true)
        let code = "U+" + String(repeating: "0", count: max(0, 4 - hex.count)) + hex
        return properties.generalCategory == .control ? code : "'\(Character(self))' (\(code))"
    }
}
