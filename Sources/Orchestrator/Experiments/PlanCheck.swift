package import Protocol
import Workers

/// Finds what would otherwise fail only after minutes of loading: names, keys, shapes, files, memory, disk.
package struct PlanCheck: Sendable {
    package let names: RegisteredNames
    package let machine: MachineFacts

    package init(names: RegisteredNames, machine: MachineFacts) {
        self.names = names
        self.machine = machine
    }

    /// - Returns: what the trial will need, and what a person should know before it starts.
    /// - Throws: `ConfigurationError` or `DataflowError`, for the first thing that cannot work.
    @discardableResult
    package func verify(_ plan: TrialPlan) throws -> PlanReport {
        try verifyStructure(plan)
        let rehearsal = try rehearsed(plan)
        var report = PlanReport()
        for (index, setup) in plan.setups.enumerated() {
            let shown = rehearsal.setups.indices.contains(index) ? rehearsal.setups[index] : SetupRehearsal()
            try verifyFiles(of: setup, shown, &report)
            try verifyResources(setup, shown, &report)
        }
        return report
    }

    /// The part that needs no file to be read through: names, keys, shapes, batches and where files are.
    /// - Throws: as `verify`.
    package func verifyStructure(_ plan: TrialPlan) throws {
        for setup in plan.setups {
            try verifyNames(setup)
            _ = try DataflowGraph(setup.calls, datasetOutput: names.datasetKeys[setup.dataset.type])
            let facts = try setup.calls.map { call in try refusing { try names.checkCall(call) } }
            let answer = longestAnswer(of: setup, facts)
            try verifyModels(setup, answer: answer)
            try verifyBatches(setup, facts, answer: answer)
            try verifyPath(of: setup.dataset, key: "dataset.path")
            if let evaluation = setup.evaluation { try verifyPath(of: evaluation.dataset, key: "dataset.eval_path") }
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

    /// The most tokens that a call of the setup may put behind a prompt.
    private func longestAnswer(of setup: SetupPlan, _ facts: [RegisteredNames.CallFacts]) -> Int {
        zip(setup.calls, facts).filter { $0.0.interfaceType == .generate }.map(\.1.longestAnswer).max() ?? 0
    }

    private func verifyModels(_ setup: SetupPlan, answer: Int) throws(ConfigurationError) {
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
                try verify(answer, fits: sizes.contextLength, of: setup, otherwise: ", or raise model.context")
            case .folder(let path):
                try verifyFolder(path)
                let context = try size(ofFolder: path).contextLength
                if longest > context {
                    throw ConfigurationError(
                        .badBatch,
                        "dataset.max_length=\(longest) is above the context of \(context) tokens of the model "
                            + "in \(path)", hint: "add dataset.max_length=\(context)")
                }
                // Nothing but another model has a longer context.
                try verify(answer, fits: context, of: setup, otherwise: "")
            }
            try refusing { try names.checkModel(model) }
        }
    }

    /// - Parameter otherwise: what else helps, behind the lowering of the answer's length.
    private func verify(
        _ answer: Int, fits context: Int, of setup: SetupPlan, otherwise: String
    ) throws(ConfigurationError) {
        guard answer >= context else { return }
        let setting = SettingNames(of: setup).newTokens
        throw ConfigurationError(
            .badBatch, "\(setting)=\(answer) leaves no room for a prompt in a context of \(context) tokens",
            hint: "lower \(setting)\(otherwise)")
    }

    private func verifyFolder(_ path: String) throws(ConfigurationError) {
        guard machine.files.kind(path) == .nothing else { return }
        throw ConfigurationError(
            .dataset, "model.checkpoint: there is no folder \(path)",
            hint: "check the path; a model of the hub must be downloaded first: hf download NAME --local-dir FOLDER")
    }

    func size(ofFolder path: String) throws(ConfigurationError) -> RegisteredNames.ModelSize {
        try asked("model.checkpoint") { try names.modelSize(path) }
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
        _ setup: SetupPlan, _ facts: [RegisteredNames.CallFacts], answer: Int
    ) throws(ConfigurationError) {
        for (call, facts) in zip(setup.calls, facts) {
            let longest = try longestSequence(of: call, in: setup, answer: answer)
            if let most = call.microBatches.maximumTokens, most < longest {
                throw ConfigurationError(
                    .badBatch,
                    "'\(call.name)' takes at most \(most) tokens at a time; one sequence may have \(longest)",
                    hint: "set \(SettingNames(of: setup).microBatchTokens) to \(longest) or more")
            }
            let sequences = call.sequences * facts.sequencesPerItem
            if call.interfaceType == .trainStep, facts.updatesPerStep > sequences {
                throw ConfigurationError(
                    .badBatch,
                    "'\(call.name)' cuts \(sequences) sequences into \(facts.updatesPerStep) minibatches; "
                        + "some would be empty"
                )
            }
        }
    }

    /// Tokens of the longest sequence that a call may be given: a row, or a prompt with what was generated behind it.
    private func longestSequence(
        of call: ModelFunctionCall, in setup: SetupPlan, answer: Int
    ) throws(ConfigurationError) -> Int {
        let longest = setup.dataset.maximumLength > 0 ? setup.dataset.maximumLength + answer : .max
        guard let model = setup.models.first(where: { $0.name == call.model }),
            case .transformer(let transformer) = model.module
        else { return longest }
        switch transformer.shape {
        case .sizes(let sizes): return min(longest, sizes.contextLength)
        case .folder(let path): return min(longest, try size(ofFolder: path).contextLength)
        }
    }

    private func verifyPath(of dataset: DatasetPlan, key: String) throws(ConfigurationError) {
        let generate = "cockpit data arithmetic --out DIR makes a dataset to try"
        if dataset.path.isEmpty {
            throw ConfigurationError(.dataset, "\(key) is not set", hint: "add \(key)=FILE; \(generate)")
        }
        switch machine.files.kind(dataset.path) {
        case .nothing:
            throw ConfigurationError(.dataset, "\(key): there is no file \(dataset.path)", hint: generate)
        case .unreachable:
            throw ConfigurationError(
                .dataset, "\(key): a folder on the way to \(dataset.path) may not be entered",
                hint: "see which: namei -l '\(dataset.path)'")
        case .file, .folder: return
        }
    }
}
