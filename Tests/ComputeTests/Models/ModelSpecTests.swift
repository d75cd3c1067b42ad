import Testing

@testable import Compute

private let contradictions: [(@Sendable (inout ModelSpec) -> Void, String)] = [
    ({ $0.width = 130 }, "width 130 is not a multiple of heads 4."),
    ({ $0.headWidth = 0 }, "headWidth is 0 and must be at least 1."),
    ({ ($0.heads, $0.headWidth) = (1024, 8192) }, "heads 1024 times headWidth 8192 is above 4194304."),
    ({ $0.dropout.attention = 1 }, "attention dropout is 1.0 and must be in 0..<1."),
    (
        { ($0.family, $0.position, $0.headWidth) = ("llama", .rotary(RotaryPosition(base: 1e4)), 5) },
        "headWidth 5 is odd; rotary positions turn pairs."
    ),
    ({ $0.position = .rotary(RotaryPosition(base: 1)) }, "The rotary base is 1.0 and must be above 1."),
    (
        { $0.position = .rotary(RotaryPosition(base: 1e4, scaling: .linear(factor: 0.5))) },
        "The rotary scaling factor is 0.5 and must be at least 1."
    ),
    (
        { $0.position = .rotary(RotaryPosition(base: 1e4, scaling: .dynamic(factor: 2, originalContext: 0))) },
        "The rotary scaling's original context is 0 and must be at least 1."
    ),
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

    @Test func `an unknown family is refused with the nearest one`() {
        var unknown = spec
        unknown.family = "lama"
        let error = #expect(throws: ComputeError.self) { try unknown.validate() }
        #expect(error?.summary == "Unknown model family 'lama'.")
        #expect(error?.detail == "Families: gpt2, llama, qwen2. Did you mean 'llama'?")
    }

    @Test func `a Llama's rows are as wide as its heads and gates ask`() throws {
        let llama = ModelSpec.llama(
            vocabularySize: 9, contextLength: 8, width: 12, layers: 1, heads: 6, keyValueHeads: 2, mlpWidth: 20)
        try llama.validate()
        #expect(llama.queryKeyValueWidth == 12 + 2 * 4)
        #expect(llama.hiddenWidth == 40)
    }

    @Test func `tensors have the names and layouts of their family`() {
        let llama = ModelSpec.llama(
            vocabularySize: 9, contextLength: 8, width: 12, layers: 1, heads: 6, keyValueHeads: 2, mlpWidth: 20)
        let layer = "model.layers.0."
        #expect(
            llama.parameterTable().parameters.map(\.name) == [
                "model.embed_tokens.weight", layer + "input_layernorm.weight", layer + "self_attn.q_proj.weight",
                layer + "self_attn.k_proj.weight", layer + "self_attn.v_proj.weight",
                layer + "self_attn.o_proj.weight", layer + "post_attention_layernorm.weight",
                layer + "mlp.gate_proj.weight", layer + "mlp.up_proj.weight", layer + "mlp.down_proj.weight",
                "model.norm.weight", "lm_head.weight",
            ])
        #expect(llama.parameterTable()[layer + "self_attn.k_proj.weight"]?.shape == [4, 12])
        var critic = ModelSpec.qwen2(
            vocabularySize: 9, contextLength: 8, width: 12, layers: 1, heads: 6, keyValueHeads: 2, mlpWidth: 20)
        critic.head = .value
        let names = critic.parameterTable().parameters.map(\.name)
        #expect(names.filter { $0.hasSuffix(".bias") } == ["q", "k", "v"].map { layer + "self_attn.\($0)_proj.bias" })
        #expect(names.last == "score.weight")
    }
}
