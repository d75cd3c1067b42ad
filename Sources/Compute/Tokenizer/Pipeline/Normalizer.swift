/// What happens to a text before it is cut into words: the `normalizer` of a `tokenizer.json`.
struct Normalizer {
    private let steps: [Step]

    private enum Step {
        /// Canonical composition.
        case nfc
        /// Puts a text before every piece that is not empty.
        case prepend([UInt8])
        /// Replaces every occurrence of a text.
        case replace([UInt8], with: [UInt8])
    }

    /// - Throws: `damagedFile` for a step this version does not have.
    init(_ root: JSONField) throws(ComputeError) {
        var steps: [Step] = []
        for field in try root.steps("normalizer", list: "normalizers") { steps.append(try Self.step(field)) }
        self.steps = steps
    }

    private static func step(_ field: JSONField) throws(ComputeError) -> Step {
        switch try field.type() {
        case "NFC": return .nfc
        case "Prepend": return .prepend(Array(try field.required("prepend").string().utf8))
        case "Replace":
            let pattern = try field.required("pattern").required("String").string()
            guard !pattern.isEmpty else { throw field.fault("replaces an empty text") }
            return .replace(Array(pattern.utf8), with: Array(try field.required("content").string().utf8))
        case let other: throw field.fault("is '\(other)'; known normalizers are NFC, Prepend, Replace")
        }
    }

    /// The normalised form of a piece of text.
    func apply(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var text = text
        for step in steps {
            switch step {
            case .nfc: text = CanonicalComposition.compose(text)
            case .prepend(let prefix): text = text.isEmpty ? text : (prefix + text)[...]
            case .replace(let pattern, let replacement): text = text.replacing(pattern, with: replacement)
            }
        }
        return text
    }
}
