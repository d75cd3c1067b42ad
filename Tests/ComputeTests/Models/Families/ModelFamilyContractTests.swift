import Testing

@testable import Compute

/// A spec of every family in every form that its `config.json` can tell apart.
private let specs: [ModelSpec] = {
    var gpt2 = ModelSpec.gpt2(vocabularySize: 9, contextLength: 16, width: 12, layers: 2, heads: 3, mlpWidth: 20)
    gpt2.dropout = ModelSpec.Dropout(embedding: 0.1, attention: 0.2, residual: 0.3)
    let scalings: [RotaryPosition.Scaling] = [
        .none, .linear(factor: 2.5), .dynamic(factor: 2, originalContext: 8), .dynamic(factor: 3, originalContext: 10),
        .llama3(factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContext: 8),
        .yarn(RotaryPosition.YaRN(factor: 4, originalContext: 8)),
        .yarn(
            RotaryPosition.YaRN(
                factor: 4, originalContext: 8, betaFast: 16, betaSlow: 2, attentionFactor: 1.25, truncates: false)),
    ]
    var all = [gpt2]
    for scaling in scalings {
        let rotary = RotaryPosition(base: 50_000, scaling: scaling)
        var llama = ModelSpec.llama(
            vocabularySize: 9, contextLength: 16, width: 12, layers: 2, heads: 3, keyValueHeads: 1, mlpWidth: 20,
            rotary: rotary)
        llama.headWidth = 6
        llama.biases = all.count % 2 == 0 ? .none : .all
        let qwen2 = ModelSpec.qwen2(
            vocabularySize: 9, contextLength: 16, width: 12, layers: 2, heads: 3, keyValueHeads: 1, mlpWidth: 20,
            rotary: rotary)
        all += [llama, qwen2]
    }
    for spec in all {
        var other = spec
        other.headWeights = spec.headWeights == .tied ? .separate : .tied
        other.normEpsilon = 3e-7
        var critic = spec
        critic.head = .value
        all += [other, critic]
    }
    return all
}()

@Suite struct `Model families` {
    @Test(arguments: specs)
    func `a spec reads back from its config as it was`(spec: ModelSpec) throws {
        let text = ModelConfiguration.json(spec, endTokens: [3, 4], type: .bfloat16).prettyText
        let read = try ModelConfiguration(json: Array(text.utf8), path: "config.json")
        #expect(read.spec == spec)
        #expect(read.source == (spec.head == .value ? .value : .languageModel))
        #expect(read.endTokens == [3, 4])
        #expect(read.type == .bfloat16)
    }

    @Test(arguments: [
        ("dtype", "bfloat16", TensorType.bfloat16), ("torch_dtype", "float16", .float16),
        ("torch_dtype", "torch.float32", .float32), ("dtype", "float64", .float64),
    ])
    func `the type of the weights has an old and a new key`(key: String, word: String, type: TensorType) throws {
        #expect(try ConfigurationText.gpt2.read().type == .float32)
        #expect(try ConfigurationText.gpt2.with(key, "\"\(word)\"").read().type == type)
        let both = ConfigurationText.gpt2.with("torch_dtype", #""float16""#).with("dtype", #""bfloat16""#)
        #expect(try both.read().type == .bfloat16)
    }

    @Test(arguments: [("dtype", "float8_e4m3fn"), ("torch_dtype", "int8")])
    func `a type that holds no weights is refused`(key: String, word: String) {
        let refusal = ConfigurationText.gpt2.with(key, "\"\(word)\"").refusal
        #expect(refusal?.summary == "This version cannot run a model with \(key) '\(word)'.")
    }

    @Test func `names of families and of their architectures are their own`() {
        let families = ModelFamilies.all
        #expect(Set(families.map(\.name)).count == families.count)
        let architectures = families.flatMap {
            [$0.architectures.languageModel, $0.architectures.value, $0.architectures.base]
        }
        #expect(Set(architectures).count == 3 * families.count)
    }

    @Test func `every family is among the specs of this test`() {
        #expect(Set(specs.map(\.family)) == Set(ModelFamilies.all.map(\.name)))
    }

    @Test(arguments: [
        (#"["GPT2Model"]"#, ModelConfiguration.Source.base), (#"["GPT2LMHeadModel"]"#, .languageModel),
        ("[]", .languageModel), ("null", .languageModel),
    ])
    func `the architecture tells what was saved`(value: String, source: ModelConfiguration.Source) throws {
        #expect(try ConfigurationText.gpt2.with("architectures", value).read().source == source)
    }

    @Test(arguments: [("num_labels", "1"), ("id2label", #"{"0":"LABEL_0"}"#)])
    func `a classifier of one label is a value head`(key: String, value: String) throws {
        let text = ConfigurationText.gpt2.with("architectures", #"["GPT2ForSequenceClassification"]"#)
        #expect(try text.with(key, value).spec().head == .value)
        #expect(text.with(key, nil).refusal?.summary == "This version cannot run a model with num_labels 2.")
    }
}

@Suite struct `A model as its own file tells of it` {
    private func stored(_ family: String) throws -> ModelSpec.Dropout {
        var spec = try ModelFamilies.named(family).spec(
            of: ModelSizes(vocabularySize: 7, contextLength: 8, width: 16, layers: 1, heads: 2))
        spec.dropout = ModelSpec.Dropout(embedding: 0.25, attention: 0.25, residual: 0.25)
        let stored = try spec.asStored()
        spec.dropout = stored.dropout
        #expect(stored == spec)
        return stored.dropout
    }

    @Test func `drops where its family does`() throws {
        #expect(try stored("gpt2") == ModelSpec.Dropout(embedding: 0.25, attention: 0.25, residual: 0.25))
        #expect(try stored("llama") == ModelSpec.Dropout(attention: 0.25))
        #expect(try stored("qwen2") == ModelSpec.Dropout(attention: 0.25))
    }
}
