import Protocol
import Testing

@testable import Compute

@Suite struct `Adapter options and folders` {
    private static let spec = ModelSpec.gpt2(vocabularySize: 5, contextLength: 4, width: 8, layers: 2, heads: 2)

    private func names(_ targets: AdapterOptions.Targets) throws -> [String] {
        let options = AdapterOptions(rank: 2, alpha: 4, targets: targets)
        return try Self.spec.parameterTable(adapter: options).parameters.filter(\.isTrained).map(\.name)
    }

    @Test func `targets are whole names or their ends`() throws {
        #expect(
            try names(.named(["c_attn"])) == [
                "base_model.model.transformer.h.0.attn.c_attn.lora_A.weight",
                "base_model.model.transformer.h.0.attn.c_attn.lora_B.weight",
                "base_model.model.transformer.h.1.attn.c_attn.lora_A.weight",
                "base_model.model.transformer.h.1.attn.c_attn.lora_B.weight",
            ])
        // c_proj names two layers of each block, mlp.c_proj one, and a whole name one of all.
        #expect(try names(.named(["c_proj"])).count == 8)
        #expect(try names(.named(["mlp.c_proj"])).count == 4)
        #expect(try names(.named(["transformer.h.1.mlp.c_fc"])).count == 2)
        #expect(try names(.allLinear).count == 16)
    }

    @Test func `the scale is alpha over the rank, or over its root`() {
        #expect(AdapterOptions(rank: 16, alpha: 32, targets: .allLinear).scale == 2)
        #expect(AdapterOptions(rank: 16, alpha: 32, targets: .allLinear, scaling: .rankStabilized).scale == 8)
    }

    @Test(arguments: [["q_proj"], ["attn"], ["proj"], []])
    func `a target the model does not have is refused with those it has`(names: [String]) throws {
        let error = #expect(throws: ComputeError.self) { try self.names(.named(names)) }
        #expect(error?.code == .unsupportedModel)
        #expect(error?.detail == "Its linear layers are c_attn, c_fc, c_proj.")
    }

    @Test func `the value head is trained beside the adapter`() throws {
        var spec = Self.spec
        spec.head = .value
        let table = try spec.parameterTable(adapter: AdapterOptions(rank: 1, alpha: 1, targets: .named(["c_fc"])))
        #expect(table["score.weight"]?.isTrained == true)
        #expect(table["transformer.wte.weight"]?.isTrained == false)
    }

    @Test(arguments: [
        (#"{"peft_type": "IA3"}"#, "peft_type is not LORA"),
        (#"{"peft_type": "LORA", "r": 0, "lora_alpha": 1, "target_modules": ["c_fc"]}"#, "r and lora_alpha"),
        (#"{"peft_type": "LORA", "r": 2, "lora_alpha": 1}"#, "target_modules"),
        (#"{"peft_type": "LORA", "r": 2, "lora_alpha": 1, "target_modules": [1]}"#, "target_modules"),
        (#"{"peft_type": "LORA", "r": 2, "lora_alpha": 1, "target_modules": ["a"], "use_dora": true}"#, "use_dora"),
        (
            #"{"peft_type": "LORA", "r": 2, "lora_alpha": 1, "target_modules": ["a"], "rank_pattern": {"a": 4}}"#,
            "rank_pattern"
        ),
        (#"{"peft_type": "LORA", "r": 2, "lora_alpha": 1, "target_modules": ["a"], "bias": "all"}"#, "bias is all"),
        (
            #"{"peft_type": "LORA", "r": 2, "lora_alpha": 1, "target_modules": ["a"], "modules_to_save": ["wte"]}"#,
            "modules_to_save"
        ),
        ("{", "adapter_config.json"),
    ])
    func `a configuration that would be read wrongly is refused`(json: String, reason: String) throws {
        let scratch = try ScratchFolder()
        _ = try scratch.write(Array(json.utf8), to: "adapter_config.json")
        let error = #expect(throws: ComputeError.self) { try AdapterFolder(path: scratch.path).options() }
        #expect(error?.summary.contains(reason) == true, "\(error?.summary ?? "")")
    }

    @Test func `an adapter of another shape, or weights that are not finite, change nothing`() throws {
        let scratch = try ScratchFolder()
        let folder = AdapterFolder(path: scratch.path + "/a")
        func model(rank: Int) throws -> LanguageModel {
            let options = AdapterOptions(rank: rank, alpha: 4, targets: .named(["c_fc"]))
            return try LanguageModel(
                spec: Self.spec, seed: 1, pool: ThreadPool(threads: 1), options: ModelOptions(adapter: options))
        }
        let (one, other) = try (model(rank: 2), model(rank: 4))
        try folder.save(one)
        let before = other.weights.array
        #expect(throws: ComputeError.self) { try folder.load(into: other) }
        #expect(other.weights.array == before)
        one.changeWeights { $0.base[one.table.count - 17] = .nan }
        let error = #expect(throws: ComputeError.self) { try AdapterFolder(path: scratch.path + "/b").save(one) }
        #expect(error?.code == .notFinite)
        #expect(FolderListing.names(in: scratch.path + "/b") == nil)
    }

    @Test func `a model without an adapter has none to save`() throws {
        let model = try LanguageModel(spec: Self.spec, seed: 1, pool: ThreadPool(threads: 1))
        #expect(throws: ComputeError.self) { try AdapterFolder(path: "/nowhere").save(model) }
    }
}
