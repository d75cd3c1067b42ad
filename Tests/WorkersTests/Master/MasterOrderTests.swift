import Protocol
import TestSupport
import Testing

@testable import Workers

/// Whatever the graph, and in whatever order replies come, a trial does the same work.
@Suite struct `The master over random graphs and completion orders` {
    private func run(seed: UInt64) throws -> (plan: TrialPlan, workers: FakeWorkers) {
        var trial = RandomTrial(seed: seed), generator = SplitMix(seed: seed &+ 1)
        let plan = try trial.plan()
        var workers = try FakeWorkers(plan)
        try workers.join()
        try workers.answerAll(using: &generator)
        return (plan, workers)
    }

    @Test(arguments: UInt64(1)...40) func `does every step, and counts it once`(seed: UInt64) throws {
        let (plan, workers) = try run(seed: seed)
        #expect(workers.outcome == .completed)
        #expect(workers.faults == [])
        let steps = (1...plan.totalSteps).map(UInt64.init)
        #expect(Set(workers.metrics.filter { $0 > 0 }) == Set(steps))
        #expect(workers.metrics == workers.metrics.sorted())
        #expect(workers.handles.count { $0 == "initialize" } == plan.setups.reduce(0) { $0 + $1.models.count })
    }

    @Test(arguments: UInt64(1)...40) func `gives each call exactly its sequences, and each of them once`(
        seed: UInt64
    ) throws {
        let (plan, workers) = try run(seed: seed)
        for (index, setup) in plan.setups.enumerated() {
            let before = plan.stepsBefore(setup: index), whole = try DataflowGraph(setup.calls).largestBatch
            for call in setup.calls {
                let mine = workers.runs.filter {
                    $0.mfc == call.name && Int($0.step) > before && Int($0.step) <= before + setup.steps
                }
                #expect(mine.allSatisfy { $0.ids.count == call.sequences })
                #expect(mine.count == setup.steps * whole / call.sequences)
                for step in before + 1...before + setup.steps {
                    #expect(mine.filter { $0.step == step }.flatMap(\.ids).count == whole)
                }
                let ids = mine.flatMap(\.ids)
                #expect(Set(ids).count == ids.count)
            }
            let perCall = setup.calls.map { call in
                Set(workers.runs.filter { $0.mfc == call.name && Int($0.step) == before + 1 }.flatMap(\.ids))
            }
            #expect(Set(perCall).count == 1, "all calls of a step work on the same items")
        }
    }

    @Test(arguments: UInt64(1)...30) func `leaves nothing behind on any worker`(seed: UInt64) throws {
        let (_, workers) = try run(seed: seed)
        #expect(workers.leftovers == [])
        #expect(workers.handles.count { $0 == "reset" } == workers.core.plan.modelWorkers.count)
        #expect(workers.buffers.allSatisfy { $0.size <= $0.capacity })
    }

    @Test(arguments: UInt64(1)...30) func `saves at the same steps in any order`(seed: UInt64) throws {
        let (plan, workers) = try run(seed: seed)
        var expected: [UInt64] = []
        for (index, setup) in plan.setups.enumerated() {
            for step in 1...setup.steps where step == setup.steps || step.isMultiple(of: setup.checkpointEverySteps) {
                expected.append(UInt64(plan.stepsBefore(setup: index) + step))
            }
        }
        #expect(workers.saved.map(\.step) == expected)
        #expect(workers.saved.allSatisfy { $0.role == "learner" })
        // From the trial's folder, so that it is right wherever that is moved to.
        #expect(workers.saved.map(\.path) == expected.map { "c/learner/step-\($0)" })
    }

    @Test(arguments: UInt64(1)...8) func `goes on from any step with exactly the steps that are left`(
        seed: UInt64
    ) throws {
        var trial = RandomTrial(seed: seed), generator = SplitMix(seed: seed)
        let plan = try trial.plan()
        for done in 0...plan.totalSteps {
            var workers = try FakeWorkers(plan, resumeStep: done)
            try workers.join()
            try workers.answerAll(using: &generator)
            #expect(workers.outcome == .completed)
            #expect(workers.faults == [])
            #expect(Set(workers.runs.map { Int($0.step) }) == Set(1...plan.totalSteps).filter { $0 > done })
        }
    }

    @Test func `a fetch that brings less than a batch is followed by another`() throws {
        let plan = TinyTrial.plan(train: "t", heldOut: "h", supervisedSteps: 2, policySteps: 0)
        var workers = try FakeWorkers(plan)
        workers.alter = { _, reply in
            guard case .items(let items) = reply.body, let part = try? items.sample.items(at: [0, 1, 2]) else { return }
            reply.body = .items(FetchedItems(part, births: Array(items.births.prefix(3))))
        }
        try workers.join()
        try workers.answerAll()
        #expect(workers.outcome == .completed)
        #expect(workers.handles.count { $0 == "fetch" } == 3)
        #expect(workers.runs.map(\.ids.count) == [4, 4])
    }
}

@Suite struct `Batches that do not come out even` {
    private func opened(_ change: (inout [ModelFunctionCall]) -> Void) throws {
        var plan = TinyTrial.plan(train: "t", heldOut: "h", supervisedSteps: 1, policySteps: 1)
        plan.setups.removeFirst()
        change(&plan.setups[0].calls)
        for index in plan.setups[0].models.indices { plan.setups[0].models[index].module = .tokenizerOnly }
        var workers = try FakeWorkers(plan)
        try workers.join()
    }

    @Test(arguments: [1, 2, 4]) func `a call that others wait for may take any part that divides the step`(
        size: Int
    ) throws {
        try opened { $0[0].sequences = size }
    }

    @Test func `a part that leaves a rest is refused before the first step, with the way out`() {
        let error = #expect(throws: WorkerError.self) { try opened { $0[0].sequences = 3 } }
        #expect(error?.summary == "'actor_gen' takes 3 sequences at a time, which leaves some of a step's 4")
        #expect(error?.hint == "let it take a number that divides 4")
        #expect(error?.code == .plan)
    }

    @Test func `more than the train step takes is refused as well`() {
        let error = #expect(throws: WorkerError.self) { try opened { $0[0].sequences = 8 } }
        #expect(error?.summary == "'actor_train' takes 4 sequences at a time, which leaves some of a step's 8")
    }

    @Test func `a call that nothing depends on takes the whole step`() {
        let error = #expect(throws: WorkerError.self) {
            try opened { calls in
                calls[1].sequences = 2
                calls.removeLast()
            }
        }
        #expect(error?.hint == "nothing depends on 'ref_inf', so it runs once a step: let it take all 4")
    }
}
