package import Protocol

/// Finds what would otherwise fail only after minutes of loading: names, keys, shapes, files, memory, disk.
package struct PlanCheck: Sendable {
    package let names: RegisteredNames
    package let machine: MachineFacts

    package init(names: RegisteredNames, machine: MachineFacts) {
        self.names = names
        self.machine = machine
    }

    /// - Throws: `ConfigurationError` or `DataflowError`, for the first thing that cannot work.
    package func verify(_ plan: TrialPlan) throws {
        for setup in plan.setups {
            try verifyNames(setup)
            _ = try DataflowGraph(setup.calls, datasetOutput: names.datasetKeys[setup.dataset.type])
            let facts = try setup.calls.map { call in try refusing { try names.checkCall(call) } }
            try verifyModels(setup)
            try verifyBatches(setup, facts)
            try verifyRows(of: setup.dataset, atLeast: setup.calls.map(\.sequences).max() ?? 1, key: "dataset.path")
            if let evaluation = setup.evaluation {
                try verifyRows(of: evaluation.dataset, atLeast: 1, key: "dataset.eval_path")
            }
            try verifyResources(setup)
        }
    }

    private func verifyNames(_ setup: SetupPlan) throws(ConfigurationError) {
        let references = setup.calls.map(\.interface) + (setup.evaluation.map { [$0.interface] } ?? [])
        for reference in references where !names.interfaces.contains(reference.type) {
            throw ConfigurationError(
                .unknownInterface,
                "unknown interface '\(reference.type)'.\(Suggestion.phrase(for: reference.type, among: names.interfaces))",
                detail: "registered: \(names.interfaces.sorted().joined(separator: ", "))")
        }
        let datasets = [setup.dataset] + (setup.evaluation.map { [$0.dataset] } ?? [])
        for dataset in datasets where names.datasetKeys[dataset.type] == nil {
            throw ConfigurationError(
                .unknownDataset,
                "unknown dataset '\(dataset.type)'.\(Suggestion.phrase(for: dataset.type, among: names.datasetKeys.keys))",
                detail: "registered: \(names.datasetKeys.keys.sorted().joined(separator: ", "))")
        }
    }

    private func verifyModels(_ setup: SetupPlan) throws(ConfigurationError) {
        let longest = setup.dataset.maximumLength
        for model in setup.models {
            guard case .transformer(let transformer) = model.module else { continue }
            switch transformer.shape {
            case .sizes(let sizes):
                try verify(sizes)
                if longest > sizes.contextLength {
                    throw ConfigurationError(
                        .badBatch, "dataset.max_length=\(longest) is above model.context=\(sizes.contextLength)")
                }
            case .folder(let path):
                let context = try size(ofFolder: path).contextLength
                if longest > context {
                    throw ConfigurationError(
                        .badBatch,
                        "dataset.max_length=\(longest) is above the context of \(context) tokens of the model "
                            + "in \(path)", hint: "add dataset.max_length=\(context)")
                }
            }
            try refusing { try names.checkModel(model) }
        }
    }

    private func size(ofFolder path: String) throws(ConfigurationError) -> RegisteredNames.ModelSize {
        guard machine.files.kind(path) == .folder else {
            throw ConfigurationError(.dataset, "model.checkpoint: there is no folder \(path)")
        }
        return try asked("model.checkpoint") { try names.modelSize(path) }
    }

    /// What the workers' part says, its refusal as one of the configuration.
    private func asked<Value>(_ setting: String, _ body: () throws -> Value) throws(ConfigurationError) -> Value {
        do {
            return try body()
        } catch {
            let facing = error as? any UserFacingError
            throw ConfigurationError(
                .dataset, "\(setting): \(facing?.summary ?? "\(error)")", detail: facing?.detail ?? "",
                hint: facing?.hint)
        }
    }

    /// What the workers' part says of values a person gave; it names their settings itself.
    private func refusing<Value>(_ body: () throws -> Value) throws(ConfigurationError) -> Value {
        do {
            return try body()
        } catch let error as ConfigurationError {
            throw error
        } catch {
            let facing = error as? any UserFacingError
            throw ConfigurationError(
                .badValue, facing?.summary ?? "\(error)", detail: facing?.detail ?? "", hint: facing?.hint)
        }
    }

    private func verify(_ sizes: TransformerSizes) throws(ConfigurationError) {
        if sizes.width % sizes.heads != 0 {
            throw ConfigurationError(
                .badBatch, "model.width=\(sizes.width) is not divisible by model.heads=\(sizes.heads)")
        }
        if sizes.heads % sizes.keyValueHeads != 0 {
            throw ConfigurationError(
                .badBatch,
                "model.heads=\(sizes.heads) is not divisible by model.key_value_heads=\(sizes.keyValueHeads)")
        }
    }

    private func verifyBatches(
        _ setup: SetupPlan, _ facts: [RegisteredNames.CallFacts]
    ) throws(ConfigurationError) {
        let generating = zip(setup.calls, facts).filter { $0.0.interfaceType == .generate }
        let answer = generating.map(\.1.longestAnswer).max() ?? 0
        for (call, facts) in zip(setup.calls, facts) {
            let longest = try longestSequence(of: call, in: setup, answer: answer)
            if let most = call.microBatches.maximumTokens, most < longest {
                throw ConfigurationError(
                    .badBatch,
                    "'\(call.name)' takes at most \(most) tokens at a time; one sequence may have \(longest)",
                    hint: "set max_tokens_per_mb to \(longest) or more")
            }
            if call.interfaceType == .trainStep, facts.updatesPerStep > call.sequences {
                throw ConfigurationError(
                    .badBatch,
                    "'\(call.name)' cuts \(call.sequences) sequences into \(facts.updatesPerStep) minibatches; "
                        + "some would be empty"
                )
            }
        }
    }

    /// Tokens of the longest sequence that a call may be given: a row, or a prompt with what was generated behind it.
    private func longestSequence(
        of call: ModelFunctionCall, in setup: SetupPlan, answer: Int
    ) throws(ConfigurationError) -> Int {
        let longest = setup.dataset.maximumLength + answer
        guard let model = setup.models.first(where: { $0.name == call.model }),
            case .transformer(let transformer) = model.module
        else { return longest }
        switch transformer.shape {
        case .sizes(let sizes): return min(longest, sizes.contextLength)
        case .folder(let path): return min(longest, try size(ofFolder: path).contextLength)
        }
    }

    /// A step never starts when the dataset has fewer rows than it takes.
    private func verifyRows(of dataset: DatasetPlan, atLeast rows: Int, key: String) throws(ConfigurationError) {
        let generate = "cockpit data arithmetic --out DIR makes a dataset to try"
        if dataset.path.isEmpty {
            throw ConfigurationError(.dataset, "\(key) is not set", hint: "add \(key)=FILE; \(generate)")
        }
        guard machine.files.kind(dataset.path) == .file else {
            throw ConfigurationError(.dataset, "\(key): there is no file \(dataset.path)", hint: generate)
        }
        guard let found = machine.files.rows(dataset.path, rows) else {
            throw ConfigurationError(.dataset, "\(key): \(dataset.path) cannot be read")
        }
        if found == 0 { throw ConfigurationError(.dataset, "\(key): \(dataset.path) is empty") }
        if found < rows {
            throw ConfigurationError(
                .dataset, "\(key): \(dataset.path) has only \(found) rows, one step takes \(rows)",
                hint: "lower the batch size or add rows")
        }
    }

    private func verifyResources(_ setup: SetupPlan) throws(ConfigurationError) {
        let estimate = try ResourceEstimate(setup) { folder throws(ConfigurationError) in
            try size(ofFolder: folder).parameters
        }
        if machine.memory > 0, estimate.memory > machine.memory {
            throw ConfigurationError(
                .resources,
                "the models of setup '\(setup.name)' need about \(gibibytes(estimate.memory)) GiB of memory; "
                    + "this machine has \(gibibytes(machine.memory))",
                hint: "take a smaller model, or train an adapter with lora_rank")
        }
        if machine.freeDisk > 0, estimate.disk > machine.freeDisk {
            throw ConfigurationError(
                .resources,
                "the checkpoints of setup '\(setup.name)' need about \(gibibytes(estimate.disk)) GiB of disk; "
                    + "\(gibibytes(machine.freeDisk)) are free", hint: "free space or set COCKPIT_HOME to another disk")
        }
    }

    private func gibibytes(_ bytes: Int) -> String {
        let tenths = (bytes + (1 << 29) / 10) * 10 / (1 << 30)
        return "\(tenths / 10).\(tenths % 10)"
    }
}
