import Protocol
import TestSupport
import Testing

@testable import Workers

@Suite struct `Replies that are errors, or wrong` {
    private let plan = TinyTrial.plan(
        train: "t", heldOut: "h", supervisedSteps: 2, policySteps: 2, checkpointEverySteps: 1)

    /// The error that ends the trial when the reply to request `number` is changed by `alter`.
    private func failure(
        at number: Int, _ alter: @escaping (inout Reply) -> Void
    ) throws -> (request: Request, error: (any Error)?)? {
        var workers = try FakeWorkers(plan), seen: Request?, count = 0
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
        while let (request, error) = try failure(at: number, { $0.body = .failed("disk full\nhint: make room") }) {
            let failed = try #require(error as? WorkerError)
            #expect(failed.code == .request)
            #expect(failed.detail == "hint: make room")
            let place = request.mfc.map { "'\($0)' of step \(request.step)" } ?? request.handle.rawValue
            let names = plan.modelWorkers.indices.map { "model_worker/\($0) failed in \(place): disk full" }
            #expect(names.contains(failed.summary), "\(failed.summary)")
            handles.insert(request.handle.rawValue)
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
        while let (request, error) = try failure(at: number, Self.rename) {
            number += 1
            guard let mfc = request.mfc, [.generate, .inference].contains(request.handle) else { continue }
            #expect(
                error as? WorkerError
                    == WorkerError(.message, "'\(mfc)' was given other items than it replied with"))
            found.insert(mfc)
        }
        #expect(found == ["actor_gen", "ref_inf", "rew_inf"])
    }

    private static func rename(_ reply: inout Reply) {
        guard case .called(var outcome) = reply.body, let outputs = outcome.outputs else { return }
        outcome.outputs = try? SequenceSample(ids: outputs.ids.map { $0 + "x" }, columns: outputs.columns)
        reply.body = .called(outcome)
    }

    enum Nonsense: CaseIterable {
        case oneBirthTooFew, nothing

        var reason: String {
            switch self {
            case .oneBirthTooFew: "16 items came with 15 birth times"
            case .nothing: "a fetch brought no item"
            }
        }

        func apply(to items: inout FetchedItems) throws {
            switch self {
            case .oneBirthTooFew: items.births.removeLast()
            case .nothing: items = FetchedItems(try items.sample.items(at: []), births: [])
            }
        }
    }

    @Test(arguments: Nonsense.allCases)
    func `a fetch that makes no sense is an error that says why`(nonsense: Nonsense) throws {
        var workers = try FakeWorkers(plan)
        workers.alter = { _, reply in
            guard case .items(var items) = reply.body else { return }
            #expect(throws: Never.self) { try nonsense.apply(to: &items) }
            reply.body = .items(items)
        }
        try workers.join()
        let error = #expect(throws: (any Error).self) { try workers.answerAll() }
        #expect(error.map { describe($0) }?.contains(nonsense.reason) == true)
    }

    @Test func `absurd versions, steps and numbers from a worker stop nothing`() throws {
        var workers = try FakeWorkers(plan), buffers: [WireBufferRecord] = []
        workers.alter = { request, reply in
            if case .called(var outcome) = reply.body {
                outcome.weightVersion = request.handle == .generate ? 0 : WeightVersion(.max)
                outcome.statistics.append(Metric("", .nan))
                reply.body = .called(outcome)
            }
            reply.saved = reply.saved.map { SavedCheckpoint(role: $0.role, step: .max, path: $0.path, bytes: .max) }
            reply.times.append(PhaseTime("main", seconds: -.infinity))
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
        var generator = SplitMix(seed: seed), workers = try FakeWorkers(plan), copies: [Reply] = []
        var quiet = try FakeWorkers(plan)
        workers.alter = { _, reply in copies.append(reply) }
        try workers.join()
        while !workers.due.isEmpty {
            try workers.answer(0)
            if let copy = copies.randomElement(using: &generator) { try workers.feed(.reply(copy)) }
            try workers.feed(.reply(Reply(to: RequestID("7-\(copies.count)"), from: 0)))
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
