package import Compute
import Protocol

/// The end-to-end training steps that `scripts/bench rl` times against TRL: what a trial's model worker does in a step,
/// by the same interfaces, in one process.
package enum PolicyBenchmark {
    /// What a case measured.
    package struct Result: Sendable, Encodable {
        package let name: String
        package let threads: Int
        /// Whole steps: for GRPO answers, rewards and one update; for SFT one update.
        package let stepsPerSecond: Double
        /// Share of a step's time by what it does; sums to 1.
        package let phases: [String: Double]
        package let breakdown: TimeShares?
        /// Mean new tokens of an answer in the last step; 0 where there are none.
        package let answerTokens: Double
        package let kernelVariant: String
    }

    private struct Case {
        let spec: ModelSpec
        let work: Work
    }

    private enum Work {
        case grpo(prompts: Int, answers: Int)
        case sft(rows: Int, length: Int)
    }

    private static let cases: KeyValuePairs<String, Case> = [
        "grpo-tiny": Case(spec: BenchmarkModels.tiny(contextLength: 128), work: .grpo(prompts: 64, answers: 4)),
        "grpo-small": Case(spec: BenchmarkModels.small(contextLength: 256), work: .grpo(prompts: 64, answers: 4)),
        "sft-tiny": Case(spec: BenchmarkModels.tiny(contextLength: 128), work: .sft(rows: 32, length: 128)),
        "sft-small": Case(spec: BenchmarkModels.small(contextLength: 256), work: .sft(rows: 16, length: 256)),
    ]

    package static var names: [String] { cases.map(\.key) }

    /// Steps for about `seconds`, after two that warm up, then one or more with the profile on.
    /// - Throws: `BenchmarkError` for an unknown name, and what the interfaces throw.
    package static func run(_ name: String, threads: Int, seconds: Double) throws -> Result {
        guard let chosen = cases.first(where: { $0.key == name })?.value else {
            throw BenchmarkError(unknown: name, in: "rl", known: names)
        }
        let bench = try StepBench(spec: chosen.spec, pool: ThreadPool(threads: threads))
        var phases: [String: Double] = [:]
        func step() throws {
            switch chosen.work {
            case .grpo(let prompts, let answers): try bench.policyStep(prompts: prompts, answers: answers, &phases)
            case .sft(let rows, let length): try bench.supervisedStep(rows: rows, length: length, &phases)
            }
        }
        for _ in 0..<2 { try step() }
        phases = [:]
        let time = try Stopwatch.median(seconds: seconds, step)
        let total = phases.values.reduce(0, +)
        let shares = phases.mapValues { $0 / total }
        let breakdown = try TimeShares.measure(threads: threads) {
            _ = try Stopwatch.median(seconds: min(1, seconds / 2), minimum: 1, step)
        }
        return Result(
            name: name, threads: threads, stepsPerSecond: 1 / time, phases: shares, breakdown: breakdown,
            answerTokens: bench.answerTokens, kernelVariant: MachineLimit.kernelVariant)
    }
}

/// One model with its interfaces, and the data of its steps.
private final class StepBench {
    private let tokenizer: CharacterTokenizer
    private let actor: WorkerModel
    private let verifier: WorkerModel
    private let clock = ContinuousClock()
    private var generator = SeededGenerator(seed: 5)
    private var step: UInt64 = 0
    private(set) var answerTokens = 0.0

    init(spec: ModelSpec, pool: ThreadPool) throws {
        tokenizer = try Self.tokenizer(vocabularySize: spec.vocabularySize)
        actor = try WorkerModel(
            ModelName(.actor), spec: spec, optimizer: OptimizerOptions(learningRate: 1e-4), tokenizer: tokenizer,
            seed: 1, pool: pool)
        verifier = WorkerModel(rule: ModelName(.reward), tokenizer: tokenizer)
    }

    /// Printable ASCII, and Han characters as far as the vocabulary goes: an untrained model draws from all of it.
    private static func tokenizer(vocabularySize: Int) throws -> CharacterTokenizer {
        let visible = (0x20...0x7e).compactMap(Unicode.Scalar.init(_:) as (Int) -> Unicode.Scalar?)
        let others = (0x4e00..<0x4e00 + max(0, vocabularySize - 1 - visible.count))
            .compactMap(Unicode.Scalar.init(_:) as (Int) -> Unicode.Scalar?)
        return try CharacterTokenizer(characters: visible + others)
    }

    func policyStep(prompts: Int, answers: Int, _ phases: inout [String: Double]) throws {
        let context = nextContext()
        let policy = try Interfaces.make(
            InterfaceReference(
                "grpo_actor",
                arguments: [
                    "group_size": .integer(answers), "max_new_tokens": .integer(16), "kl_ctl": .number(0),
                ]))
        let reward = try Interfaces.make(
            InterfaceReference("verifier_reward", arguments: ["partial_credit": .number(0.1)]))
        var sample = try questions(prompts)
        let generated = try timed("generate", &phases) { try policy.run(.generate(sample, context), on: actor) }
        sample = try merged(sample, generated)
        let rewards = try timed("reward", &phases) { try reward.run(.inference(sample, context), on: verifier) }
        sample = try merged(sample, rewards)
        // Without a penalty for leaving it, the reference is not consulted; any numbers of the right shape do.
        sample = try sample.merging(
            sample.selecting([.packedLogProbabilities]).remappingKeys([
                .packedLogProbabilities: .packedReferenceLogProbabilities
            ]))
        let update = try timed("train", &phases) { try policy.run(.trainStep(sample, context), on: actor) }
        answerTokens = update.statistics.first { $0.name == "grpo_actor/seq_len" }?.value ?? 0
    }

    func supervisedStep(rows: Int, length: Int, _ phases: inout [String: Double]) throws {
        let sft = try Interfaces.make(InterfaceReference("sft"))
        let sample = try texts(rows, length: length)
        let context = nextContext()
        _ = try timed("train", &phases) { try sft.run(.trainStep(sample, context), on: actor) }
    }

    private func nextContext() -> CallContext {
        step += 1
        return CallContext(step: step, seed: step)
    }

    private func merged(_ sample: SequenceSample, _ result: InterfaceResult) throws -> SequenceSample {
        try result.outputs.map { try sample.merging($0) } ?? sample
    }

    private func timed<Value>(
        _ phase: String, _ phases: inout [String: Double], _ body: () throws -> Value
    ) rethrows -> Value {
        let start = clock.now
        let value = try body()
        phases[phase, default: 0] += start.duration(to: clock.now) / .seconds(1)
        return value
    }

    private func addition() -> (question: String, answer: String) {
        let (x, y) = (Int.random(in: 0...99, using: &generator), Int.random(in: 0...99, using: &generator))
        return ("\(x)+\(y)=", "\(x + y)")
    }

    private func questions(_ count: Int) throws -> SequenceSample {
        let pairs = (0..<count).map { _ in addition() }
        let prompts = try pairs.map { try tokenizer.encode($0.question) }
        let answers = try pairs.map { try tokenizer.encode($0.answer) }
        return try SequenceSample(
            ids: pairs.indices.map { "s\(step)-\($0)" },
            columns: [
                .packedPrompts: .init(lengths: prompts.map { [$0.count] }, array: .int32(prompts.flatMap(\.self))),
                .packedAnswers: .init(lengths: answers.map { [$0.count] }, array: .int32(answers.flatMap(\.self))),
            ])
    }

    /// Rows of repeated additions cut to `length` tokens; everything but the first token is trained.
    private func texts(_ rows: Int, length: Int) throws -> SequenceSample {
        let lines = (0..<rows).map { _ -> String in
            var text = ""
            while text.count < length {
                let pair = addition()
                text += pair.question + pair.answer + " "
            }
            return String(text.prefix(length))
        }
        let tokens: [Int32] = try lines.flatMap { line -> [Int32] in try tokenizer.encode(line) }
        let mask: [UInt8] = lines.flatMap { _ -> [UInt8] in [1] + Array(repeating: 0, count: length - 1) }
        let lengths = lines.map { _ in [length] }
        return try SequenceSample(
            ids: lines.indices.map { "t\(step)-\($0)" },
            columns: [
                .packedInputIDs: .init(lengths: lengths, array: .int32(tokens)),
                .promptMask: .init(lengths: lengths, array: .uint8(mask)),
            ])
    }
}
