import Compute
import Glibc
package import Protocol

extension TrialRehearsal {
    /// How much of each file is read: enough to see what is in it, little enough for a check that takes no second.
    package static let sampledBytes = 2 << 20

    /// Opens everything that the plan names.
    /// - Throws: `RehearsalFault` for the first thing that a worker would refuse.
    package static func run(_ plan: TrialPlan) throws -> TrialRehearsal {
        let vocabulary = try asked("model.checkpoint") {
            do {
                return try TrialVocabulary.build(for: plan, amount: .bytes(sampledBytes))
            } catch let error as DatasetError {
                let isTrained = plan.setups.contains { $0.dataset.path == error.path }
                throw RehearsalFault(setting: isTrained ? datasetSetting : heldOutSetting, underlying: error)
            }
        }
        let pool = try ThreadPool(threads: 1)
        let factory = ModelFactory(seed: plan.seed, vocabulary: vocabulary, pool: pool)
        return TrialRehearsal(
            setups: try plan.setups.map { try SetupRehearsalRun(setup: $0, plan: plan, factory: factory).run() })
    }

    static let datasetSetting = "dataset.path"
    static let heldOutSetting = "dataset.eval_path"

    /// Runs `body`; what it throws becomes a fault of `setting`, unless it is one already.
    static func asked<Value>(_ setting: String, _ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch let fault as RehearsalFault {
            throw fault
        } catch {
            throw RehearsalFault(setting: setting, underlying: error)
        }
    }
}

/// The rehearsal of one setup.
private struct SetupRehearsalRun {
    let setup: SetupPlan
    let plan: TrialPlan
    let factory: ModelFactory

    func run() throws -> SetupRehearsal {
        var specs: [ModelName: ModelSpec] = [:]
        for model in setup.models {
            specs[model.name] = try TrialRehearsal.asked(setting(of: model)) {
                let spec = try factory.spec(of: model)
                do throws(ComputeError) {
                    try spec?.validate()
                } catch {
                    throw isOfSettings(model) ? SizeNames.asSettings(error) : error
                }
                return spec
            }
        }
        for call in setup.calls {
            _ = try TrialRehearsal.asked("model function call \(call.name)") { try Interfaces.check(call) }
        }
        var result = SetupRehearsal()
        result.rows = try TrialRehearsal.asked(TrialRehearsal.datasetSetting) { try rows() }
        result.heldOut = try TrialRehearsal.asked(TrialRehearsal.heldOutSetting) { try heldOut() }
        try addMemory(to: &result, specs)
        return result
    }

    private func setting(of model: ModelPlan) -> String { isOfSettings(model) ? "model" : "model.checkpoint" }

    private func isOfSettings(_ model: ModelPlan) -> Bool {
        guard case .transformer(let transformer) = model.module, case .folder = transformer.shape else { return true }
        return false
    }

    private func rows() throws -> FileRehearsal {
        let type = try Datasets.find(setup.dataset.type)
        let graph = try DataflowGraph(setup.calls, datasetOutput: Set(type.keys))
        let demand = RowDemand(
            needed: graph.datasetKeys, tokenizer: factory.tokenizer, limit: try factory.lengthLimit(of: setup))
        let rows = try type.open(setup.dataset, for: demand, amount: .bytes(TrialRehearsal.sampledBytes))
        var file = described(
            setup.dataset.path, rows.count, rows.leftOut, longest: rows.longest, isWhole: rows.isWhole)
        if graph.datasetKeys.contains(.packedAnswers), let most = try factory.longestAnswer(of: setup) {
            let answers = try (0..<rows.count).flatMap { row in
                try rows.sample(row, epoch: 0).sequences(of: .packedAnswers, as: Int32.self).map {
                    factory.tokenizer.judgedCount($0)
                }
            }
            file.answersTooLong = answers.count { $0 > most }
            file.shortestAnswer = answers.min() ?? 0
        }
        return file
    }

    private func heldOut() throws -> FileRehearsal? {
        guard let wanted = setup.evaluation else { return nil }
        let most = try Interfaces.make(wanted.interface).longestAnswer
        let demand = RowDemand(
            needed: Set(PromptAnswerDataset.keys), tokenizer: factory.tokenizer,
            limit: try factory.lengthLimit(of: wanted, in: setup))
        let content = try PromptAnswerDataset.read(
            wanted.dataset, for: demand, amount: .bytes(TrialRehearsal.sampledBytes))
        var file = described(
            wanted.dataset.path, content.rows.count, content.leftOut, longest: content.longest,
            isWhole: content.isWhole)
        let answers = try content.rows.map { row in
            factory.tokenizer.judgedCount(try factory.tokenizer.encodedAnswer(of: row))
        }
        file.answersTooLong = answers.count { $0 > most }
        file.shortestAnswer = answers.min() ?? 0
        return file
    }

    private func described(
        _ path: String, _ usable: Int, _ leftOut: LeftOutRows, longest: Int, isWhole: Bool
    ) -> FileRehearsal {
        var information = stat()
        let bytes = stat(path, &information) == 0 ? Int(information.st_size) : 0
        return FileRehearsal(
            path: path, usable: usable, leftOut: leftOut.count, complaints: leftOut.phrase, longest: longest,
            isWhole: isWhole, bytes: bytes)
    }

    /// Adds up what each model works in for the calls that are made on it.
    private func addMemory(to result: inout SetupRehearsal, _ specs: [ModelName: ModelSpec]) throws {
        let row = result.rows?.longest ?? 0
        let answer = try factory.longestAnswer(of: setup) ?? 0
        let group = try setup.calls.map { try Interfaces.make($0.interface).sequencesPerItem }.max() ?? 1
        for (name, spec) in specs {
            guard let model = setup.models.first(where: { $0.name == name }) else { continue }
            let threads = plan.modelWorkers.indices.contains(model.worker) ? plan.modelWorkers[model.worker].threads : 1
            let recompute = try ModelArguments(model.options).options.recompute
            var needed = WorkingMemory()
            for call in setup.calls where call.model == name {
                let whole = SequenceLoad(
                    sequences: call.sequences * (answer > 0 ? group : 1), length: min(spec.contextLength, row + answer))
                let part = try microBatch(of: whole, call)
                let work =
                    switch call.interfaceType {
                    case .generate: spec.memoryOfGeneration(whole)
                    case .trainStep where answer > 0:
                        spec.memoryOfPolicyUpdate(part, recompute: recompute, threads: max(1, threads))
                    case .trainStep: spec.memoryOfSupervisedUpdate(part, threads: max(1, threads))
                    case .inference, .evaluate: spec.memoryOfScoring(part, threads: max(1, threads))
                    }
                needed = needed.covering(work)
            }
            result.activations += needed.activations
            result.logits += needed.logits
            result.cache += needed.cache
        }
    }

    private func microBatch(of load: SequenceLoad, _ call: ModelFunctionCall) throws -> SequenceLoad {
        let updates = try call.interfaceType == .trainStep ? Interfaces.make(call.interface).updatesPerStep : 1
        var part = load
        part.sequences = max(1, load.sequences / max(1, updates * call.microBatches.minimumCount))
        if let most = call.microBatches.maximumTokens, load.length > 0 {
            part.sequences = min(part.sequences, max(1, most / load.length))
        }
        return part
    }
}
