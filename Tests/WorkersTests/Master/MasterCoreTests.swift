import Protocol
import Testing

@testable import Workers

@Suite struct MasterCoreTests {
    private let plan = TinyTrial.plan(train: "t", heldOut: "h", supervisedSteps: 3, policySteps: 2)

    @Test func `nothing is asked before every worker has joined`() throws {
        var workers = try FakeWorkers(plan)
        try workers.feed(.joined(worker: 0))
        try workers.feed(.joined(worker: 0))
        #expect(workers.sent.isEmpty)
        try workers.feed(.joined(worker: 1))
        #expect(workers.handles == ["spec"])
    }

    @Test func `a setup opens with spec, model_config and initialize, then flush`() throws {
        var workers = try FakeWorkers(plan)
        try workers.join()
        try workers.answerAll { $0.handles.contains("evaluate") }
        #expect(workers.handles == ["spec", "model_config", "initialize", "flush", "evaluate", "flush"])
    }

    @Test func `a trial runs all its steps and resets every worker at the end`() throws {
        var workers = try FakeWorkers(plan)
        try workers.join()
        try workers.answerAll()
        #expect(workers.outcome == .completed)
        // Step 0 is the evaluation before the first step.
        #expect(workers.metrics == [0, 1, 2, 3, 4, 5])
        #expect(workers.handles.suffix(2) == ["reset", "reset"])
    }

    @Test func `a worker that must send data gets an empty request with the same hook, and both are flushed`() throws {
        var workers = try FakeWorkers(plan)
        try workers.join()
        try workers.answerAll { $0.sent.contains { $0.request.mfc == "ref_inf" } }
        let round = workers.sent.suffix(6)
        #expect(round.map(\.request.handle) == [.inference, .empty, .inference, .empty, .flush, .flush])
        #expect(round.map(\.worker) == [1, 0, 1, 0, 0, 1])
        let hooks = round.compactMap { $0.request.preHooks.first as? DataTransferHook }
        try #require(hooks.count == 4)
        #expect(hooks[0].transfer == hooks[1].transfer)
        #expect(hooks[0].transfer.plan.steps.map(\.keys) == [[.packedInputIDs]])
        // The second call does not move what the first brings.
        #expect(Set(hooks[2].transfer.plan.steps.flatMap(\.keys)) == [.packedAnswers, .promptMask])
    }

    @Test func `a train step saves in its steps, and the evaluation follows it in its own`() throws {
        var workers = try FakeWorkers(plan)
        try workers.join()
        try workers.answerAll()
        let saves = workers.sent.filter { $0.request.handle == .trainStep }.map {
            $0.request.postHooks.compactMap { $0 as? SaveHook }
        }
        #expect(saves.map(\.count) == [0, 0, 1, 0, 1])
        #expect(saves[2].first?.folder == "/c/actor")
        #expect(workers.evaluations == [0, 2, 3, 5])
        #expect(workers.sent.first { $0.request.handle == .evaluate }?.request.mfc == "actor_eval")
    }

    /// An evaluation is told by what it is, not by the names of its numbers.
    @Test func `an evaluation without numbers is not done again`() throws {
        var workers = try FakeWorkers(plan)
        workers.alter = { _, reply in if case .evaluated = reply.body { reply.body = .evaluated([]) } }
        try workers.join()
        try workers.answerAll()
        #expect(workers.evaluations == [0, 2, 3, 5])
        #expect(workers.outcome == .completed)
    }

    @Test func `an answer of another kind than was asked for is an error that says so`() throws {
        var workers = try FakeWorkers(plan)
        workers.alter = { request, reply in if request.handle == .fetch { reply.body = .done } }
        try workers.join()
        let error = #expect(throws: WorkerError.self) { try workers.answerAll() }
        #expect(error?.summary == "model_worker/0 answered fetch with 'done'")
    }

    private func weights(_ workers: FakeWorkers) -> [Initialization.Weights] {
        workers.sent.compactMap {
            if case .initialize(_, let initialization) = $0.request.body { initialization.weights } else { nil }
        }
    }

    @Test func `the second setup starts from the weights the first has left`() throws {
        var workers = try FakeWorkers(plan)
        try workers.join()
        try workers.answerAll()
        let left = Initialization.Weights.loaded(from: "/c/actor/step-3")
        #expect(weights(workers) == [.random, left, left, .random])
    }

    @Test func `a resumed trial recovers what trains and lets the reference begin as the setup began`() throws {
        var workers = try FakeWorkers(plan, resumeStep: 4)
        try workers.join()
        try workers.answerAll()
        #expect(
            weights(workers)
                == [.recovered(from: "/c/actor/step-4"), .loaded(from: "/c/actor/step-3"), .random])
        #expect(workers.metrics == [5])
    }

    @Test func `the age of an answer is counted in updates of the role that generated it`() throws {
        var workers = try FakeWorkers(plan)
        workers.alter = { request, reply in
            guard case .called(var outcome) = reply.body, request.handle == .generate else { return }
            outcome.weightVersion = 1
            reply.body = .called(outcome)
        }
        try workers.join()
        try workers.answerAll { $0.runs.contains { $0.mfc == "actor_train" } }
        #expect(workers.core.versions == [.actor: 3, .reference: 3, .reward: 3])
        let generated = try #require(workers.buffers.last { $0.event == "amend" && $0.mfc == "actor_gen" })
        #expect(generated.staleness == [0, 0, 4])
    }

    @Test func `a trial that is resumed after its last step is completed at once`() throws {
        var workers = try FakeWorkers(plan, resumeStep: 5)
        try workers.join()
        #expect(workers.outcome == .completed)
        #expect(workers.handles == ["reset", "reset"])
    }

    @Test func `pausing lets the step end and waits for resume`() throws {
        var workers = try FakeWorkers(plan)
        try workers.join()
        try workers.answerAll { $0.handles.contains("train_step") }
        try workers.feed(.order(.pause))
        try workers.answerAll()
        #expect(workers.metrics == [0, 1])
        #expect(workers.states == [.running, .paused])
        try workers.feed(.order(.resume))
        try workers.answerAll()
        #expect(workers.metrics == [0, 1, 2, 3, 4, 5])
        #expect(workers.states == [.running, .paused, .running, .running])
    }

    @Test func `leaving saves what has been trained since the last checkpoint`() throws {
        var workers = try FakeWorkers(plan)
        try workers.join()
        try workers.answerAll { $0.handles.contains("train_step") }
        try workers.feed(.order(.exit))
        try workers.answerAll()
        #expect(workers.outcome == .stopped)
        let save = workers.sent.first { $0.request.handle == .save }?.request.postHooks.first as? SaveHook
        #expect(save?.step == 1)
    }

    @Test func `save_now writes a checkpoint once and goes on`() throws {
        var workers = try FakeWorkers(plan)
        try workers.join()
        try workers.answerAll { $0.handles.contains("train_step") }
        try workers.feed(.order(.saveNow))
        try workers.answerAll()
        #expect(workers.handles.count { $0 == "save" } == 1)
        #expect(workers.outcome == .completed)
    }

    @Test func `evaluate_now evaluates while paused`() throws {
        var workers = try FakeWorkers(plan)
        try workers.join()
        try workers.answerAll { $0.handles.contains("train_step") }
        try workers.feed(.order(.pause))
        try workers.answerAll()
        try workers.feed(.order(.evaluateNow))
        try workers.answerAll()
        #expect(workers.handles.count { $0 == "evaluate" } == 2)
        #expect(workers.metrics == [0, 1, 1])
        #expect(workers.states.last == .paused)
    }

    @Test func `an error in a reply fails the trial with the worker, the call and the step`() throws {
        var workers = try FakeWorkers(plan)
        try workers.join()
        try workers.answerAll { $0.handles.contains("train_step") }
        let request = try #require(workers.sent.last { $0.request.handle == .trainStep }).request
        let reply = Reply(to: request.id, from: 0, .failed("out of memory\nhint: use a smaller batch", .lasting))
        let error = #expect(throws: WorkerError.self) { try workers.feed(.reply(reply)) }
        #expect(error?.summary == "model_worker/0 failed in 'sft_train' of step 1: out of memory")
        #expect(error?.detail == "hint: use a smaller batch")
        #expect(error?.persistence == .lasting)
    }

    @Test func `a reply that nobody asked for changes nothing`() throws {
        var workers = try FakeWorkers(plan)
        try workers.join()
        try workers.feed(.reply(Reply(to: RequestID("0-9"), from: 0)))
        #expect(workers.handles == ["spec"])
    }
}
