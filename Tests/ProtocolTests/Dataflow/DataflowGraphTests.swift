import Testing

@testable import Protocol

@Suite struct DataflowGraphTests {
    private static func call(
        _ name: String, _ type: InterfaceType = .inference, role: String? = nil, in inputs: [SequenceKey] = [],
        out outputs: [SequenceKey] = [], sequences: Int = 4
    ) -> ModelFunctionCall {
        ModelFunctionCall(
            name: name, interfaceType: type, interface: InterfaceReference("test"),
            model: ModelName(ModelRole(role ?? name)),
            inputKeys: inputs, outputKeys: outputs, sequences: sequences)
    }

    private static let grpo = [
        call(
            "actor_gen", .generate, role: "actor", in: ["packed_prompts"], out: ["packed_input_ids", "packed_logprobs"]),
        call("rew_inf", in: ["packed_input_ids"], out: ["rewards"]),
        call("ref_inf", in: ["packed_input_ids"], out: ["packed_ref_logprobs"]),
        call(
            "actor_train", .trainStep, role: "actor",
            in: ["packed_input_ids", "packed_logprobs", "rewards", "packed_ref_logprobs"]),
    ]

    @Test func `edges come from keys`() throws {
        let graph = try DataflowGraph(Self.grpo)
        #expect(graph.parents(of: "actor_train") == ["actor_gen", "rew_inf", "ref_inf"])
        #expect(graph.children(of: "actor_gen") == ["rew_inf", "ref_inf", "actor_train"])
        #expect(graph.levels == [["actor_gen"], ["rew_inf", "ref_inf"], ["actor_train"]])
        #expect(graph.sources.map(\.name) == ["actor_gen"])
        #expect(graph.allSuccessors(of: "actor_gen") == ["rew_inf", "ref_inf", "actor_train"])
        #expect(graph.datasetKeys == ["packed_prompts"])
        #expect(graph.largestBatch == 4)
    }

    @Test func `when two calls output one key, the last listed wins`() throws {
        let graph = try DataflowGraph([
            Self.call("first", out: ["k"]), Self.call("second", out: ["k"]), Self.call("reader", in: ["k"]),
        ])
        #expect(graph.parents(of: "reader") == ["second"])
    }

    @Test func `a cycle names the calls in it`() {
        let error = #expect(throws: DataflowError.self) {
            try DataflowGraph([
                Self.call("a", in: ["y"], out: ["x"]), Self.call("b", in: ["x"], out: ["y"]), Self.call("c"),
            ])
        }
        #expect(error?.code == .cycle)
        #expect(error?.summary == "the dataflow graph has a cycle through 'a', 'b'")
    }

    @Test func `a key nobody supplies is named with a suggestion`() {
        let error = #expect(throws: DataflowError.self) {
            try DataflowGraph(
                [Self.call("gen", in: ["packed_promts"])], datasetOutput: ["packed_prompts", "packed_answers"])
        }
        #expect(error?.code == .missingKey)
        #expect(
            error?.summary
                == "'gen' needs key 'packed_promts': no model function call outputs it and the dataset offers "
                + "only packed_answers, packed_prompts. Did you mean 'packed_prompts'?")
    }

    @Test func `two calls of one name are refused`() {
        #expect(throws: DataflowError(code: .duplicateName, summary: "two model function calls are named 'a'")) {
            try DataflowGraph([Self.call("a"), Self.call("a")])
        }
    }

    @Test func `train steps must agree on the batch and a role trains once`() {
        #expect(throws: DataflowError.self) {
            try DataflowGraph([Self.call("a", .trainStep, sequences: 4), Self.call("b", .trainStep, sequences: 8)])
        }
        let error = #expect(throws: DataflowError.self) {
            try DataflowGraph([Self.call("a", .trainStep, role: "actor"), Self.call("b", .trainStep, role: "actor")])
        }
        #expect(error?.code == .twoTrainSteps)
    }

    @Test func `an empty graph and an empty batch are refused`() {
        #expect(throws: DataflowError.self) { try DataflowGraph([]) }
        #expect(throws: DataflowError.self) { try DataflowGraph([Self.call("a", sequences: 0)]) }
    }
}
