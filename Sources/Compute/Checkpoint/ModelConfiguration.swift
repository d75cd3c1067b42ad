/// What a `config.json` says: the model, what its files were saved from, and which tokens end a text.
package struct ModelConfiguration: Sendable, Equatable {
    /// What the files of a folder were saved from.
    package enum Source: Sendable, Equatable {
        /// A model with its language-model head.
        case languageModel
        /// A model with a head of one number a token.
        case value
        /// The layers alone.
        case base
    }

    package var spec: ModelSpec
    package var source: Source
    /// `eos_token_id`; may be empty.
    package var endTokens: [Int32]
    /// What the weights were saved as, by the file's word; each tensor says for itself what it is.
    package var type: TensorType
    /// The whole file, so that what this program has no use for is saved again as it was.
    package let document: JSONValue

    /// Longer files are refused before they are read.
    package static let longestText = 4 << 20
}

// MARK: - Reading

extension ModelConfiguration {
    /// Reads a file of any known family in its old or its new spelling.
    /// - Throws: `damagedFile` or `unsupportedModel` with the file and the key.
    package init(json text: [UInt8], path: String) throws(ComputeError) {
        let file = try ConfigurationReader(json: text, path: path)
        let family = try Self.family(of: file)
        if file["quantization_config"] != nil {
            throw file.unsupported("quantization_config", because: "Weights must be floating-point numbers.")
        }
        document = file.document
        source = try Self.source(of: file, family)
        spec = try family.spec(from: file)
        spec.headWeights = try file.flag("tie_word_embeddings", default: spec.headWeights == .tied) ? .tied : .separate
        if source == .value { spec.head = .value }
        endTokens = try file.tokens("eos_token_id")
        type = try Self.type(of: file)
        do { try spec.validate() } catch {
            throw ComputeError(
                error.code, summary: "\(path.split(separator: "/").last ?? "config.json"): \(error.summary)",
                detail: "\(path): \(error.detail)", hint: "Correct the file, or choose another model.")
        }
    }

    private static func family(of file: ConfigurationReader) throws(ComputeError) -> any ModelFamily {
        guard let name = try file.word("model_type") else { throw file.damaged("model_type is missing") }
        if let family = ModelFamilies.all.first(where: { $0.name == name }) { return family }
        throw file.unknown("model_type", name, among: ModelFamilies.all.map(\.name))
    }

    /// `dtype`, which older files call `torch_dtype` and some spell `torch.float32`.
    private static func type(of file: ConfigurationReader) throws(ComputeError) -> TensorType {
        let (new, old) = (try file.word("dtype"), try file.word("torch_dtype"))
        guard let word = new ?? old else { return .float32 }
        let name = word.hasPrefix("torch.") ? String(word.dropFirst(6)) : word
        let types = TensorType.allCases.filter(\.holdsWeights)
        if let type = types.first(where: { $0.torchName == name }) { return type }
        throw file.unknown(new == nil ? "torch_dtype" : "dtype", word, among: types.map(\.torchName))
    }

    private static func source(
        of file: ConfigurationReader, _ family: any ModelFamily
    ) throws(ComputeError) -> Source {
        let names = family.architectures
        guard let name = try file.words("architectures")?.first else { return .languageModel }
        switch name {
        case names.languageModel: return .languageModel
        case names.base: return .base
        case names.value:
            try requireOneLabel(file)
            return .value
        default:
            throw file.unknown("architectures", name, among: [names.languageModel, names.value, names.base])
        }
    }

    /// A reward model gives one number; `transformers` assumes two labels where the file names none.
    private static func requireOneLabel(_ file: ConfigurationReader) throws(ComputeError) {
        let names = try file.section("id2label")
        let number = try file.optionalSize("num_labels")
        let labels = names?.count ?? number ?? 2
        if labels != 1 {
            throw file.unsupported("num_labels \(labels)", because: "A value head gives one number a token.")
        }
    }
}

// MARK: - Writing

extension ModelConfiguration {
    /// The file of a model, which this program and `transformers` read.
    ///
    /// Rotary positions and the type of the weights are written in the spelling that all releases of `transformers`
    /// understand, the older one.
    ///
    /// - Parameter kept: what the model's own folder said. Where it tells of this model already, the file is as it was but
    ///   for the type of the weights; else it has those of its lines that are not written here.
    package static func json(
        _ spec: ModelSpec, endTokens: [Int32], type: TensorType = .float32, keeping kept: JSONValue? = nil
    ) -> JSONValue {
        let members = kept?.asMembers ?? []
        if let kept, describes(kept, spec) { return .object(retyped(members, type)) }
        let own = ownMembers(spec, endTokens, type)
        let names = Set(own.map(\.name))
        return .object(own + members.filter { !names.contains($0.name) && $0.name != "dtype" })
    }

    /// Whether a file tells of this model, with the head that it has.
    private static func describes(_ document: JSONValue, _ spec: ModelSpec) -> Bool {
        // It was read when the model was made; what has become unreadable since tells of no model.
        let read = try? ModelConfiguration(json: Array(document.compactText.utf8), path: CheckpointFolder.Name.config)
        return read?.spec == spec && read?.source != .base
    }

    private static func retyped(_ members: [JSONMember], _ type: TensorType) -> [JSONMember] {
        let keys = ["dtype", "torch_dtype"], value = JSONValue.string(type.torchName)
        let isStated = members.contains { keys.contains($0.name) }
        let changed = members.map { keys.contains($0.name) ? JSONMember($0.name, value) : $0 }
        return isStated ? changed : changed + [JSONMember("torch_dtype", value)]
    }

    private static func ownMembers(_ spec: ModelSpec, _ endTokens: [Int32], _ type: TensorType) -> [JSONMember] {
        let family = spec.knownFamily
        let isValue = spec.head == .value
        let architecture = isValue ? family.architectures.value : family.architectures.languageModel
        var members = [
            JSONMember("architectures", .array([.string(architecture)])),
            JSONMember("model_type", .string(family.name)),
            JSONMember("vocab_size", .integer(spec.vocabularySize)),
        ]
        members += family.configuration(of: spec)
        members.append(JSONMember("tie_word_embeddings", .bool(spec.headWeights == .tied)))
        if isValue {
            // `transformers` counts the labels' names and does not read their number.
            members.append(JSONMember("num_labels", .integer(1)))
            members.append(JSONMember("id2label", .map(["0": "LABEL_0"])))
            members.append(JSONMember("label2id", .object([JSONMember("LABEL_0", .integer(0))])))
        }
        if let first = endTokens.first {
            let list = JSONValue.array(endTokens.map { .integer($0) })
            members.append(JSONMember("bos_token_id", .integer(first)))
            members.append(JSONMember("eos_token_id", endTokens.count == 1 ? .integer(first) : list))
        }
        members.append(JSONMember("torch_dtype", .string(type.torchName)))
        return members
    }
}

extension ModelSpec {
    /// The model as its own `config.json` tells of it: without what its family has no word for.
    /// - Throws: the reader's errors, for sizes that contradict each other.
    package func asStored() throws(ComputeError) -> ModelSpec {
        let text = ModelConfiguration.json(self, endTokens: []).prettyText
        return try ModelConfiguration(json: Array(text.utf8), path: CheckpointFolder.Name.config).spec
    }
}

extension JSONMember {
    /// A number in its shortest spelling that reads back as the same one.
    init(_ name: String, number: some LosslessStringConvertible & BinaryFloatingPoint) {
        self.init(name, .number("\(number)"))
    }
}
