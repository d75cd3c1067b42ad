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

    /// The tokenizer of a model's folder, ours or Hugging Face's; nil where the folder has none.
    /// - Throws: `damagedFile` for one that this program cannot read, and for one with no token that ends an answer: it would
    ///   train answers that never end, and wait for the end of every one that it writes.
    package static func load(folder: String) throws(ComputeError) -> (any Tokenizer)? {
        guard let document = try TokenizerFolder(folder).document() else { return nil }
        let tokenizer = try read(document)
        if tokenizer.specialTokens.ends.isEmpty {
            throw ComputeError.damaged(
                document.path, "no token of it ends an answer",
                hint: "Name one: \"eos_token\" in tokenizer_config.json, or \"eos_token_id\" in generation_config.json."
            )
        }
        return tokenizer
    }

    /// Reads a document with the tokenizer of its model type.
    package static func read(_ document: TokenizerDocument) throws(ComputeError) -> any Tokenizer {
        let model = try document.root.required("model")
        // Files of 2020, the published GPT-2's among them, name no type; a vocabulary with merges is of one kind only.
        let isUnnamed = model["type"] == nil && model["vocab"] != nil && model["merges"] != nil
        if isUnnamed { return try BPETokenizer(document) }
        let type = try model.required("type")
        let name = try type.string()
        guard let kind = all.first(where: { $0.modelType == name }) else {
            let known = all.map { $0.modelType }.joined(separator: ", ")
            throw type.unsupported("is '\(name)'; known are \(known)")
        }
        return try kind.init(document)
    }
}
