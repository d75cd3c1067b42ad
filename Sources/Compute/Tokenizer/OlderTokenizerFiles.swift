/// Tokenizers of folders from before `tokenizer.json`: GPT-2's `vocab.json` with `merges.txt`, and tiktoken's `*.tiktoken`.
///
/// What they leave unsaid, the pattern and the special tokens, is their class's, which `tokenizer_config.json` or
/// `config.json` names; the result is the `tokenizer.json` that `transformers` makes of them.
struct OlderTokenizerFiles {
    private let folder: String
    private let files: [TokenizerFile]

    init(folder: String, files: [TokenizerFile]) {
        self.folder = folder
        self.files = files
    }

    private func field(_ name: String) throws(ComputeError) -> JSONField? {
        guard let file = file(name) else { return nil }
        return try JSONField(parsing: file.bytes, file: folder + "/" + name)
    }

    private func file(_ name: String) -> TokenizerFile? { files.first { $0.name == name } }

    /// The document; nil where the folder has neither kind.
    /// - Throws: `damagedFile` naming the file and line.
    func document() throws(ComputeError) -> JSONValue? {
        let settings = try field("tokenizer_config.json")
        if let vocab = try field("vocab.json"), let merges = file("merges.txt") {
            guard let members = vocab.value.asMembers else { throw vocab.fault("is no object") }
            let words = ByteAlphabetWords(isQwen: isQwen(settings))
            return words.document(
                vocabulary: members, merges: try pairs(merges), ignoresMerges: false,
                added: try addedTokens(settings, among: members, words.defaultSpecial),
                addsPrefixSpace: try settings?.flag("add_prefix_space", absent: false) ?? false)
        }
        let tables = files.filter { $0.name.hasSuffix(".tiktoken") }
        guard let ranks = tables.first else { return nil }
        guard tables.count == 1 else {
            throw ComputeError.damaged(
                folder + "/" + ranks.name, "\(tables[1].name) lies beside it, and only one can be the model's",
                hint: "Leave the model's own file alone in the folder.")
        }
        let table = try TiktokenRanks(ranks, path: folder + "/" + ranks.name)
        let words = ByteAlphabetWords(isQwen: true)
        let count = table.vocabulary.count
        let named = try addedTokens(settings, among: table.vocabulary, [])
        let special = named.isEmpty ? Self.qwenSpecial.enumerated().map { Self.entry($1, $0 + count) } : named
        return words.document(
            vocabulary: table.vocabulary, merges: table.merges, ignoresMerges: true, added: special,
            addsPrefixSpace: false)
    }

    private func isQwen(_ settings: JSONField?) -> Bool {
        settings?["tokenizer_class"]?.value.asString?.hasPrefix("Qwen") == true
    }

    /// Qwen's first tokenizer keeps its special tokens in code.
    private static let qwenSpecial =
        ["<|endoftext|>", "<|im_start|>", "<|im_end|>"] + (0..<205).map { "<|extra_\($0)|>" }

    private func pairs(_ file: TokenizerFile) throws(ComputeError) -> [JSONValue] {
        var pairs: [JSONValue] = []
        for (number, line) in file.bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
            let text = line.last == 0x0D ? line.dropLast() : line
            if text.isEmpty || number == 0 && text.starts(with: Array("#version".utf8)) { continue }
            let parts = text.split(separator: 0x20, omittingEmptySubsequences: false)
            guard parts.count == 2 else {
                throw ComputeError.damaged(folder + "/" + file.name, "line \(number + 1) is no pair of tokens")
            }
            pairs.append(.array(parts.map { .string(String(decoding: $0, as: UTF8.self)) }))
        }
        return pairs
    }

    /// Those of `added_tokens_decoder`, of `added_tokens.json`, and the special ones that the vocabulary has.
    private func addedTokens(
        _ settings: JSONField?, among vocabulary: [JSONMember], _ usual: [String]
    ) throws(ComputeError) -> [JSONValue] {
        var found: [Int: JSONValue] = [:]
        for member in settings?["added_tokens_decoder"]?.value.asMembers ?? [] {
            guard let id = Int(member.name), case .object(let members) = member.value else { continue }
            found[id] = .object([JSONMember("id", .integer(id))] + members)
        }
        for member in try field("added_tokens.json")?.value.asMembers ?? [] {
            if let id = member.value.asInt, found[id] == nil { found[id] = Self.entry(member.name, id) }
        }
        let map = try field("special_tokens_map.json")
        let names =
            usual
            + ["bos_token", "eos_token", "unk_token", "pad_token"].flatMap { key in
                [settings?[key], map?[key]].compactMap { $0?.value.asString ?? $0?["content"]?.value.asString }
            }
        var ids: [String: Int] = [:]
        for member in vocabulary where names.contains(member.name) { ids[member.name] = member.value.asInt }
        for name in names {
            if let id = ids[name], found[id] == nil { found[id] = Self.entry(name, id) }
        }
        return found.sorted { $0.key < $1.key }.map(\.value)
    }

    private static func entry(_ content: String, _ id: Int) -> JSONValue {
        .object([
            JSONMember("id", .integer(id)), JSONMember("content", .string(content)),
            JSONMember("single_word", .bool(false)), JSONMember("lstrip", .bool(false)),
            JSONMember("rstrip", .bool(false)), JSONMember("normalized", .bool(false)),
            JSONMember("special", .bool(true)),
        ])
    }
}

/// How byte-level classes cut their words: GPT-2's way, or Qwen's.
private struct ByteAlphabetWords {
    let isQwen: Bool

    /// What the class's special tokens are where no file says so.
    var defaultSpecial: [String] { ["<|endoftext|>"] }

    func document(
        vocabulary: [JSONMember], merges: [JSONValue], ignoresMerges: Bool, added: [JSONValue], addsPrefixSpace: Bool
    ) -> JSONValue {
        func byteLevel(_ prefix: Bool, _ regex: Bool) -> JSONValue {
            .object([
                JSONMember("type", .string("ByteLevel")), JSONMember("add_prefix_space", .bool(prefix)),
                JSONMember("trim_offsets", .bool(true)), JSONMember("use_regex", .bool(regex)),
            ])
        }
        let split = JSONValue.object([
            JSONMember("type", .string("Split")),
            JSONMember("pattern", .object([JSONMember("Regex", .string(Qwen2Pattern.expression))])),
            JSONMember("behavior", .string("Isolated")), JSONMember("invert", .bool(false)),
        ])
        let sequence = JSONValue.object([
            JSONMember("type", .string("Sequence")),
            JSONMember("pretokenizers", .array([split, byteLevel(addsPrefixSpace, false)])),
        ])
        return .object([
            JSONMember("version", .string("1.0")), JSONMember("truncation", .null), JSONMember("padding", .null),
            JSONMember("added_tokens", .array(added)),
            JSONMember("normalizer", isQwen ? .object([JSONMember("type", .string("NFC"))]) : .null),
            JSONMember("pre_tokenizer", isQwen ? sequence : byteLevel(addsPrefixSpace, true)),
            JSONMember("post_processor", byteLevel(true, true)),
            JSONMember("decoder", byteLevel(true, true)),
            JSONMember(
                "model",
                .object([
                    JSONMember("type", .string(BPETokenizer.modelType)), JSONMember("dropout", .null),
                    JSONMember("unk_token", .null), JSONMember("continuing_subword_prefix", .null),
                    JSONMember("end_of_word_suffix", .null), JSONMember("fuse_unk", .bool(false)),
                    JSONMember("byte_fallback", .bool(false)), JSONMember("ignore_merges", .bool(ignoresMerges)),
                    JSONMember("vocab", .object(vocabulary)), JSONMember("merges", .array(merges)),
                ])),
        ])
    }
}
