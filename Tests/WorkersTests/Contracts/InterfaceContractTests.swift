import Compute
import Protocol
import TestSupport
import Testing

@testable import Workers

/// One type of one interface, as the contract runs over them.
private struct Served: Sendable, CustomTestStringConvertible {
    let interface: String
    let type: InterfaceType

    var testDescription: String { "\(interface) \(type.rawValue)" }

    static let all: [Served] = Interfaces.all.flatMap { interface in
        interface.signatures.keys.sorted { $0.rawValue < $1.rawValue }.map {
            Served(interface: interface.name, type: $0)
        }
    }
}

/// What every interface on the list keeps, run on data that is made from the keys it says it reads.
@Suite struct `Every interface` {
    private static let tokenizer = CharacterTokenizer(covering: ["0123456789+="])
    private static let rows = (0..<3).map {
        PromptRow(line: $0 + 1, prompt: "\($0)+1=", answer: "\($0 + 1)")
    }

    private static let ids = rows.map { "\($0.line)" }

    private static func model() throws -> WorkerModel {
        try WorkerModel(
            ModelName(.actor),
            spec: .gpt2(vocabularySize: tokenizer.vocabularySize, contextLength: 64, width: 16, layers: 1, heads: 2),
            optimizer: OptimizerOptions(learningRate: 1e-2), tokenizer: tokenizer, seed: 5, pool: ThreadPool(threads: 1)
        )
    }

    /// Three prompts with three answers each, under one of the keys there are.
    private static func column(_ key: SequenceKey) throws -> SequenceSample.Column {
        let prompts = try rows.map { try tokenizer.encode($0.prompt) },
            answers: [[Int32]] = [[2, 0], [3, 4, 0], [5, 6, 7]]
        let sequences = prompts.map { prompt in answers.map { prompt + $0 } }
        let lengths = sequences.map { $0.map(\.count) }
        let scored = lengths.map { $0.map { $0 - 1 } }, single = lengths.map { $0.map { _ in 1 } }
        func numbers(_ lengths: [[Int]], from first: Float) -> PackedArray {
            .float32((0..<lengths.joined().reduce(0, +)).map { first + 0.05 * Float($0 % 7) })
        }
        switch key {
        case .packedPrompts:
            return .init(lengths: prompts.map { [$0.count] }, array: .int32(prompts.flatMap(\.self)))
        case .packedAnswers:
            let wanted = try rows.map { try tokenizer.encode($0.answer ?? "") }
            return .init(lengths: wanted.map { [$0.count] }, array: .int32(wanted.flatMap(\.self)))
        case .packedInputIDs:
            return .init(lengths: lengths, array: .int32(sequences.joined().flatMap(\.self)))
        case .promptMask:
            let masks = sequences.joined().flatMap { sequence in sequence.indices.map { UInt8($0 < 4 ? 1 : 0) } }
            return .init(lengths: lengths, array: .uint8(masks))
        case .packedLogProbabilities: return .init(lengths: scored, array: numbers(scored, from: -2.6))
        case .packedReferenceLogProbabilities: return .init(lengths: scored, array: numbers(scored, from: -2.5))
        case .rewards:
            return .init(lengths: single, array: .float32([1, 0, 0, 0, 1, 0.5, 1, 1, 0]))
        case .sequenceNoEOSMask:
            return .init(lengths: single, array: .uint8([0, 0, 1, 0, 0, 1, 0, 0, 1]))
        default:
            throw WorkerError(.plan, "the contract does not know how to make key '\(key)': add it here")
        }
    }

    private static func sample(_ signature: InterfaceSignature) throws -> SequenceSample {
        try SequenceSample(
            ids: ids,
            columns: Dictionary(uniqueKeysWithValues: signature.inputs.map { ($0, try column($0)) }))
    }

    private struct Outcome {
        var outputs: SequenceSample?
        var statistics: [Metric]
        /// What the model says afterwards: equal only where its weights are.
        var scores: [[Float]]
    }

    private static func run(_ served: Served, seed: UInt64 = 3, _ spec: MicroBatchSpec = MicroBatchSpec()) throws
        -> Outcome
    {
        let type = try Interfaces.find(served.interface), interface = try Interfaces.make(InterfaceReference(type.name))
        let signature = try #require(type.signatures[served.type])
        let context = CallContext(step: 2, seed: seed, microBatches: spec), model = try model()
        let call: InterfaceCall =
            switch served.type {
            case .generate: .generate(try sample(signature), context)
            case .inference: .inference(try sample(signature), context)
            case .trainStep: .trainStep(try sample(signature), context)
            case .evaluate: .evaluate(rows, context)
            }
        let result = try interface.run(call, on: model)
        return Outcome(
            outputs: result.outputs, statistics: result.statistics,
            scores: try model.score([[1, 2, 3, 4], [5, 6]], CallContext(step: 1, seed: 1)))
    }

    @Test(arguments: Served.all)
    private func `makes exactly the keys it promises, for the items it was given`(served: Served) throws {
        let outcome = try Self.run(served)
        let promised = try #require(Interfaces.find(served.interface).signatures[served.type]).outputs
        #expect(Set(outcome.outputs?.columns.keys.map(\.self) ?? []) == Set(promised))
        if let outputs = outcome.outputs { #expect(outputs.ids == Self.ids) }
        #expect(promised.isEmpty != outcome.statistics.isEmpty)
        #expect(Set(outcome.statistics.map(\.name)).count == outcome.statistics.count)
    }

    @Test(arguments: Served.all)
    private func `does the same for the same seed, bit for bit`(served: Served) throws {
        let one = try Self.run(served), other = try Self.run(served)
        #expect(one.outputs == other.outputs)
        #expect(one.statistics == other.statistics)
        #expect(one.scores == other.scores)
    }

    @Test(arguments: Served.all.filter { $0.type == .generate })
    private func `draws otherwise for another seed`(served: Served) throws {
        #expect(try Self.run(served, seed: 3).outputs != Self.run(served, seed: 4).outputs)
    }

    @Test(arguments: Served.all)
    private func `changes weights where it trains and nowhere else`(served: Served) throws {
        let untouched = try Self.model().score([[1, 2, 3, 4], [5, 6]], CallContext(step: 1, seed: 1))
        #expect((try Self.run(served).scores == untouched) == (served.type != .trainStep))
    }

    @Test(
        arguments: Served.all,
        [
            MicroBatchSpec(minimumCount: 2), MicroBatchSpec(minimumCount: 9), MicroBatchSpec(maximumTokens: 8),
        ])
    private func `does the same whatever micro-batches it is cut into`(served: Served, spec: MicroBatchSpec) throws {
        let whole = try Self.run(served), cut = try Self.run(served, spec)
        #expect(cut.statistics.map(\.name) == whole.statistics.map(\.name))
        for (one, other) in zip(whole.statistics, cut.statistics) {
            #expect(abs(one.value - other.value) <= 1e-5 * max(1, abs(one.value)), "\(one.name)")
        }
        for (one, other) in zip(whole.scores.joined(), cut.scores.joined()) { #expect(abs(one - other) < 1e-5) }
        for (key, column) in whole.outputs?.columns ?? [:] {
            let other = try #require(cut.outputs?.columns[key])
            #expect(column.lengths == other.lengths)
            guard case .float32(let values)? = column.array, case .float32(let cut)? = other.array else {
                #expect(column.array == other.array)
                continue
            }
            for (one, other) in zip(values, cut) { #expect(abs(one - other) < 1e-5, "\(key)") }
        }
    }
}
