import Protocol
import Testing

@testable import Workers

@Suite struct SequenceBufferTests {
    private static func call(_ name: String, in inputs: [SequenceKey], out: [SequenceKey] = [], n: Int = 2)
        -> ModelFunctionCall
    {
        ModelFunctionCall(
            name: name, interfaceType: .inference, interface: InterfaceReference("sft"), model: ModelName(.actor),
            inputKeys: inputs, outputKeys: out, sequences: n)
    }

    private func buffer(capacity: Int = 4) throws -> SequenceBuffer {
        SequenceBuffer(
            graph: try DataflowGraph([Self.call("gen", in: ["p"], out: ["t"]), Self.call("train", in: ["t"])]),
            capacity: capacity)
    }

    private func items(_ ids: [String], key: SequenceKey = "p") throws -> SequenceSample {
        try SequenceSample(
            ids: ids, columns: [key: .init(lengths: ids.map { _ in [1] }, elementType: .int32)])
    }

    @Test func `a call gets nothing until a whole batch is ready`() throws {
        var buffer = try buffer()
        try buffer.put(items(["a"]), births: [1])
        #expect(try buffer.take("gen") == nil)
        try buffer.put(items(["b"]), births: [2])
        #expect(try buffer.take("gen")?.ids == ["a", "b"])
    }

    @Test func `the oldest items are used first, whatever slot they lie in`() throws {
        var buffer = try buffer()
        try buffer.put(items(["young", "old", "middle"]), births: [30, 10, 20])
        #expect(try buffer.take("gen")?.ids == ["old", "middle"])
    }

    @Test func `a call never gets an item twice`() throws {
        var buffer = try buffer()
        try buffer.put(items(["a", "b"]), births: [1, 2])
        let batch = try #require(try buffer.take("gen"))
        buffer.finishReading(batch.slots)
        #expect(try buffer.take("gen") == nil)
    }

    @Test func `items become ready for a call when its keys have been added`() throws {
        var buffer = try buffer()
        try buffer.put(items(["a", "b"]), births: [1, 2])
        #expect(try buffer.take("train") == nil)
        let batch = try #require(try buffer.take("gen"))
        try buffer.amend(batch.slots, with: items(["a", "b"], key: "t"))
        #expect(buffer.readyCounts == ["gen": 0, "train": 2])
        #expect(try buffer.take("train")?.sample.keys == ["t"])
    }

    @Test func `a slot is free when every call has used the item and nobody reads it`() throws {
        var buffer = try buffer()
        try buffer.put(items(["a", "b"]), births: [1, 2])
        let generated = try #require(try buffer.take("gen"))
        try buffer.amend(generated.slots, with: items(["a", "b"], key: "t"))
        let trained = try #require(try buffer.take("train"))
        #expect(buffer.finishReading(trained.slots) == [])
        #expect(buffer.size == 2)
        #expect(buffer.beingRead == 2)
        #expect(buffer.finishReading(generated.slots) == ["a", "b"])
        #expect(buffer.size == 0)
    }

    @Test func `a full buffer takes nothing and says how full it is`() throws {
        var buffer = try buffer(capacity: 3)
        try buffer.put(items(["a", "b"]), births: [1, 2])
        let error = #expect(throws: BufferFull.self) { try buffer.put(items(["c", "d"]), births: [3, 4]) }
        #expect(error == BufferFull(capacity: 3, size: 2, added: 2))
        #expect(buffer.size == 2)
    }

    @Test func `freed slots are filled again, the lowest first`() throws {
        var buffer = SequenceBuffer(graph: try DataflowGraph([Self.call("train", in: ["p"], n: 1)]), capacity: 2)
        try buffer.put(items(["a", "b"]), births: [1, 2])
        let first = try #require(try buffer.take("train"))
        buffer.finishReading(first.slots)
        #expect(try buffer.put(items(["c"]), births: [3]) == [0])
        #expect(buffer.ids == ["b", "c"])
    }

    @Test func `staleness counts items by how many versions ago they were generated`() throws {
        var buffer = try buffer()
        try buffer.put(items(["a", "b"]), births: [1, 2])
        let batch = try #require(try buffer.take("gen"))
        #expect(buffer.staleness(at: [.actor: 5]) == [])
        try buffer.amend([batch.slots[0]], with: items(["a"], key: "t"), generatedBy: ModelWeights(.actor, 5))
        try buffer.amend([batch.slots[1]], with: items(["b"], key: "t"), generatedBy: ModelWeights(.actor, 3))
        #expect(buffer.staleness(at: [.actor: 5]) == [1, 0, 1])
        // A critic's update makes no answer older.
        #expect(buffer.staleness(at: [.actor: 5, ModelRole("critic"): 9]) == [1, 0, 1])
    }

    @Test func `the record of an event carries what a panel shows`() throws {
        var buffer = try buffer()
        try buffer.put(items(["a", "b"]), births: [1, 2])
        let record = buffer.record(.put, count: 2, step: 7, time: 9, versions: [:])
        #expect(record.event == "put")
        #expect((record.size, record.capacity, record.count) == (2, 4, 2))
        #expect(record.ready == ["gen": 2, "train": 0])
        #expect((record.step, record.timeNs) == (7, 9))
    }
}
