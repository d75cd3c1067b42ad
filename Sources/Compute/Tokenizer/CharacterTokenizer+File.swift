/// The form of `tokenizer.json`: a Hugging Face `tokenizers` file whose model is a word list of single characters.
///
/// Written so that `tokenizers.Tokenizer.from_file` reads it; read back from `model.vocab` alone: `<eos>` must be 0 and
/// every other entry one Unicode scalar, with tokens 1, 2, 3 … without gaps.
extension CharacterTokenizer {
    package static let modelType = "WordLevel"

    package init(_ document: TokenizerDocument) throws(ComputeError) {
        try self.init(root: document.root.value, path: document.path)
    }

    /// `tokenizer.json` alone.
    package var files: [TokenizerFile] {
        [TokenizerFile(name: TokenizerFile.mainName, bytes: Array(json.prettyText.utf8))]
    }

    /// The tokenizer as the text of `tokenizer.json`.
    package var json: JSONValue {
        let vocabulary =
            [JSONMember(Self.endOfSequenceText, .integer(Self.endOfSequence))]
            + characters.enumerated().map { JSONMember(String(Character($1)), .integer($0 + 1)) }
        return .object([
            JSONMember("version", .string("1.0")),
            JSONMember("truncation", .null),
            JSONMember("padding", .null),
            JSONMember("added_tokens", .array([Self.endOfSequenceEntry])),
            JSONMember("normalizer", .null),
            JSONMember("pre_tokenizer", Self.everyCharacter),
            JSONMember("post_processor", .null),
            JSONMember("decoder", .object([JSONMember("type", .string("Fuse"))])),
            JSONMember(
                "model",
                .object([
                    JSONMember("type", .string(Self.modelType)),
                    JSONMember("vocab", .object(vocabulary)),
                    JSONMember("unk_token", .string(Self.endOfSequenceText)),
                ])),
        ])
    }

    /// Reads the text of a `tokenizer.json` that `json` wrote; `path` is named in errors.
    package init(json text: [UInt8], path: String) throws(ComputeError) {
        let root: JSONValue
        do { root = try JSONParser.parse(text) } catch { throw ComputeError.damaged(path, error.text) }
        try self.init(root: root, path: path)
    }

    private init(root: JSONValue, path: String) throws(ComputeError) {
        guard let model = root["model"], model["type"]?.asString == Self.modelType,
            let vocabulary = model["vocab"]?.asMembers
        else { throw ComputeError.damaged(path, "is not a character tokenizer (model.type WordLevel)") }
        var byToken = [Unicode.Scalar?](repeating: nil, count: vocabulary.count)
        for member in vocabulary {
            guard let token = member.value.asInt, vocabulary.indices.contains(token) else {
                throw ComputeError.damaged(path, "'\(member.name)' has no token below \(vocabulary.count)")
            }
            if member.name == Self.endOfSequenceText, token == 0 { continue }
            guard let only = member.name.unicodeScalars.first, member.name.unicodeScalars.count == 1 else {
                throw ComputeError.damaged(path, "'\(member.name)' is not a single character")
            }
            byToken[token] = only
        }
        guard model["vocab"]?[Self.endOfSequenceText]?.asInt == 0 else {
            throw ComputeError.damaged(path, "token 0 is not <eos>")
        }
        let characters = byToken.dropFirst().compactMap { $0 }
        guard characters.count == vocabulary.count - 1 else {
            throw ComputeError.damaged(path, "the tokens are not 0 to \(vocabulary.count - 1), each once")
        }
        try self.init(characters: characters)
    }

    private static var endOfSequenceEntry: JSONValue {
        .object([
            JSONMember("id", .integer(endOfSequence)),
            JSONMember("content", .string(endOfSequenceText)),
            JSONMember("single_word", .bool(false)),
            JSONMember("lstrip", .bool(false)),
            JSONMember("rstrip", .bool(false)),
            JSONMember("normalized", .bool(false)),
            JSONMember("special", .bool(true)),
        ])
    }

    private static var everyCharacter: JSONValue {
        .object([
            JSONMember("type", .string("Split")),
            JSONMember("pattern", .object([JSONMember("Regex", .string("[\\s\\S]"))])),
            JSONMember("behavior", .string("Isolated")),
            JSONMember("invert", .bool(false)),
        ])
    }
}
