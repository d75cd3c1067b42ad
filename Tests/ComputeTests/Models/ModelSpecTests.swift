import Testing

@testable import Compute

private let contradictions: [(@Sendable (inout ModelSpec) -> Void, String)] = [
    ({ $0.width = 130 }, "width 130 is not a multiple of heads 4."),
    ({ $0.layers = 0 }, "layers is 0 and must be at least 1."),
    ({ $0.vocabularySize = -1 }, "vocabularySize is -1 and must be at least 1."),
    ({ $0.keyValueHeads = 3 }, "heads 4 is not a multiple of keyValueHeads 3."),
    ({ $0.layers = 4097 }, "layers is 4097 and must be at most 4096."),
    ({ $0.width = .max }, "width is 9223372036854775807 and must be at most 4194304."),
    ({ $0.mlpWidth = 4_194_305 }, "mlpWidth is 4194305 and must be at most 4194304."),
    ({ $0.contextLength = .min }, "contextLength is -9223372036854775808 and must be at least 1."),
]

@Suite struct ModelSpecTests {
    private let spec = ModelSpec.gpt2(vocabularySize: 96, contextLength: 128, width: 128, layers: 4, heads: 4)

    @Test func `a GPT-2 style model is accepted, its MLP four times as wide`() throws {
        try spec.validate()
        #expect(spec.mlpWidth == 512)
        #expect(spec.headWidth == 32)
    }

    @Test(arguments: contradictions)
    func `sizes that contradict each other are explained`(
        change: @Sendable (inout ModelSpec) -> Void, detail: String,
    ) {
        var wrong = spec
        change(&wrong)
        let error = #expect(throws: ComputeError.self) { try wrong.validate() }
        #expect(error?.code == .unsupportedModel)
        #expect(error?.detail == detail)
    }

    @Test(arguments: [0, -1e-5, .infinity, .nan] as [Float])
    func `a norm cannot work with an epsilon that is no positive number`(epsilon: Float) {
        var wrong = spec
        wrong.normEpsilon = epsilon
        let error = #expect(throws: ComputeError.self) { try wrong.validate() }
        #expect(error?.detail == "normEpsilon is \(epsilon) and must be above 0.")
    }

    @Test func `the largest sizes still have a table whose offsets do not overflow`() throws {
        let most = 1 << 22
        var largest = ModelSpec.gpt2(vocabularySize: most, contextLength: most, width: most, layers: 1, heads: 1)
        largest.mlpWidth = most
        largest.layers = 4096
        try largest.validate()
        let bytesOfAllArenas = largest.parameterTable().count.multipliedReportingOverflow(by: 4 * 4)
        #expect(!bytesOfAllArenas.overflow)
    }

    @Test func `parts that do not run yet are refused by name`() {
        var llama = spec
        llama.norm = .rmsNorm
        #expect(summary(of: llama) == "This version cannot run a model with norm: rmsNorm.")
        var grouped = spec
        grouped.keyValueHeads = 2
        #expect(summary(of: grouped) == "This version cannot run a model with keyValueHeads: 2 with heads: 4.")
        var critic = spec
        critic.head = .value
        #expect(summary(of: critic) == "This version cannot run a model with head: value.")
    }

    private func summary(of spec: ModelSpec) -> String? {
        do {
            try spec.validate()
            return nil
        } catch {
            return error.summary
        }
    }
}
