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
        #expect(round.map(\.request.handleName) == ["inference", "empty", "inference", "empty", "flush", "flush"])
        #expect(round.map(\.worker) == [1, 0, 1, 0, 0, 1])
        let main = try #require(round.first?.request.preHooks),
            side = try #require(round.dropFirst().first?.request.preHooks)
        #expect(main == side)
        #expect(main.first?.transfer.steps.map(\.keys) == [["packed_input_ids"]])
        // The second call does not move what the first brings.
        let second = try #require(round.dropFirst(2).first?.request.preHooks.first)
        #expect(Set(second.transfer.steps.flatMap(\.keys)) == ["packed_answers", "prompt_mask"])
    }

    @Test func `a train step carries the save and evaluate hooks of its step`() throws {
        var workers = try FakeWorkers(plan)
        try workers.join()
        try workers.answerAll()
        let hooks = workers.sent.filter { $0.request.handleName == "train_step" }.map {
            $0.request.postHooks.map(\.kind)
        }
        #expect(hooks == [[], ["evaluate"], ["evaluate", "save"], [], ["evaluate", "save"]])
        let save = workers.sent.flatMap(\.request.postHooks).first { $0.kind == "save" }?.save
        #expect(save?.folder == "/c/actor")
        #expect(save?.recoverOnly == false)
    }

    @Test func `the second setup starts from the weights the first has left`() throws {
        var workers = try FakeWorkers(plan)
        try workers.join()
        try workers.answerAll()
        let paths = workers.sent.filter { $0.request.handleName == "initialize" }.map(\.request.initialize)
        #expect(paths.map(\.weightsPath) == ["", "/c/actor/step-3", "/c/actor/step-3", ""])
        #expect(paths.map(\.recoverPath) == ["", "", "", ""])
    }

    @Test func `a resumed trial recovers what trains and lets the reference begin as the setup began`() throws {
        var workers = try FakeWorkers(plan, resumeStep: 4)
        try workers.join()
        try workers.answerAll()
        let paths = workers.sent.filter { $0.request.handleName == "initialize" }.map(\.request.initialize)
        #expect(paths.map(\.recoverPath) == ["/c/actor/step-4", "", ""])
        #expect(paths.map(\.weightsPath) == ["", "/c/actor/step-3", ""])
        #expect(workers.metrics == [5])
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
        try workers.feed(.command(.pause))
        try workers.answerAll()
        #expect(workers.metrics == [0, 1])
        #expect(workers.states == [.running, .paused])
        try workers.feed(.command(.resume))
        try workers.answerAll()
        #expect(workers.metrics == [0, 1, 2, 3, 4, 5])
        #expect(workers.states == [.running, .paused, .running, .running])
    }

    @Test func `leaving saves what has been trained since the last checkpoint`() throws {
        var workers = try FakeWorkers(plan)
        try workers.join()
        try workers.answerAll { $0.handles.contains("train_step") }
        try workers.feed(.command(.exit))
        try workers.answerAll()
        #expect(workers.outcome == .stopped)
        let save = workers.sent.first { $0.request.handleName == "save" }?.request.postHooks.first?.save
        #expect(save?.step == 1)
        #expect(save?.recoverOnly == true)
    }

    @Test func `save_now writes a checkpoint once and goes on`() throws {
        var workers = try FakeWorkers(plan)
        try workers.join()
        try workers.answerAll { $0.handles.contains("train_step") }
        try workers.feed(.command(.saveNow))
        try workers.answerAll()
        #expect(workers.handles.count { $0 == "save" } == 1)
        #expect(workers.outcome == .completed)
    }

    @Test func `evaluate_now evaluates while paused`() throws {
        var workers = try FakeWorkers(plan)
        try workers.join()
        try workers.answerAll { $0.handles.contains("train_step") }
        try workers.feed(.command(.pause))
        try workers.answerAll()
        try workers.feed(.command(.evaluateNow))
        try workers.answerAll()
        #expect(workers.handles.count { $0 == "evaluate" } == 2)
        #expect(workers.metrics == [0, 1, 1])
        #expect(workers.states.last == .paused)
    }

    @Test func `with confirmation no request is run before all workers have theirs`() throws {
        var workers = try FakeWorkers(plan, handshake: .synAck)
        try workers.join()
        try workers.answerAll { $0.handles.contains("initialize") }
        #expect(workers.handles.last == "initialize")
        #expect(workers.sent.last?.request.needsSyn == true)
        try workers.answerAll { $0.handles.contains("evaluate") }
        #expect(workers.handles == ["spec", "model_config", "initialize", "ack", "flush", "evaluate"])
    }

    @Test func `an error in a reply fails the trial with the worker, the call and the step`() throws {
        var workers = try FakeWorkers(plan)
        try workers.join()
        try workers.answerAll { $0.handles.contains("train_step") }
        let request = try #require(workers.sent.last { $0.request.handleName == "train_step" }).request
        var reply = ModelExecutor.emptyReply(to: request, from: 0)
        reply.error = "out of memory\nhint: use a smaller batch"
        let error = #expect(throws: WorkerError.self) { try workers.feed(.reply(reply)) }
        #expect(error?.summary == "model_worker/0 failed in 'sft_train' of step 1: out of memory")
        #expect(error?.detail == "hint: use a smaller batch")
    }

    @Test func `a reply that nobody asked for changes nothing`() throws {
        var workers = try FakeWorkers(plan)
        try workers.join()
        try workers.feed(.reply(WireReply.make { $0.requestID = "0-9" }))
        #expect(workers.handles == ["spec"])
    }
}
