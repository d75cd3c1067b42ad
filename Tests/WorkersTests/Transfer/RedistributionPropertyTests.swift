import Protocol
import TestSupport
import Testing

@testable import Workers

@Suite struct `A redistribution plan over random holdings` {
    /// Who holds what, and who needs what of it.
    private struct World {
        var tracker = StorageTracker()
        var held: [Int: [SequenceID: Set<SequenceKey>]] = [:]
        var needs: [Redistributor.Need] = []

        init(seed: UInt64) {
            var generator = SplitMix(seed: seed)
            let workers = Int.random(in: 1...5, using: &generator)
            let ids = (0..<Int.random(in: 1...8, using: &generator)).map { "i\($0)" }
            let keys = (0..<Int.random(in: 1...4, using: &generator)).map { SequenceKey("k\($0)") }
            for id in ids {
                for key in keys {
                    // Everything is somewhere, and much of it in several places.
                    let first = Int.random(in: 0..<workers, using: &generator)
                    for worker in 0..<workers where worker == first || Int.random(in: 0..<3, using: &generator) == 0 {
                        held[worker, default: [:]][id, default: []].insert(key)
                        tracker.add(worker: worker, ids: [id], keys: [key])
                    }
                }
            }
            for worker in (0..<workers).shuffled(using: &generator).prefix(3) {
                let some = ids.filter { _ in Bool.random(using: &generator) }.shuffled(using: &generator)
                let wanted = keys.filter { _ in Bool.random(using: &generator) }.shuffled(using: &generator)
                needs.append(.init(worker: worker, ids: some, keys: wanted))
            }
        }
    }

    private struct Delivery: Hashable {
        let to: Int
        let id: SequenceID
        let key: SequenceKey
    }

    private func deliveries(_ plan: RedistributionPlan) -> [Delivery] {
        plan.steps.flatMap { step in
            step.ids.flatMap { id in step.keys.map { Delivery(to: step.to, id: id, key: $0) } }
        }
    }

    @Test(arguments: UInt64(1)...100) func `delivers every missing key exactly once and nothing else`(
        seed: UInt64
    ) throws {
        let world = World(seed: seed)
        let found = deliveries(try Redistributor.plan(world.needs, from: world.tracker))
        var missing: Set<Delivery> = []
        for need in world.needs {
            for id in need.ids {
                for key in need.keys where world.held[need.worker]?[id]?.contains(key) != true {
                    missing.insert(Delivery(to: need.worker, id: id, key: key))
                }
            }
        }
        #expect(Set(found) == missing)
        #expect(found.count == missing.count)
    }

    @Test(arguments: UInt64(1)...100) func `asks only workers that hold what they shall send, and never the asker`(
        seed: UInt64
    ) throws {
        let world = World(seed: seed)
        for step in try Redistributor.plan(world.needs, from: world.tracker).steps {
            #expect(step.from != step.to)
            #expect(!step.ids.isEmpty && !step.keys.isEmpty)
            for id in step.ids { #expect(world.held[step.from]?[id]?.isSuperset(of: step.keys) == true) }
        }
    }

    @Test(arguments: UInt64(1)...50) func `is empty once it has been carried out`(seed: UInt64) throws {
        var world = World(seed: seed)
        let plan = try Redistributor.plan(world.needs, from: world.tracker)
        for step in plan.steps { world.tracker.add(worker: step.to, ids: step.ids, keys: step.keys) }
        #expect(try Redistributor.plan(world.needs, from: world.tracker).steps == [])
    }

    @Test(arguments: UInt64(1)...50) func `is the same for the same world, and goes over the wire whole`(
        seed: UInt64
    ) throws {
        let world = World(seed: seed), again = World(seed: seed)
        let plan = try Redistributor.plan(world.needs, from: world.tracker)
        #expect(try Redistributor.plan(again.needs, from: again.tracker) == plan)
        let hook = DataTransferHook(plan.transfer(id: "1-7"))
        let request = WireRequest.make { $0.preHooks = [hook.wire] }
        let wire = try WireCodec.decode(WireRequest.self, from: WireCodec.encode(request)).preHooks[0]
        #expect((try Hooks.read(wire) as? DataTransferHook)?.transfer == plan.transfer(id: "1-7"))
    }

    @Test func `shares the sending evenly between equal holders`() throws {
        var tracker = StorageTracker()
        let ids = (0..<30).map { "i\($0)" }
        for worker in 0..<3 { tracker.add(worker: worker, ids: ids, keys: ["x"]) }
        let plan = try Redistributor.plan([.init(worker: 3, ids: ids, keys: ["x"])], from: tracker)
        #expect(plan.steps.map(\.ids.count) == [10, 10, 10])
        #expect(plan.workers == [0, 1, 2, 3])
    }
}
