import Protocol
import Testing

/// Lists of calls that are no graph: the sentence a person reads, with what stands in the way.
@Suite struct GraphRefusalTests {
    private func call(
        _ name: String, _ type: InterfaceType = .inference, role: String = "actor", in inputs: [SequenceKey] = [],
        out outputs: [SequenceKey] = [], sequences: Int = 4
    ) -> ModelFunctionCall {
        ModelFunctionCall(
            name: name, interfaceType: type, interface: InterfaceReference("test"), model: ModelName(ModelRole(role)),
            inputKeys: inputs, outputKeys: outputs, sequences: sequences)
    }

    private func refusal(_ calls: [ModelFunctionCall], dataset: Set<SequenceKey>? = nil) -> DataflowError? {
        do {
            _ = try DataflowGraph(calls, datasetOutput: dataset)
            return nil
        } catch { return error }
    }

    @Test func `every refusal is a usage error in one sentence`() {
        let refusals = [
            (refusal([]), "the dataflow graph has no model function call"),
            (refusal([call("a", sequences: 0)]), "'a' has a batch of 0 sequences; it needs at least 1"),
            (refusal([call("a", sequences: -3)]), "'a' has a batch of -3 sequences; it needs at least 1"),
            (
                refusal([
                    call("a", .trainStep, role: "x", sequences: 4), call("b", .trainStep, role: "y", sequences: 8),
                ]),
                "train steps must agree on the batch: 'a' has 4 sequences, 'b' has 8"
            ),
            (
                refusal([call("a", .trainStep), call("i"), call("b", .trainStep)]),
                "role 'actor' has two train steps, 'a' and 'b'"
            ),
            (refusal([call("a"), call("b"), call("a")]), "two model function calls are named 'a'"),
            (refusal([call("a", in: ["k"], out: ["k"])]), "the dataflow graph has a cycle through 'a'"),
        ]
        for (error, summary) in refusals {
            #expect(error?.summary == summary)
            #expect(error?.exitCode == 2)
        }
    }

    @Test func `calls that only read from a cycle, or feed it, are not accused`() {
        let error = refusal([
            call("feeds", out: ["start"]), call("one", in: ["start", "back"], out: ["forth"]),
            call("two", in: ["forth"], out: ["back"]), call("reads", in: ["forth"], out: ["end"]),
            call("last", in: ["end"]),
        ])
        #expect(error?.summary == "the dataflow graph has a cycle through 'one', 'two'")
    }

    @Test func `two cycles are both named`() {
        let error = refusal([
            call("a", in: ["x"], out: ["x"]), call("between", in: ["x"], out: ["y"]),
            call("b", in: ["y", "w"], out: ["z"]), call("c", in: ["z"], out: ["w"]),
        ])
        #expect(error?.summary == "the dataflow graph has a cycle through 'a', 'b', 'c'")
    }

    @Test(
        arguments: [
            (["prompts", "answers"], "only answers, prompts. Did you mean 'prompts'?"),
            (["labels"], "only labels."), ([], "none."),
        ] as [(Set<SequenceKey>, String)])
    func `a key that the dataset lacks is told with what it offers`(dataset: Set<SequenceKey>, rest: String) {
        let error = refusal([call("gen", in: ["prompt"])], dataset: dataset)
        #expect(error?.code == .missingKey)
        #expect(
            error?.summary
                == "'gen' needs key 'prompt': no model function call outputs it and the dataset offers \(rest)")
    }

    @Test func `a key that a call outputs is not asked of the dataset, and spare dataset keys do not matter`() throws {
        let graph = try DataflowGraph(
            [call("reader", in: ["made", "prompts"]), call("maker", out: ["made"])],
            datasetOutput: ["prompts", "spare"])
        #expect(graph.datasetKeys == ["prompts"])
        #expect(graph.parents(of: "reader") == ["maker"])
    }

    @Test func `a key read twice makes one edge`() throws {
        let graph = try DataflowGraph([
            call("maker", out: ["a", "b"]), call("reader", in: ["a", "b", "a"]),
        ])
        #expect(graph.parents(of: "reader") == ["maker"])
        #expect(graph.children(of: "maker") == ["reader"])
    }

    @Test func `inference and generation may differ in batch; train steps of two roles may not`() throws {
        let mixed = [call("g", .generate, sequences: 2), call("i", sequences: 8), call("t", .trainStep, sequences: 4)]
        #expect(try DataflowGraph(mixed).largestBatch == 8)
        #expect(
            refusal(mixed + [call("u", .trainStep, role: "critic", sequences: 8)])?.code == .batchMismatch)
    }

    @Test func `an unknown name has no neighbours`() throws {
        let graph = try DataflowGraph([call("a", out: ["k"])])
        #expect(graph["b"] == nil)
        #expect(
            graph.parents(of: "b").isEmpty && graph.children(of: "b").isEmpty && graph.allSuccessors(of: "b").isEmpty)
    }
}
