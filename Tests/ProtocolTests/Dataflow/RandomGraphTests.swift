import Protocol
import TestSupport
import Testing

/// Random graphs, with and without cycles, against reachability worked out the slow way.
@Suite struct RandomGraphTests {
    /// Edges of a random graph: `[reader: producers]` by number; `isAcyclic` lets them lead upwards only.
    private struct Edges {
        var producers: [[Int]]

        init(count: Int, isAcyclic: Bool, using random: inout SplitMix) {
            producers = (0..<count).map { reader in
                (0..<count).filter { producer in
                    (isAcyclic ? producer < reader : true) && Int.random(in: 0..<4, using: &random) == 0
                }
            }
        }

        /// `[a][b]`: b depends on a, by repeated squaring of nothing but the definition.
        var reaches: [[Bool]] {
            let all = producers.indices
            var table = all.map { a in all.map { b in producers[b].contains(a) } }
            for middle in all {
                for a in all { for b in all where table[a][middle] && table[middle][b] { table[a][b] = true } }
            }
            return table
        }

        /// One call a number; each outputs a key of its own and reads the keys of its producers.
        func calls(order: [Int]) -> [ModelFunctionCall] {
            order.map { number in
                ModelFunctionCall(
                    name: "c\(number)", interfaceType: .inference, interface: InterfaceReference("test"),
                    model: ModelName(ModelRole("m\(number)")),
                    inputKeys: producers[number].map { SequenceKey("k\($0)") } + ["data"],
                    outputKeys: [SequenceKey("k\(number)")], sequences: number + 1)
            }
        }
    }

    private func names(_ numbers: some Sequence<Int>) -> Set<MFCName> { Set(numbers.map { "c\($0)" }) }

    @Test(arguments: UInt64(1)...60)
    func `an acyclic graph is accepted in any listing, with these neighbours`(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        let count = Int.random(in: 1...9, using: &random)
        let edges = Edges(count: count, isAcyclic: true, using: &random)
        let graph = try DataflowGraph(edges.calls(order: (0..<count).shuffled(using: &random)))
        let reaches = edges.reaches, all = 0..<count
        for number in all {
            #expect(Set(graph.parents(of: "c\(number)")) == names(edges.producers[number]))
            #expect(Set(graph.children(of: "c\(number)")) == names(all.filter { edges.producers[$0].contains(number) }))
            #expect(graph.allSuccessors(of: "c\(number)") == names(all.filter { reaches[number][$0] }))
        }
        #expect(Set(graph.sources.map(\.name)) == names(all.filter { edges.producers[$0].isEmpty }))
        let level = { (number: Int) in graph.levels.firstIndex { $0.contains("c\(number)") } }
        for number in all {
            // One below the lowest call it waits for.
            #expect(level(number) == (edges.producers[number].compactMap(level).max() ?? -1) + 1)
        }
        #expect(graph.levels.joined().count == count)
        #expect(graph.datasetKeys == ["data"])
        #expect(graph.largestBatch == count)
    }

    @Test(arguments: UInt64(1)...60)
    func `a graph is refused exactly when a call needs its own output, and exactly those calls are named`(
        seed: UInt64
    ) {
        var random = SplitMix(seed: seed)
        let count = Int.random(in: 1...7, using: &random)
        let edges = Edges(count: count, isAcyclic: false, using: &random)
        let order = (0..<count).shuffled(using: &random)
        let reaches = edges.reaches
        let inCycle = order.filter { reaches[$0][$0] }.map { "c\($0)" }
        do {
            _ = try DataflowGraph(edges.calls(order: order))
            #expect(inCycle.isEmpty)
        } catch {
            #expect(error.code == .cycle)
            let listed = inCycle.joined(separator: "', '")
            #expect(error.summary == "the dataflow graph has a cycle through '\(listed)'")
        }
    }

    @Test(arguments: UInt64(1)...30)
    func `the last listed producer of a key is the one that feeds its readers`(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        let keys: [SequenceKey] = ["a", "b", "c"]
        let writers = (0..<6).map { number in
            ModelFunctionCall(
                name: "w\(number)", interfaceType: .inference, interface: InterfaceReference("test"),
                model: ModelName(.reward), outputKeys: keys.filter { _ in Bool.random(using: &random) }, sequences: 1)
        }
        var reader = ModelFunctionCall(
            name: "reader", interfaceType: .inference, interface: InterfaceReference("test"),
            model: ModelName(.reference), sequences: 1)
        reader.inputKeys = keys
        let place = Int.random(in: 0...6, using: &random)
        let calls = writers[..<place] + [reader] + writers[place...]
        let graph = try DataflowGraph(Array(calls))
        let feeding = keys.compactMap { key in writers.last { $0.outputKeys.contains(key) }?.name }
        #expect(Set(graph.parents(of: "reader")) == Set(feeding))
        #expect(graph.parents(of: "reader").count == Set(feeding).count)
        #expect(graph.datasetKeys == Set(keys.filter { key in !writers.contains { $0.outputKeys.contains(key) } }))
    }

    @Test func `a long chain and a wide fan are no burden`() throws {
        func call(_ name: String, in inputs: [SequenceKey], out outputs: [SequenceKey]) -> ModelFunctionCall {
            ModelFunctionCall(
                name: name, interfaceType: .inference, interface: InterfaceReference("test"),
                model: ModelName(.reward), inputKeys: inputs, outputKeys: outputs, sequences: 1)
        }
        let chain = try DataflowGraph(
            (0..<60).map { call("c\($0)", in: [SequenceKey("k\($0)")], out: [SequenceKey("k\($0 + 1)")]) })
        #expect(chain.allSuccessors(of: "c0").count == 59)
        #expect(chain.allSuccessors(of: "c59").isEmpty)
        let fan = try DataflowGraph(
            [call("root", in: ["p"], out: ["x"])] + (0..<60).map { call("f\($0)", in: ["x"], out: []) })
        #expect(fan.children(of: "root").count == 60)
        #expect(fan.sources.map(\.name) == ["root"])
    }
}
