/// The training loops that `scripts/bench training` times against PyTorch.
package enum TrainingBenchmark {
    /// What a case measured.
    package struct Result: Sendable, Encodable {
        package let name: String
        package let threads: Int
        package let tokensPerSecond: Double
        package let operationsPerSecond: Double
        /// The multiply-add units' limit, measured before and after.
        package let limitOperationsPerSecond: Double
        /// `operationsPerSecond` over the limit.
        package let shareOfLimit: Double
        package let breakdown: TimeShares?
        /// The parts of `plannedBytes`.
        package let planned: MemoryPlan
        package let plannedBytes: Int
        /// Bytes of activations the same case would plan without recompute; nil where it has none.
        package let activationsWithoutRecompute: Int?
        package let peakResidentBytes: Int
        package let kernelVariant: String
    }

    private struct Case {
        let spec: ModelSpec
        let lengths: [Int]
        var recompute = RecomputeMode.none
    }

    private static let cases: KeyValuePairs<String, Case> = [
        "tiny": Case(spec: BenchmarkModels.tiny(contextLength: 128), lengths: Array(repeating: 128, count: 32)),
        "small": Case(spec: BenchmarkModels.small(contextLength: 256), lengths: Array(repeating: 256, count: 16)),
        "gpt2-124m-b4t64": Case(spec: BenchmarkModels.gpt2, lengths: Array(repeating: 64, count: 4)),
        "gpt2-124m-b2t256": Case(spec: BenchmarkModels.gpt2, lengths: Array(repeating: 256, count: 2)),
        "gpt2-124m-b2t256-recompute": Case(
            spec: BenchmarkModels.gpt2, lengths: Array(repeating: 256, count: 2), recompute: .blocks),
        "ragged": Case(spec: BenchmarkModels.tiny(contextLength: 128), lengths: raggedLengths),
    ]

    /// 64 lengths spread evenly over 16...128, in an order that mixes long and short. The peers use the same formula.
    package static let raggedLengths = (0..<64).map { 16 + $0 * 37 % 64 * 112 / 63 }

    package static var names: [String] { cases.map(\.key) }

    /// Trains for about `seconds`, after two updates that warm up caches and threads, then a little longer with the
    /// profile on.
    /// - Throws: `BenchmarkError` for an unknown name; `ComputeError` where memory or threads do not suffice.
    package static func run(_ name: String, threads: Int, seconds: Double) throws -> Result {
        guard let chosen = cases.first(where: { $0.key == name })?.value else {
            throw BenchmarkError(unknown: name, in: "training", known: names)
        }
        let pool = try ThreadPool(threads: threads)
        let model = try LanguageModel(
            spec: chosen.spec, seed: 1, pool: pool, options: ModelOptions(recompute: chosen.recompute))
        let engine = try TrainEngine(model: model, options: OptimizerOptions(learningRate: 1e-4))
        let batch = PackedBatch(
            sequences: BenchmarkModels.randomSequences(
                lengths: chosen.lengths, vocabularySize: chosen.spec.vocabularySize))
        let share = 1 / Float(batch.targets.count { $0 >= 0 })
        let coefficients = [Float](repeating: share, count: batch.tokens.count)
        func step() throws { _ = try engine.trainBatch([batch], coefficients: [coefficients]) }

        let limitBefore = MachineLimit.operationsPerSecond(of: pool)
        for _ in 0..<2 { try step() }
        let time = try Stopwatch.median(seconds: seconds, step)
        let breakdown = try TimeShares.measure(threads: threads) {
            _ = try Stopwatch.median(seconds: min(1, seconds / 2), minimum: 1, step)
        }
        let limit = max(limitBefore, MachineLimit.operationsPerSecond(of: pool))
        let rate = BenchmarkModels.trainingOperations(of: chosen.spec, lengths: chosen.lengths) / time
        return Result(
            name: name, threads: threads, tokensPerSecond: Double(batch.tokens.count) / time,
            operationsPerSecond: rate, limitOperationsPerSecond: limit, shareOfLimit: rate / limit,
            breakdown: breakdown, planned: engine.memoryPlan, plannedBytes: engine.memoryPlan.total,
            activationsWithoutRecompute: chosen.recompute == .none ? nil : model.keptActivationBytes(of: batch),
            peakResidentBytes: Stopwatch.peakResidentBytes, kernelVariant: MachineLimit.kernelVariant)
    }
}

extension LanguageModel {
    /// Bytes of activations that `accumulate` would plan for a batch without recompute.
    fileprivate func keptActivationBytes(of batch: PackedBatch) -> Int {
        let split = BatchSplit(batch, parameters: table.count, threads: pool.threads)
        let plan = ActivationPlan(spec: spec, rows: lanes(split) * split.longestChunk, retention: .forBackward)
        return plan.count * MemoryLayout<Float>.stride
    }
}
