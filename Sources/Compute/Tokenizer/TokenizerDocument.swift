/// The files that describe one tokenizer, read but not yet understood.
package struct TokenizerDocument {
    /// Where `tokenizer.json` lies; named in errors.
    package let path: String
    /// `tokenizer.json` as it was read, so that it can be saved byte for byte.
    package let bytes: [UInt8]
    /// The content of `tokenizer.json`.
    let root: JSONField
    /// Other files of the folder that say something about the tokenizer; saved as they were.
    let companions: [TokenizerFile]
    /// How the files spell the tokens that end an answer.
    let endNames: [String]
    /// The numbers the files give for the tokens that end an answer.
    let endTokens: [Int]
    /// What the tokenizer's configuration says of the beginning of a prompt.
    let beginning: Beginning

    /// Where `tokenizer_config.json` has `add_bos_token` or `add_eos_token`, it counts for more than the post-processor, as in
    /// `transformers`.
    enum Beginning: Equatable {
        /// Nothing: it is as the post-processor says.
        case asTemplate
        case nothing
        case token(named: String)
    }

    /// - Parameters:
    ///   - made: what `bytes` hold, where they were made here and need not be read again.
    ///   - configuration: the model's `config.json`, which may name end-of-sequence tokens.
    package init(
        path: String, bytes: [UInt8], made: JSONValue? = nil, companions: [TokenizerFile] = [],
        configuration: [UInt8]? = nil
    ) throws(ComputeError) {
        self.path = path
        self.bytes = bytes
        self.companions = companions
        if let made {
            root = JSONField(made, key: "", file: path)
        } else {
            root = try JSONField(parsing: bytes, file: path)
        }
        guard root.value.asMembers != nil else { throw ComputeError.damaged(path, "is no JSON object") }
        var names: [String] = [], tokens: [Int] = [], beginning = Beginning.asTemplate
        for file in companions {
            let place = path.dropLast(TokenizerFile.mainName.count) + file.name
            switch file.name {
            case "tokenizer_config.json":
                let settings = try JSONField(parsing: file.bytes, file: String(place))
                if let name = try Self.name("eos_token", in: settings) { names.append(name) }
                beginning = try Self.beginning(in: settings)
            case "generation_config.json":
                tokens += try Self.endTokens(in: JSONField(parsing: file.bytes, file: String(place)))
            default: break
            }
        }
        if let configuration {
            let place = path.dropLast(TokenizerFile.mainName.count) + "config.json"
            tokens += try Self.endTokens(in: JSONField(parsing: configuration, file: String(place)))
        }
        endNames = names
        endTokens = tokens
        self.beginning = beginning
    }

    /// All files, to be saved again.
    var files: [TokenizerFile] { [TokenizerFile(name: TokenizerFile.mainName, bytes: bytes)] + companions }

    /// A special token is a text, or an object that has it as `content`.
    private static func name(_ key: String, in root: JSONField) throws(ComputeError) -> String? {
        guard let entry = root[key] else { return nil }
        if let name = entry.value.asString { return name }
        return try entry.required("content").string()
    }

    private static func beginning(in root: JSONField) throws(ComputeError) -> Beginning {
        guard root["add_bos_token"] != nil || root["add_eos_token"] != nil else { return .asTemplate }
        guard try root.flag("add_bos_token", absent: false) else { return .nothing }
        return try name("bos_token", in: root).map { .token(named: $0) } ?? .nothing
    }

    /// `eos_token_id` is a number or a list of numbers.
    private static func endTokens(in root: JSONField) throws(ComputeError) -> [Int] {
        guard let entry = root["eos_token_id"] else { return [] }
        if let only = entry.value.asInt { return [only] }
        var tokens: [Int] = []
        for element in try entry.elements() { tokens.append(try element.integer()) }
        return tokens
    }
}
