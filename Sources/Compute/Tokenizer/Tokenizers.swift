import Protocol

/// A tokenizer that is read from a `tokenizer.json` of its model type.
package protocol TokenizerKind: Tokenizer {
    /// The `model.type` of its files.
    static var modelType: String { get }
    /// Reads a file of that type. Throws `damagedFile` naming the file and the key it cannot use.
    init(_ document: TokenizerDocument) throws(ComputeError)
}

/// The tokenizers a model's folder may hold. A new one is a file beside this and a line here.
package enum Tokenizers {
    package static let all: [any TokenizerKind.Type] = [
        BPETokenizer.self,
        CharacterTokenizer.self,
    ]

    private static let longestFile = 64 << 20
    private static let longestCompanion = 4 << 20
    private static let companions = [
        "tokenizer_config.json", "special_tokens_map.json", "generation_config.json", "chat_template.jinja",
    ]

    /// The tokenizer of a model's folder, ours or Hugging Face's; nil where the folder has no `tokenizer.json`.
    package static func load(folder: String) throws(ComputeError) -> (any Tokenizer)? {
        let path = folder + "/" + TokenizerFile.mainName
        let present = FolderListing.names(in: folder) ?? []
        guard present.contains(TokenizerFile.mainName) else { return nil }
        var found: [TokenizerFile] = []
        for name in companions where present.contains(name) {
            let bytes = try ReadableFile.contents(of: folder + "/" + name, limit: longestCompanion)
            found.append(TokenizerFile(name: name, bytes: bytes))
        }
        let config = "config.json"
        let configuration =
            try present.contains(config)
            ? ReadableFile.contents(of: folder + "/" + config, limit: longestCompanion) : nil
        return try read(
            TokenizerDocument(
                path: path, bytes: ReadableFile.contents(of: path, limit: longestFile), companions: found,
                configuration: configuration))
    }

    /// Reads a document with the tokenizer of its model type.
    package static func read(_ document: TokenizerDocument) throws(ComputeError) -> any Tokenizer {
        let type = try document.root.required("model").required("type")
        let name = try type.string()
        guard let kind = all.first(where: { $0.modelType == name }) else {
            let known = all.map { $0.modelType }.joined(separator: ", ")
            throw type.fault("is '\(name)'; known are \(known)")
        }
        return try kind.init(document)
    }
}
