import Glibc
import Protocol

/// An adapter on disk, as PEFT writes and reads it: `adapter_config.json` and `adapter_model.safetensors`.
package struct AdapterFolder: Sendable {
    package let path: String
    private let files: any CheckpointFiles

    package init(path: String, files: any CheckpointFiles = SystemFiles()) {
        self.path = path
        self.files = files
    }

    private var configPath: String { path + "/adapter_config.json" }
    private var weightsPath: String { path + "/adapter_model.safetensors" }
    private static let longestText = 1 << 20

    /// The adapter's shape and targets.
    /// - Throws: `.damagedFile`, and `.unsupportedModel` for what an adapter here does not have.
    package func options() throws(ComputeError) -> AdapterOptions {
        let text = try ReadableFile.contents(of: configPath, limit: Self.longestText)
        let root: JSONValue
        do { root = try JSONParser.parse(text) } catch { throw ComputeError.damaged(configPath, error.text) }
        guard root["peft_type"]?.asString == "LORA" else {
            throw ComputeError.damaged(configPath, "peft_type is not LORA")
        }
        try refuseExtensions(root)
        guard let rank = root["r"]?.asInt, (1...(1 << 16)).contains(rank), let alpha = root["lora_alpha"]?.asDouble,
            alpha.isFinite
        else { throw ComputeError.damaged(configPath, "r and lora_alpha are not an adapter's") }
        let targets: AdapterOptions.Targets
        if let names = root["target_modules"]?.asArray {
            let texts = names.compactMap(\.asString)
            guard texts.count == names.count else {
                throw ComputeError.damaged(configPath, "target_modules is not a list of names")
            }
            targets = .named(texts.sorted())
        } else if root["target_modules"]?.asString == "all-linear" {
            targets = .allLinear
        } else {
            throw ComputeError.damaged(configPath, "target_modules is neither a list of names nor all-linear")
        }
        return AdapterOptions(
            rank: rank, alpha: Float(alpha), targets: targets,
            scaling: root["use_rslora"]?.asBool == true ? .rankStabilized : .classic, dropout: try dropout(of: root))
    }

    private func dropout(of root: JSONValue) throws(ComputeError) -> Float {
        guard let value = root["lora_dropout"], value != .null else { return 0 }
        guard let rate = value.asDouble, (0..<1).contains(rate) else {
            throw ComputeError.damaged(configPath, "lora_dropout is not in 0..<1")
        }
        return Float(rate)
    }

    /// Variants that compute something else; to read them as plain adapters would be silently wrong.
    private func refuseExtensions(_ root: JSONValue) throws(ComputeError) {
        for name in ["use_dora", "lora_bias", "use_qalora"] where root[name]?.asBool == true {
            throw unsupported("\(name) is true")
        }
        for name in ["rank_pattern", "alpha_pattern"] where root[name]?.asMembers?.isEmpty == false {
            throw unsupported("\(name) is not empty")
        }
        for name in ["layers_to_transform", "layer_replication", "exclude_modules", "target_parameters"] {
            if let value = root[name], value != .null { throw unsupported("\(name) is set") }
        }
        if let bias = root["bias"]?.asString, bias != "none" { throw unsupported("bias is \(bias)") }
        let saved = root["modules_to_save"]?.asArray ?? []
        if saved.contains(where: { $0.asString != TensorNames.score }) { throw unsupported("modules_to_save is set") }
    }

    private func unsupported(_ part: String) -> ComputeError {
        ComputeError(
            .unsupportedModel, summary: "This version cannot use the adapter: \(part).", detail: configPath,
            hint: "Merge the adapter into its model with the program that made it, and load the merged model.")
    }

    /// Overwrites the model's adapter; it is as before when this throws.
    /// - Throws: `.damagedFile`; `.unsupportedModel` where the model's adapter is another one.
    package func load(into model: LanguageModel) throws(ComputeError) {
        let own = try requireAdapter(of: model)
        let other = try options()
        guard other.rank == own.rank, other.scale == own.scale else {
            throw ComputeError(
                .unsupportedModel, summary: "The adapter is of another shape than the model's.",
                detail:
                    "\(path) has rank \(other.rank) and scale \(other.scale), the model \(own.rank) and \(own.scale).",
                hint: "Make the model with the adapter folder's own options.")
        }
        let file = try SafetensorsFile.open(weightsPath)
        let parameters = Self.saved(in: model.table)
        if file.header.entries.count != parameters.count {
            throw ComputeError.damaged(
                weightsPath, "has \(file.header.entries.count) tensors, the model's adapter \(parameters.count)")
        }
        let loaded = try Arena(count: model.table.count)
        for (name, parameter) in parameters {
            let target = UnsafeMutableBufferPointer(rebasing: loaded.floats[parameter.range])
            try file.read(name, shape: parameter.shape, into: target)
        }
        model.changeWeights { weights in
            for (_, parameter) in parameters {
                (weights.base + parameter.offset).update(from: loaded.base + parameter.offset, count: parameter.count)
            }
        }
    }

    /// Writes the model's adapter, each file whole or not at all.
    /// - Throws: `.notFinite` before anything is written, `.fileSystem`; `.unsupportedModel` without an adapter.
    package func save(_ model: LanguageModel) throws(ComputeError) {
        let options = try requireAdapter(of: model)
        let parameters = Self.saved(in: model.table)
        for (name, parameter) in parameters {
            var state = LossState.finite
            state.check(model.weights.floats[parameter.range])
            if state == .notFinite {
                throw ComputeError.notFinite("Adapter refused: '\(name)'", hint: "Go on from the last checkpoint.")
            }
        }
        do throws(FileFault) {
            try write(options, model.spec, model.table, model.weights)
        } catch {
            throw ComputeError.file(error)
        }
    }

    /// Writes an adapter whose numbers are known to be finite.
    func write(
        _ options: AdapterOptions, _ spec: ModelSpec, _ table: ParameterTable, _ weights: Arena
    ) throws(FileFault) {
        let config = Array(Self.json(options, spec).prettyText.utf8), parameters = Self.saved(in: table)
        try files.makeFolder(path)
        try write(weightsPath) { append throws(FileFault) in
            let header = SafetensorsHeader.encode(
                parameters.map { ($0.name, $0.parameter.shape) }, metadata: ["format": "pt"])
            try header.withBytes(append)
            for (_, parameter) in parameters {
                let floats = UnsafeBufferPointer(rebasing: weights.floats[parameter.range])
                try append(UnsafeRawBufferPointer(floats))
            }
        }
        try write(configPath) { append throws(FileFault) in try config.withBytes(append) }
        try files.syncFolder(path)
    }

    /// Puts a file in its place by renaming a finished one.
    private func write(
        _ place: String,
        _ body: (_ append: (UnsafeRawBufferPointer) throws(FileFault) -> Void) throws(FileFault) -> Void
    ) throws(FileFault) {
        let partial = place + ".partial"
        let descriptor = try files.create(partial)
        var fault: FileFault?
        do throws(FileFault) {
            try body { bytes throws(FileFault) in try files.write(bytes, to: descriptor, path: partial) }
        } catch {
            fault = error
        }
        do throws(FileFault) { try files.finish(descriptor, path: partial) } catch { fault = fault ?? error }
        if let fault { throw fault }
        try files.rename(partial, to: place)
    }

    private func requireAdapter(of model: LanguageModel) throws(ComputeError) -> AdapterOptions {
        if let options = model.options.adapter { return options }
        throw ComputeError(
            .unsupportedModel, summary: "The model has no adapter.", detail: path,
            hint: "Make the model with the adapter's options.")
    }

    /// PEFT's names of all that an adapter trains.
    private static func saved(in table: ParameterTable) -> [(name: String, parameter: Parameter)] {
        table.parameters.filter(\.isTrained).map { parameter in
            let isOwn = parameter.name.hasPrefix(AdapterOptions.prefix)
            return (isOwn ? parameter.name : AdapterOptions.prefix + parameter.name, parameter)
        }
    }

    private static func json(_ options: AdapterOptions, _ spec: ModelSpec) -> JSONValue {
        let targets: JSONValue =
            switch options.targets {
            case .named(let names): .array(names.map { .string($0) })
            case .allLinear: .string("all-linear")
            }
        let isScored = spec.head == .value
        return .object([
            JSONMember("peft_type", .string("LORA")),
            JSONMember("task_type", .string(isScored ? "SEQ_CLS" : "CAUSAL_LM")),
            JSONMember("base_model_name_or_path", .null),
            JSONMember("r", .integer(options.rank)),
            JSONMember("lora_alpha", .number("\(options.alpha)")),
            JSONMember("target_modules", targets),
            JSONMember("fan_in_fan_out", .bool(spec.tensorNames.layout == .inputsFirst)),
            JSONMember("use_rslora", .bool(options.scaling == .rankStabilized)),
            JSONMember("lora_dropout", .number("\(options.dropout)")),
            JSONMember("bias", .string("none")),
            JSONMember("modules_to_save", isScored ? .array([.string(TensorNames.score)]) : .null),
            JSONMember("init_lora_weights", .bool(true)),
            JSONMember("inference_mode", .bool(true)),
        ])
    }
}
