import Protocol
import TestSupport
import Testing

@testable import Workers

/// What a person may ask for at any moment: before anybody has joined, in a step, between two, while paused.
@Suite struct `Wishes at every moment of a trial` {
    private let plan = TinyTrial.plan(
        train: "t", heldOut: "h", supervisedSteps: 3, policySteps: 2, checkpointEverySteps: 2)

    /// Plays the trial with `command` given before answer number `moment`; the end of what then happens by itself.
    private func play(_ command: WorkerOrder, at moment: Int) throws -> FakeWorkers {
        var workers = try FakeWorkers(plan), answered = 0
        if moment == 0 { try workers.feed(.order(command)) }
        try workers.join()
        while !workers.due.isEmpty {
            answered += 1
            if answered == moment { try workers.feed(.order(command)) }
            if !workers.due.isEmpty { try workers.answer(0) }
        }
        return workers
    }

    /// Answers that a whole undisturbed trial takes.
    private func length() throws -> Int {
        var workers = try FakeWorkers(plan), count = 0
        try workers.join()
        while !workers.due.isEmpty {
            try workers.answer(0)
            count += 1
        }
        return count
    }

    @Test func `a pause ends the step that runs, and resume goes on to the same end`() throws {
        for moment in 0..<(try length()) {
            var workers = try play(.pause, at: moment)
            if workers.outcome == nil {
                #expect(workers.states.last == .paused)
                let done = workers.metrics.last ?? 0
                #expect(workers.runs.allSatisfy { $0.step <= done })
                try workers.feed(.order(.resume))
                try workers.answerAll()
            }
            #expect(workers.outcome == .completed)
            #expect(workers.metrics.filter { $0 > 0 } == [1, 2, 3, 4, 5])
            #expect(workers.states.last == .running)
            #expect(workers.faults == [])
        }
    }

    @Test func `leaving never loses a step that is done`() throws {
        for moment in 0..<(try length()) {
            let workers = try play(.exit, at: moment)
            let done = workers.metrics.last ?? 0
            #expect(workers.outcome == .stopped || done == 5)
            #expect(workers.handles.suffix(2) == ["reset", "reset"])
            #expect((workers.saved.last?.step ?? 0) == done, "moment \(moment)")
            #expect(workers.runs.allSatisfy { $0.step <= done })
        }
    }

    @Test func `save_now has the step on disk before the next one begins, and once`() throws {
        for moment in 0..<(try length()) {
            let workers = try play(.saveNow, at: moment)
            #expect(workers.outcome == .completed)
            #expect(workers.metrics.filter { $0 > 0 } == [1, 2, 3, 4, 5])
            let steps = workers.saved.map(\.step)
            #expect(Set(steps).count == steps.count)
            #expect(Set(steps).isSuperset(of: [2, 3, 5]))
            #expect(workers.faults == [])
        }
    }

    @Test func `evaluate_now evaluates each step at most once`() throws {
        for moment in 0..<(try length()) {
            let workers = try play(.evaluateNow, at: moment)
            #expect(workers.outcome == .completed)
            let evaluations = workers.evaluations
            #expect(Set(evaluations).count == evaluations.count)
            #expect(Set(evaluations).isSuperset(of: [2, 3, 5]))
        }
    }

    @Test(arguments: UInt64(1)...40) func `any storm of commands ends in a trial that goes on or has stopped`(
        seed: UInt64
    ) throws {
        var generator = SplitMix(seed: seed), trial = RandomTrial(seed: seed)
        let plan = try trial.plan()
        var workers = try FakeWorkers(plan)
        let commands: [WorkerOrder] =
            [.pause, .resume, .saveNow, .evaluateNow] + (seed.isMultiple(of: 5) ? [.exit] : [])
        try workers.join()
        for _ in 0..<200 {
            if Int.random(in: 0..<3, using: &generator) == 0, let command = commands.randomElement(using: &generator) {
                try workers.feed(.order(command))
            }
            guard let index = workers.due.indices.randomElement(using: &generator) else { continue }
            try workers.answer(index)
        }
        try workers.feed(.order(.resume))
        try workers.answerAll(using: &generator)
        #expect(workers.outcome != nil)
        #expect(workers.faults == [])
        #expect(zip(workers.states, workers.states.dropFirst()).allSatisfy { $0 != .paused || $1 != .paused })
        if workers.outcome == .completed {
            #expect(Set(workers.metrics.filter { $0 > 0 }).count == plan.totalSteps)
        } else {
            #expect((workers.saved.last?.step ?? 0) == workers.runs.map(\.step).max() ?? 0)
        }
    }

    /// The orchestrator would show a trial at work as paused for ever.
    @Test(arguments: [WorkerOrder.saveNow, .evaluateNow])
    func `resume while a paused trial saves or evaluates is shown`(wish: WorkerOrder) throws {
        var workers = try FakeWorkers(plan)
        try workers.join()
        try workers.answerAll { $0.handles.contains("train_step") }
        try workers.feed(.order(.pause))
        try workers.answerAll()
        try workers.feed(.order(wish))
        try workers.feed(.order(.resume))
        #expect(workers.states == [.running, .paused])
        try workers.answer(0)
        #expect(workers.states == [.running, .paused, .running])
    }

    @Test func `pausing twice and resuming once goes on`() throws {
        var workers = try FakeWorkers(plan)
        try workers.join()
        for command in [WorkerOrder.pause, .pause] { try workers.feed(.order(command)) }
        try workers.answerAll()
        #expect(workers.states == [.running, .paused])
        try workers.feed(.order(.pause))
        #expect(workers.states == [.running, .paused])
        try workers.feed(.order(.resume))
        #expect(workers.states == [.running, .paused, .running])
    }

    @Test func `commands after the end change nothing`() throws {
        var workers = try FakeWorkers(plan)
        try workers.join()
        try workers.answerAll()
        let sent = workers.sent.count
        for command in [WorkerOrder.pause, .resume, .saveNow, .evaluateNow, .exit] {
            try workers.feed(.order(command))
        }
        try workers.feed(.joined(worker: 0))
        #expect(workers.sent.count == sent)
        #expect(workers.outcome == .completed)
    }
}
