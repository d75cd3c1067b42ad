import Protocol
import TestSupport
import Testing

@testable import Workers

/// The buffer as a list of rows, every question answered by looking at all of them.
private struct NaiveBuffer {
    struct Row {
        let slot: Int
        let id: String
        let birth: Int64
        var keys: Set<SequenceKey>
        var usedBy: Set<String> = []
        var readers = 0
        var version: UInt64?
    }

    let calls: [ModelFunctionCall]
    let capacity: Int
    var rows: [Row] = []

    mutating func put(_ ids: [String], births: [Int64], keys: Set<SequenceKey>) -> [Int]? {
        let free = (0..<capacity).filter { slot in !rows.contains { $0.slot == slot } }.prefix(ids.count)
        guard free.count == ids.count else { return nil }
        for (slot, (id, birth)) in zip(free, zip(ids, births)) {
            rows.append(Row(slot: slot, id: id, birth: birth, keys: keys))
        }
        return Array(free)
    }

    func ready(_ call: ModelFunctionCall) -> [Row] {
        rows.filter { !$0.usedBy.contains(call.name) && $0.keys.isSuperset(of: call.inputKeys) }
            .sorted { ($0.birth, $0.slot) < ($1.birth, $1.slot) }
    }

    mutating func take(_ call: ModelFunctionCall) -> [Row]? {
        let ready = ready(call)
        guard ready.count >= call.sequences else { return nil }
        let chosen = Array(ready.prefix(call.sequences))
        for row in chosen {
            change(row.slot) {
                $0.usedBy.insert(call.name); $0.readers += 1
            }
        }
        return chosen
    }

    mutating func change(_ slot: Int, _ body: (inout Row) -> Void) {
        for index in rows.indices where rows[index].slot == slot { body(&rows[index]) }
    }

    mutating func finish(_ slots: [Int]) -> [String] {
        for slot in slots { change(slot) { $0.readers -= 1 } }
        let gone = slots.filter { slot in
            rows.contains { $0.slot == slot && $0.readers == 0 && $0.usedBy.count == calls.count }
        }
        let ids = gone.compactMap { slot in rows.first { $0.slot == slot }?.id }
        rows.removeAll { gone.contains($0.slot) }
        return ids
    }

    func staleness(at version: UInt64) -> [Int] {
        let lags = rows.compactMap(\.version).map { $0 > version ? 0 : Int(version - $0) }
        return (0..<((lags.max() ?? -1) + 1)).map { lag in lags.count { $0 == lag } }
    }
}

@Suite struct `The sequence buffer against a naive one` {
    private struct Out {
        let call: ModelFunctionCall
        let slots: [Int]
        let ids: [String]
    }

    /// A buffer and its naive twin, driven through the same random operations.
    private struct Pair {
        var buffer: SequenceBuffer
        var naive: NaiveBuffer
        var generator: SplitMix
        var out: [Out] = []
        var nextID = 0
        let graph: DataflowGraph

        init(seed: UInt64) throws {
            generator = SplitMix(seed: seed)
            var trial = RandomTrial(seed: seed)
            graph = try DataflowGraph(try trial.plan().setups[0].calls)
            let capacity = graph.largestBatch * Int.random(in: 1...4, using: &generator)
            buffer = SequenceBuffer(graph: graph, capacity: capacity)
            naive = NaiveBuffer(calls: graph.calls, capacity: capacity)
        }

        mutating func step() throws {
            switch Int.random(in: 0..<4, using: &generator) {
            case 0: try put()
            case 1, 2: try take()
            default: try finish()
            }
            try compare()
        }

        private func sample(_ ids: [String], _ keys: some Sequence<SequenceKey>) throws -> SequenceSample {
            let column = SequenceSample.Column(lengths: ids.map { _ in [2] }, elementType: .int32)
            return try SequenceSample(ids: ids, columns: Dictionary(uniqueKeysWithValues: keys.map { ($0, column) }))
        }

        private mutating func put() throws {
            let ids = (0..<Int.random(in: 0...graph.largestBatch, using: &generator)).map { "i\(nextID + $0)" }
            nextID += ids.count
            // Few distinct births, so that ties occur.
            let births = ids.map { _ in Int64.random(in: -3...3, using: &generator) }
            let expected = naive.put(ids, births: births, keys: graph.datasetKeys)
            do {
                let slots = try buffer.put(try sample(ids, graph.datasetKeys), births: births)
                #expect(slots == expected)
            } catch let full as BufferFull {
                #expect(expected == nil)
                #expect(full == BufferFull(capacity: naive.capacity, size: naive.rows.count, added: ids.count))
            }
        }

        private mutating func take() throws {
            guard let call = graph.calls.randomElement(using: &generator) else { return }
            let batch = try buffer.take(call.name), expected = naive.take(call)
            #expect(batch?.ids == expected?.map(\.id))
            #expect(batch?.slots == expected?.map(\.slot))
            guard let batch else { return }
            #expect(batch.sample.keys == Set(call.inputKeys))
            out.append(Out(call: call, slots: batch.slots, ids: batch.ids))
        }

        private mutating func finish() throws {
            guard let index = out.indices.randomElement(using: &generator) else { return }
            let item = out.remove(at: index)
            if !item.call.outputKeys.isEmpty {
                let version = Bool.random(using: &generator) ? UInt64.random(in: 0...9, using: &generator) : nil
                try buffer.amend(
                    item.slots, with: try sample(item.ids, item.call.outputKeys),
                    generatedBy: version.map { ModelWeights(.actor, WeightVersion($0)) })
                for slot in item.slots {
                    naive.change(slot) {
                        $0.keys.formUnion(item.call.outputKeys)
                        $0.version = version ?? $0.version
                    }
                }
            }
            #expect(buffer.finishReading(item.slots) == naive.finish(item.slots))
        }

        private func compare() throws {
            #expect(buffer.size == naive.rows.count)
            #expect(buffer.beingRead == naive.rows.count { $0.readers > 0 })
            #expect(Set(buffer.ids) == Set(naive.rows.map(\.id)))
            #expect(
                buffer.readyCounts
                    == Dictionary(uniqueKeysWithValues: graph.calls.map { ($0.name, naive.ready($0).count) }))
            for version: UInt64 in [0, 4, 9] {
                #expect(buffer.staleness(at: [.actor: WeightVersion(version)]) == naive.staleness(at: version))
            }
        }
    }

    @Test(arguments: UInt64(1)...25) func `agrees after every one of 150 operations`(seed: UInt64) throws {
        var pair = try Pair(seed: seed)
        for _ in 0..<150 { try pair.step() }
    }
}

@Suite struct `What a sequence buffer refuses` {
    private func buffer(capacity: Int = 4) throws -> SequenceBuffer {
        SequenceBuffer(graph: try DataflowGraph([TinyTrial.supervisedCall(2)]), capacity: capacity)
    }

    private func items(_ ids: [String]) throws -> SequenceSample {
        let column = SequenceSample.Column(lengths: ids.map { _ in [1] }, elementType: .int32)
        return try SequenceSample(ids: ids, columns: [.packedInputIDs: column, .promptMask: column])
    }

    @Test(arguments: [0, 1, 3]) func `birth times that are not one an item`(count: Int) throws {
        var buffer = try buffer()
        #expect(throws: WorkerError(.message, "2 items came with \(count) birth times")) {
            try buffer.put(items(["a", "b"]), births: Array(repeating: 0, count: count))
        }
        #expect(buffer.size == 0)
    }

    @Test func `a sample that amends another number of slots, a free slot, or other items`() throws {
        var buffer = try buffer()
        try buffer.put(items(["a", "b"]), births: [1, 2])
        #expect(throws: WorkerError(.message, "1 items cannot amend 2 slots")) {
            try buffer.amend([0, 1], with: items(["a"]))
        }
        #expect(throws: WorkerError(.message, "slot 3 was freed before it was amended")) {
            try buffer.amend([3], with: items(["a"]))
        }
        #expect(throws: SequenceError.self) { try buffer.amend([0], with: items(["b"])) }
    }

    @Test func `more than it has room for, and says how full it is`() throws {
        var buffer = try buffer(capacity: 3)
        try buffer.put(items(["a", "b"]), births: [1, 2])
        let error = #expect(throws: BufferFull.self) { try buffer.put(items(["c", "d"]), births: [3, 4]) }
        #expect(error?.summary == "the sequence buffer holds 2 of 3 items and cannot take 2 more")
    }

    @Test func `a call that is not in its graph gets nothing`() throws {
        var buffer = try buffer()
        try buffer.put(items(["a", "b"]), births: [1, 2])
        #expect(try buffer.take("another") == nil)
    }

    @Test func `versions beyond what a panel can show are counted together`() throws {
        var buffer = try buffer()
        let slots = try buffer.put(items(["a", "b", "c"]), births: [1, 2, 3])
        for (slot, (id, version)) in zip(slots, zip(["a", "b", "c"], [UInt64(0), 900, .max])) {
            try buffer.amend([slot], with: items([id]), generatedBy: ModelWeights(.actor, WeightVersion(version)))
        }
        var expected = Array(repeating: 0, count: 64)
        expected[0] = 1
        expected[63] = 2
        #expect(buffer.staleness(at: [.actor: 1000]) == expected)
    }
}
