import Protocol
import TestSupport
import Testing

@testable import Workers

@Suite struct `Replies that are errors, or wrong` {
    private let plan = TinyTrial.plan(
        train: "t", heldOut: "h", supervisedSteps: 2, policySteps: 2, checkpointEverySteps: 1)

    /// The error that ends the trial when the reply to request `number` is changed by `alter`.
    private func failure(
        at number: Int, _ alter: @escaping (inout WireReply) -> Void
    ) throws -> (request: WireRequest, error: (any Error)?)? {
        var workers = try FakeWorkers(plan), seen: WireRequest?, count = 0
        workers.alter = { request, reply in
            if count == number {
                seen = request
                alter(&reply)
            }
            count += 1
        }
        var failed: (any Error)?
        do {
            try workers.join()
            try workers.answerAll()
        } catch {
            failed = error
        }
        return seen.map { ($0, failed) }
    }

    @Test func `an error at any moment ends the trial and names worker and request`() throws {
        var handles: Set<String> = [], number = 0
        while let (request, error) = try failure(at: number, { $0.error = "disk full\nhint: make room" }) {
            let failed = try #require(error as? WorkerError)
            #expect(failed.code == .request)
            #expect(failed.detail == "hint: make room")
            let place = request.mfc.isEmpty ? request.handleName : "'\(request.mfc)' of step \(request.step)"
            let names = plan.modelWorkers.indices.map { "model_worker/\($0) failed in \(place): disk full" }
            #expect(names.contains(failed.summary), "\(failed.summary)")
            handles.insert(request.handleName)
            number += 1
        }
        #expect(
            handles == [
                "spec", "model_config", "initialize", "evaluate", "fetch", "train_step", "generate", "inference",
                "empty",
            ])
    }

    @Test func `a reply about other items than were asked for is an error that names the call`() throws {
        var found: Set<String> = [], number = 0
        while let (request, error) = try failure(at: number, { $0.sample.ids = $0.sample.ids.map { $0 + "x" } }) {
            number += 1
            guard ["generate", "inference"].contains(request.handleName) else { continue }
            #expect(
                error as? WorkerError
                    == WorkerError(.message, "'\(request.mfc)' was given other items than it replied with"))
            found.insert(request.mfc)
        }
        #expect(found == ["actor_gen", "ref_inf", "rew_inf"])
    }

    enum Nonsense: CaseIterable {
        case oneBirthTooFew, nothing, wrongCounts, unknownType, columnTwice, idTwice

        var reason: String {
            switch self {
            case .oneBirthTooFew: "16 items came with 15 birth times"
            case .nothing: "a fetch brought no item"
            case .wrongCounts: "announces other counts than it has lengths"
            case .unknownType: "has the unknown element type 'float16'"
            case .columnTwice: "appears twice"
            case .idTwice: "a sample holds an id twice"
            }
        }

        func apply(to reply: inout WireReply) {
            switch self {
            case .oneBirthTooFew: reply.birthTimes.removeLast()
            case .nothing: reply.sample = WireSampleMetadata()
            case .wrongCounts: reply.sample.columns[0].counts[0] = 9
            case .unknownType: reply.sample.columns[0].elementType = "float16"
            case .columnTwice: reply.sample.columns.append(reply.sample.columns[0])
            case .idTwice: reply.sample.ids[1] = reply.sample.ids[0]
            }
        }
    }

    @Test(arguments: Nonsense.allCases)
    func `a fetch that makes no sense is an error that says why`(nonsense: Nonsense) throws {
        var workers = try FakeWorkers(plan)
        workers.alter = { request, reply in if request.handleName == "fetch" { nonsense.apply(to: &reply) } }
        try workers.join()
        let error = #expect(throws: (any Error).self) { try workers.answerAll() }
        #expect(error.map { describe($0) }?.contains(nonsense.reason) == true)
    }

    @Test func `absurd versions, steps and numbers from a worker stop nothing`() throws {
        var workers = try FakeWorkers(plan), buffers: [WireBufferRecord] = []
        workers.alter = { request, reply in
            reply.weightVersion = request.handleName == "generate" ? 0 : .max
            for index in reply.saved.indices { reply.saved[index].step = .max }
            reply.statistics.append(filled(WireStatistic()) { $0.value = .nan })
            reply.times.append(WireTimeRecord("main", -.infinity))
        }
        try workers.join()
        try workers.answerAll()
        buffers = workers.buffers
        #expect(workers.outcome == .completed)
        #expect(workers.metrics.last == 4)
        #expect(buffers.allSatisfy { $0.staleness.count <= SequenceBuffer.largestLag + 1 })
    }

    /// Every reply twice, and replies to nobody: what has been taken is taken.
    @Test(arguments: UInt64(1)...20) func `repeated and foreign replies change nothing`(seed: UInt64) throws {
        var generator = SplitMix(seed: seed), workers = try FakeWorkers(plan), copies: [WireReply] = []
        var quiet = try FakeWorkers(plan)
        workers.alter = { _, reply in copies.append(reply) }
        try workers.join()
        while !workers.due.isEmpty {
            try workers.answer(0)
            if let copy = copies.randomElement(using: &generator) { try workers.feed(.reply(copy)) }
            try workers.feed(.reply(WireReply.make { $0.requestID = "7-\(copies.count)" }))
        }
        try quiet.join()
        try quiet.answerAll()
        #expect(workers.outcome == .completed)
        #expect(workers.runs == quiet.runs)
        #expect(workers.handles == quiet.handles)
    }

    @Test func `a worker that is not in the plan does not count as joined`() throws {
        var workers = try FakeWorkers(plan)
        try workers.feed(.joined(worker: 0))
        try workers.feed(.joined(worker: 2))
        try workers.feed(.joined(worker: -1))
        #expect(workers.sent.isEmpty)
    }
}

@Suite struct `Plans that cannot be run` {
    private var plan: TrialPlan { TinyTrial.plan(train: "t", heldOut: "h", supervisedSteps: 1, policySteps: 1) }

    private func opened(_ change: (inout TrialPlan) -> Void) -> WorkerError? {
        var plan = plan
        change(&plan)
        return #expect(throws: WorkerError.self) {
            var workers = try FakeWorkers(plan)
            try workers.join()
            try workers.answerAll()
        }
    }

    @Test func `no setup, or no model worker`() {
        #expect(opened { $0.setups = [] }?.summary.hasSuffix("has no setup or no model worker") == true)
        #expect(opened { $0.modelWorkers = [] }?.code == .plan)
    }

    @Test func `a call on a model that the setup does not have`() {
        #expect(opened { $0.setups[1].models.remove(at: 1) }?.summary == "setup 'grpo' has no model 'reference'")
    }

    @Test func `an interface that does not exist`() {
        #expect(
            opened { $0.setups[0].calls[0].interface.type = "stf" }?.summary
                == "unknown interface 'stf'. Did you mean 'sft'?")
    }

    @Test func `weights of a role that nothing has trained yet`() {
        let error = opened { plan in
            plan.setups.removeFirst()
        }
        #expect(
            error?.summary == "model 'actor' starts from role 'actor', but no setup before 'grpo' trains it")
    }
}
