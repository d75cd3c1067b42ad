import Logging
import Protocol

/// Requests that compute.
extension ModelExecutor {
    /// The main part of a held request.
    func main(_ request: WireRequest, _ reply: inout WireReply) throws {
        switch RequestHandle(rawValue: request.handleName) {
        case .initialize:
            progress.works(on: "initialize", step: request.step)
            _ = try spans.record(.main, of: try subject(of: request)) { _ in try initialize(request, &reply) }
        case .generate, .inference, .trainStep:
            progress.works(on: request.mfc, step: request.step)
            try compute(request, &reply)
        case .evaluate:
            progress.works(on: "evaluate", step: request.step)
            let (metrics, seconds) = try spans.record(.main, of: try subject(of: request)) { _ in
                try evaluate(step: request.step, setup: request.setup)
            }
            reply.statistics = metrics.map(Self.statistic)
            reply.times.append(WireTimeRecord("main", seconds))
        case .save:
            progress.works(on: "save", step: request.step)
        case .empty:
            break
        default:
            throw WorkerError(.message, "'\(request.handleName)' cannot be held for a flush")
        }
    }

    /// One model function call: its input from storage, its output back into it.
    private func compute(_ request: WireRequest, _ reply: inout WireReply) throws {
        let (call, interface, model) = try withSetup(request.setup) { state in
            let call = try state.call(named: request.mfc)
            return (call, try state.interface(of: call), try state.model(call.model))
        }
        let input = try storage.batch(ids: request.ids, keys: call.inputKeys).remappingKeys(call.inputKeyRemap)
        let context = context(of: request, call.microBatches)
        let (result, seconds) = try spans.record(.main, of: try subject(of: request)) { subject in
            let result = try interface.run(try Self.interfaceCall(call.interfaceType, input, context), on: model)
            Self.count(result.outputs ?? input, of: call.interfaceType, into: &subject)
            subject.weightVersion = model.weightVersion
            return result
        }
        for remark in model.takeRemarks() { logger.warning("model '\(model.name)': \(remark)") }
        if call.interfaceType == .trainStep { stepIsWhole(model, step: request.step) }
        if let outputs = result.outputs {
            let kept = try outputs.remappingKeys(call.outputKeyRemap).selecting(call.outputKeys)
            try storage.add(kept)
            reply.sample = WireSampleMetadata(kept)
        }
        var statistics = result.statistics
        if call.interfaceType == .generate, let outputs = result.outputs, let count = Self.generatedTokens(outputs) {
            statistics.append(Metric(.generatedTokensPerSecond, Double(count) / max(seconds, 1e-9)))
        }
        reply.statistics = statistics.map(Self.statistic)
        reply.times.append(WireTimeRecord("main", seconds))
        reply.weightVersion = model.weightVersion
        if call.interfaceType == .trainStep { progress.holds(version: model.weightVersion) }
        progress.moved()
    }

    /// The weights are those of a whole step until the next one changes them.
    private func stepIsWhole(_ model: WorkerModel, step: UInt64) {
        wholeSteps.finished(model.name.role, step: step, content: model.content(ofStep: step))
        saveWanted()
    }

    /// Saves on this thread what could not be saved beside it.
    func saveWanted() {
        let wanted = wholeSteps.takeWanted()
        guard let newest = wanted.map(\.step).max() else { return }
        do {
            for (role, step, folder) in wanted where !CheckpointOnDisk.isWhole("\(folder)/step-\(step)") {
                guard let name = models.first(where: { $0.name.role == role }) else { continue }
                _ = try wholeSteps.alone { try name.save(to: folder, step: step) }
            }
            wholeSteps.tell(.saved(step: newest))
        } catch {
            wholeSteps.tell(.failed(describe(error)))
        }
    }

    private static func interfaceCall(
        _ type: InterfaceType, _ input: SequenceSample, _ context: CallContext
    ) throws -> InterfaceCall {
        switch type {
        case .generate: .generate(input, context)
        case .inference: .inference(input, context)
        case .trainStep: .trainStep(input, context)
        case .evaluate: throw WorkerError(.plan, "evaluate is no call of the graph; it reads rows, not items")
        }
    }

    /// Evaluates the setup's held-out rows with the weights as they are.
    package func evaluate(step: UInt64, setup: UInt64) throws -> [Metric] {
        let (interface, rows, model) = try withSetup(setup) { state in
            let parts = try state.evaluationParts()
            guard let name = state.plan.evaluation?.model else {
                throw WorkerError(.plan, "setup '\(state.plan.name)' has no evaluation")
            }
            return (parts.interface, parts.rows, try state.model(name))
        }
        let context = CallContext(
            step: step, seed: Seed.derived(from: plan.seed, "evaluation"), progress: { [progress] in progress.moved() })
        return try interface.run(.evaluate(rows, context), on: model).statistics
    }

    /// Equal for the same call at the same step, whatever ran before it in this process.
    private func context(of request: WireRequest, _ microBatches: MicroBatchSpec) -> CallContext {
        let name = "\(request.mfc) at step \(request.step) from \(request.ids.first ?? "")"
        return CallContext(
            step: request.step, seed: Seed.derived(from: plan.seed, name), microBatches: microBatches,
            progress: { [progress] in progress.moved() })
    }

    private static func statistic(_ metric: Metric) -> WireStatistic {
        filled(WireStatistic()) {
            $0.name = metric.name
            $0.value = metric.value
        }
    }

    /// Sequences and tokens of the longest column; of a generation, the tokens that it wrote itself.
    private static func count(
        _ sample: SequenceSample, of type: InterfaceType, into subject: inout SpanRecorder.Subject
    ) {
        guard let longest = sample.columns.values.max(by: { $0.total < $1.total }) else { return }
        let generated = type == .generate ? generatedTokens(sample) : nil
        subject.tokens = UInt64(generated ?? longest.total)
        subject.sequences = UInt64(longest.lengths.reduce(0) { $0 + $1.count })
    }

    /// Tokens that are no part of a prompt; nil where nothing tells them apart.
    private static func generatedTokens(_ sample: SequenceSample) -> Int? {
        guard case .uint8(let mask)? = sample.columns[.promptMask]?.array else { return nil }
        return mask.count { $0 == 0 }
    }
}
