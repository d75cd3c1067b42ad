/// The tokens a `post_processor` puts around a text.
struct TokenTemplate {
    /// Tokens before the text: the beginning of a prompt.
    private(set) var before: [Int32] = []
    /// Tokens behind the text.
    private(set) var after: [Int32] = []

    /// - Throws: `damagedFile` for a processor this version does not have.
    init(_ root: JSONField, vocabularySize: Int) throws(ComputeError) {
        for field in try root.steps("post_processor", list: "processors") {
            switch try field.type() {
            case "ByteLevel": continue
            case "TemplateProcessing": try read(field, vocabularySize)
            case "BertProcessing", "RobertaProcessing":
                before.append(try Self.token(field.required("cls"), vocabularySize))
                after.append(try Self.token(field.required("sep"), vocabularySize))
            case let other:
                throw field.unsupported(
                    "is '\(other)'; known post-processors are ByteLevel, TemplateProcessing, BertProcessing, "
                        + "RobertaProcessing")
            }
        }
    }

    /// `["<s>", 0]`: a token's spelling and number.
    private static func token(_ field: JSONField, _ vocabularySize: Int) throws(ComputeError) -> Int32 {
        let parts = try field.elements()
        guard parts.count == 2 else { throw field.fault("is no pair of a text and a number") }
        return Int32(try parts[1].integer(below: vocabularySize))
    }

    private mutating func read(_ field: JSONField, _ vocabularySize: Int) throws(ComputeError) {
        var isBehind = false
        let single = try field.required("single")
        for part in try single.elements() {
            if part["Sequence"] != nil {
                guard !isBehind else { throw part.fault("is a second sequence") }
                isBehind = true
                continue
            }
            let name = try part.required("SpecialToken").required("id").string()
            let entry = try field.required("special_tokens").required(name).required("ids")
            for element in try entry.elements() {
                let token = Int32(try element.integer(below: vocabularySize))
                if isBehind { after.append(token) } else { before.append(token) }
            }
        }
        guard isBehind else { throw single.fault("has no sequence") }
    }
}
