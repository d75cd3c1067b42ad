import Logging
import Protocol

/// Requests that compute.
extension ModelExecutor {
    /// The main part of a held request.
    func main(_ request: Request, _ reply: inout Reply) throws {
        switch request.body {
        case .initialize(let model, let initialization):
            progress.works(on: "initialize", step: request.step)
            let (version, _) = try spans.record(.main, of: try subject(of: request)) { _ in
                try initialize(model, initialization, request)
            }
            reply.body = .initialized(version)
        case .call(let call):
            progress.works(on: call.mfc, step: request.step)
            try run(call, request, &reply)
        case .save:
            progress.works(on: "save", step: request.step)
        case .side:
            break
        default:
            throw WorkerError(.message, "'\(request.handle.rawValue)' cannot be held for a flush")
        }
    }

    /// One model function call: its input from storage, or the rows of an evaluation, its output back into storage.
    private func run(_ wanted: CallRequest, _ request: Request, _ reply: inout Reply) throws {
        let (call, interface, model) = try withSetup(request.setup) { state in
            let call = try state.call(named: wanted.mfc)
            return (call, try state.interface(of: call), try state.model(call.model))
        }
        guard call.interfaceType == wanted.type else {
            throw WorkerError(
                .message, "'\(call.name)' is asked to \(wanted.type.rawValue); it does \(call.interfaceType.rawValue)")
        }
        let input = try input(of: call, wanted, request)
        let (result, seconds) = try spans.record(.main, of: try subject(of: request)) { subject in
            let result = try interface.run(input.call, on: model)
            if let counted = result.outputs ?? input.sample {
                Self.count(counted, of: call.interfaceType, into: &subject)
            }
            subject.weightVersion = model.weightVersion
            return result
        }
        for remark in model.takeRemarks() { logger.warning("model '\(model.name)': \(remark)") }
        reply.times.append(PhaseTime(SpanPhase.main.rawValue, seconds: seconds))
        if call.interfaceType == .trainStep {
            stepIsWhole(model, step: request.step)
            progress.holds(model.weightVersion)
        }
        progress.moved()
        if call.interfaceType == .evaluate {
            reply.body = .evaluated(result.statistics)
            return
        }
        let kept = try result.outputs?.remappingKeys(call.outputKeyRemap).selecting(call.outputKeys)
        if let kept { try storage.add(kept) }
        var statistics = result.statistics
        if call.interfaceType == .generate, let count = result.outputs.flatMap(Self.generatedTokens) {
            statistics.append(Metric(.generatedTokensPerSecond, Double(count) / max(seconds, 1e-9)))
        }
        reply.body = .called(
            CallOutcome(outputs: kept?.metadata, statistics: statistics, weightVersion: model.weightVersion))
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
            for (role, step, folder) in wanted {
                let path = CheckpointPath(folder: folder, step: Int(clamping: step))
                guard !CheckpointOnDisk.isWhole("\(path)"), let model = models.first(where: { $0.name.role == role })
                else { continue }
                _ = try wholeSteps.alone { try model.save(to: folder, step: step) }
            }
            wholeSteps.tell(.saved(step: newest))
        } catch {
            wholeSteps.tell(.failed(describe(error)))
        }
    }

    /// What the interface is given, and the sample in it, where it works on items.
    private func input(
        of call: ModelFunctionCall, _ wanted: CallRequest, _ request: Request
    ) throws -> (call: InterfaceCall, sample: SequenceSample?) {
        if call.interfaceType == .evaluate {
            let rows = try withSetup(request.setup) { try $0.evaluationRows(factory, on: worker) }
            // The same draws every time, so that two evaluations differ by their weights only.
            return (.evaluate(rows, context(request, "evaluation", call.microBatches)), nil)
        }
        let sample = try storage.batch(ids: wanted.ids, keys: call.inputKeys).remappingKeys(call.inputKeyRemap)
        // Equal for the same call at the same step, whatever ran before it in this process.
        let name = "\(call.name) at step \(request.step) from \(wanted.ids.first ?? "")"
        let context = context(request, name, call.microBatches)
        switch call.interfaceType {
        case .generate: return (.generate(sample, context), sample)
        case .inference: return (.inference(sample, context), sample)
        case .trainStep, .evaluate: return (.trainStep(sample, context), sample)
        }
    }

    private func context(_ request: Request, _ name: String, _ microBatches: MicroBatchSpec) -> CallContext {
        CallContext(
            step: request.step, seed: Seed.derived(from: plan.seed, name), microBatches: microBatches,
            progress: { [progress] in progress.moved() })
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
