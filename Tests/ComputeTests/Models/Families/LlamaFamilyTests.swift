import Testing

@testable import Compute

@Suite struct `Llama and Qwen2 configuration` {
    private static let llama: ModelSpec = .llama(
        vocabularySize: 17, contextLength: 32, width: 16, layers: 2, heads: 4, keyValueHeads: 2, mlpWidth: 24)

    @Test func `sizes alone mean the family's rules`() throws {
        #expect(try ConfigurationText.llama.spec() == Self.llama)
        var qwen2 = ModelSpec.qwen2(
            vocabularySize: 17, contextLength: 32, width: 16, layers: 2, heads: 4, keyValueHeads: 2, mlpWidth: 24,
            rotary: RotaryPosition(base: 10_000))
        qwen2.headWeights = .separate
        #expect(try ConfigurationText.qwen2.spec() == qwen2)
    }

    @Test func `missing head width and key and value heads follow from the others`() throws {
        let plain = try ConfigurationText.llama.with("num_key_value_heads", nil).with("head_dim", "null").spec()
        #expect(plain.keyValueHeads == 4)
        #expect(plain.headWidth == 4)
        #expect(try ConfigurationText.llama.with("head_dim", "6").spec().headWidth == 6)
    }

    @Test func `the rest of a file is read`() throws {
        var text = ConfigurationText.llama
        text.lines.merge(
            [
                "rms_norm_eps": "1e-05", "attention_dropout": "0.25", "tie_word_embeddings": "true",
                "attention_bias": "true", "mlp_bias": "true", "eos_token_id": "[2, 5]", "hidden_act": #""silu""#,
            ]
        ) { $1 }
        let read = try text.read()
        #expect(read.spec.normEpsilon == 1e-5)
        #expect(read.spec.dropout == ModelSpec.Dropout(attention: 0.25))
        #expect(read.spec.headWeights == .tied)
        #expect(read.spec.biases == .all)
        #expect(read.endTokens == [2, 5])
    }

    @Test(arguments: [
        ("hidden_act", "\"gelu\"", "hidden_act 'gelu'"),
        ("attention_bias", "true", "attention_bias true and mlp_bias false"),
        ("mlp_bias", "true", "attention_bias false and mlp_bias true"),
        ("partial_rotary_factor", "0.5", "partial_rotary_factor 0.5"),
        ("quantization_config", #"{"quant_method":"gptq"}"#, "quantization_config"),
        ("model_type", "\"lama\"", "model_type 'lama'"),
        ("architectures", #"["LlamaForTokenClassification"]"#, "architectures 'LlamaForTokenClassification'"),
        ("architectures", #"["LlamaForSequenceClassification"]"#, "num_labels 2"),
    ])
    func `what is not computed here is refused by key`(key: String, value: String, what: String) throws {
        let refusal = try #require(ConfigurationText.llama.with(key, value).refusal)
        #expect(refusal.code == .unsupportedModel)
        #expect(refusal.summary == "This version cannot run a model with \(what).")
    }

    @Test(arguments: [
        ("num_key_value_heads", "3", "num_attention_heads 4 is not a multiple of num_key_value_heads 3"),
        ("hidden_size", "18", "hidden_size 18 is not a multiple of num_attention_heads 4"),
        ("head_dim", "5", "head_dim 5 is not a multiple of rotary pairs of 2"),
        (
            "architectures", "\"LlamaForCausalLM\"",
            "architectures is \"LlamaForCausalLM\" and must be a list of strings"
        ),
        ("eos_token_id", "[2, \"x\"]", "eos_token_id is [2,\"x\"] and must be a token or a list of tokens"),
        ("eos_token_id", "4294967296", "eos_token_id is 4294967296 and must be a token or a list of tokens"),
        ("tie_word_embeddings", "1", "tie_word_embeddings is 1 and must be true or false"),
        ("hidden_act", "3", "hidden_act is 3 and must be a string"), ("model_type", "null", "model_type is missing"),
        ("rms_norm_eps", "1e999", "rms_norm_eps is 1e999 and must be a number"),
        (
            "vocab_size", #""a text that is much longer than a size ever is in such a file""#,
            #"vocab_size is "a text that is much longer than a size … and must be an integer"#
        ),
    ])
    func `a value that makes no sense is named with its key`(key: String, value: String, reason: String) throws {
        let refusal = try #require(ConfigurationText.llama.with(key, value).refusal)
        #expect(refusal.summary == "config.json cannot be used: \(reason)")
    }

    @Test func `a misspelt key is suggested`() throws {
        let text = ConfigurationText.llama.with("hidden_size", nil).with("hiden_size", "16")
        #expect(
            text.refusal?.summary
                == "config.json cannot be used: hidden_size is missing. Did you mean 'hiden_size'?")
        #expect(
            ConfigurationText.llama.with("model_type", "\"lama\"").refusal?.detail
                == "/models/m/config.json: Known are gpt2, llama, qwen2. Did you mean 'llama'?")
    }

    @Test(arguments: [
        ("use_sliding_window", "true", "sliding_window", "16", "max_window_layers", "1"),
        ("use_sliding_window", "true", "sliding_window", "31", "max_window_layers", "0"),
        ("layer_types", #"["full_attention","sliding_attention"]"#, "sliding_window", "16", "use_cache", "true"),
    ])
    func `a window shorter than the context is refused`(
        one: String, value: String, two: String, second: String, three: String, third: String,
    ) throws {
        let text = ConfigurationText.qwen2.with(one, value).with(two, second).with(three, third)
        #expect(text.refusal?.summary == "This version cannot run a model with sliding_window \(second).")
    }

    @Test(arguments: [
        ("use_sliding_window", "false", "sliding_window", "16", "max_window_layers", "0"),
        ("use_sliding_window", "true", "sliding_window", "32", "max_window_layers", "0"),
        ("use_sliding_window", "true", "sliding_window", "16", "max_window_layers", "2"),
        ("layer_types", #"["full_attention","full_attention"]"#, "sliding_window", "null", "use_cache", "true"),
    ])
    func `a window that changes nothing is accepted`(
        one: String, value: String, two: String, second: String, three: String, third: String,
    ) throws {
        let text = ConfigurationText.qwen2.with(one, value).with(two, second).with(three, third)
        #expect(try text.spec() == ConfigurationText.qwen2.spec())
    }

    @Test(arguments: [
        (#"["full_attention"]"#, "layer_types has 1 entries for num_hidden_layers 2"),
        (#"["full_attention","chunked_attention"]"#, "layer_types 'chunked_attention'"),
        ("[1]", "layer_types is [1] and must be a list of strings"),
    ])
    func `kinds of layers that make no sense are refused`(value: String, reason: String) throws {
        let refusal = try #require(ConfigurationText.qwen2.with("layer_types", value).refusal)
        #expect(refusal.summary.contains(reason), "\(refusal.summary)")
    }
}
