internal import Protocol

/// The files of a model's folder that say what its tokenizer is.
struct TokenizerFolder {
    let path: String
    private let present: [String]

    private static let longestFile = 64 << 20

    init(_ path: String) {
        self.path = path
        present = FolderListing.names(in: path) ?? []
    }

    /// The document of the folder's tokenizer, made from older files where there is no `tokenizer.json`; nil where the folder
    /// has no tokenizer.
    /// - Throws: `damagedFile`, also for files that this program does not read, with the command that makes those it does.
    func document() throws(ComputeError) -> TokenizerDocument? {
        var found: [TokenizerFile] = []
        for name in ModelFileNames.tokenizerCompanions + present.filter({ $0.hasSuffix(ModelFileNames.ranksEnding) })
        where present.contains(name) {
            found.append(TokenizerFile(name: name, bytes: try bytes(of: name)))
        }
        guard let main = try mainFile(found) else { return nil }
        let config = ModelFileNames.configuration
        return try TokenizerDocument(
            path: path + "/" + TokenizerFile.mainName, bytes: main.bytes, made: main.made, companions: found,
            configuration: try present.contains(config) ? bytes(of: config) : nil)
    }

    private func bytes(of name: String) throws(ComputeError) -> [UInt8] {
        try ReadableFile.contents(of: path + "/" + name, limit: Self.longestFile)
    }

    /// `tokenizer.json`, with its content where it is made of older files.
    private func mainFile(_ found: [TokenizerFile]) throws(ComputeError) -> (bytes: [UInt8], made: JSONValue?)? {
        if present.contains(TokenizerFile.mainName) { return (try bytes(of: TokenizerFile.mainName), nil) }
        let files = OlderTokenizerFiles(folder: path, files: found)
        if let made = try files.document() { return (Array(made.compactText.utf8), made) }
        guard let odd = present.first(where: { $0 == "tokenizer.model" || $0 == "vocab.json" || $0 == "merges.txt" })
        else {
            return nil
        }
        throw ComputeError.damaged(
            path + "/" + odd, "it is not read without \(TokenizerFile.mainName)",
            hint: """
                Make that file: python -c "from transformers import AutoTokenizer as T; \
                T.from_pretrained('\(path)').save_pretrained('\(path)')"
                """)
    }
}
