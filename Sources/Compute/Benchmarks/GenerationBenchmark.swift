/// The decoding runs that `scripts/bench generation` times against PyTorch.
package enum GenerationBenchmark {
    /// What a case measured.
    package struct Result: Sendable, Encodable {
        package let name: String
        package let threads: Int
        /// New tokens a second; prompts, packing of weights and sampling are in the time.
        package let tokensPerSecond: Double
        package let breakdown: TimeShares
        /// New tokens of each answer, where they differ: what the peer has to write too.
        package let lengths: [Int]
        package let kernelVariant: String
    }

    private struct Case {
        let spec: ModelSpec
        let prompts: Int
        let options: GenerationOptions
    }

    private static let cases: KeyValuePairs<String, Case> = [
        "tiny-b1": whole(BenchmarkModels.tiny(contextLength: 512), batch: 1),
        "tiny-b32": whole(BenchmarkModels.tiny(contextLength: 512), batch: 32),
        "small-b1": whole(BenchmarkModels.small(contextLength: 512), batch: 1),
        "small-b32": whole(BenchmarkModels.small(contextLength: 512), batch: 32),
        // Untrained weights draw nearly evenly from 96 tokens, so three stop tokens end an answer with a chance of
        // about 1/32 at every step: lengths are geometric without a rule that only a benchmark would have.
        "ragged": Case(
            spec: BenchmarkModels.tiny(contextLength: 512), prompts: 128,
            options: GenerationOptions(
                maxNewTokens: 256, sampling: .sample(temperature: 1), stopTokens: [0, 1, 2], slots: 32)),
    ]

    /// All rows start together and write 256 tokens.
    private static func whole(_ spec: ModelSpec, batch: Int) -> Case {
        Case(
            spec: spec, prompts: batch,
            options: GenerationOptions(maxNewTokens: 256, sampling: .greedy, slots: batch))
    }

    package static var names: [String] { cases.map(\.key) }

    /// Generates for about `seconds`, after one run that warms up, then once more with the profile on.
    /// - Throws: `BenchmarkError` for an unknown name; `ComputeError` where memory or threads do not suffice.
    package static func run(_ name: String, threads: Int, seconds: Double) throws -> Result {
        guard let chosen = cases.first(where: { $0.key == name })?.value else {
            throw BenchmarkError(unknown: name, in: "generation", known: names)
        }
        let pool = try ThreadPool(threads: threads)
        let generator = Generator(model: try LanguageModel(spec: chosen.spec, seed: 1, pool: pool))
        let prompts = BenchmarkModels.randomSequences(
            lengths: Array(repeating: 16, count: chosen.prompts), vocabularySize: chosen.spec.vocabularySize)
        var lengths: [Int] = []
        func generate() throws {
            lengths = try generator.generate(prompts: prompts, options: chosen.options, seed: 3).map(\.tokens.count)
        }

        try generate()
        let time = try Stopwatch.median(seconds: seconds, generate)
        let breakdown = try TimeShares.measure(threads: threads, generate)
        return Result(
            name: name, threads: threads, tokensPerSecond: Double(lengths.reduce(0, +)) / time,
            breakdown: breakdown, lengths: Set(lengths).count > 1 ? lengths : [],
            kernelVariant: MachineLimit.kernelVariant)
    }
}
