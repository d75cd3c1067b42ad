import Protocol
import TestSupport
import Testing

@testable import Workers

@Suite struct `Each request at the wrong moment` {
    private let actor = "\(ModelShardID(ModelName(.actor)))"

    @Test(arguments: [
        (RequestHandle.fetch, "", "fetch came before spec"),
        (.trainStep, "sft_train", "model 'actor' is not initialized on this worker"),
        (.evaluate, "", "setup 'sft' has no evaluation"),
    ])
    func `before its time is answered with what is missing`(handle: RequestHandle, mfc: String, missing: String) throws
    {
        let fixture = try ExecutorFixture(), request = fixture.request(handle, handler: actor, mfc: mfc, ids: ["x@0"])
        let replies = handle.isImmediate ? [try fixture.answer(request)] : fixture.run([request])
        #expect(replies.map(\.error) == [missing])
    }

    @Test(arguments: [
        RequestHandle.initialize, .generate, .inference, .trainStep, .evaluate, .save, .empty, .flush, .reset, .syn,
        .ack,
    ])
    func `a request that is to be held is not answered at once`(handle: RequestHandle) throws {
        let fixture = try ExecutorFixture()
        #expect(
            fixture.executor.answer(fixture.request(handle))?.error == "'\(handle.rawValue)' is no immediate request")
    }

    @Test(arguments: [RequestHandle.spec, .fetch, .modelConfig, .clearDataCache, .flush, .reset, .syn, .ack])
    func `a request that computes nothing cannot be run at a flush`(handle: RequestHandle) throws {
        let fixture = try ExecutorFixture(), request = fixture.request(handle)
        var replies: [WireReply] = []
        fixture.executor.run(.init(arrival: [request], execution: [request])) { replies.append($0) }
        #expect(replies.map(\.error) == ["'\(handle.rawValue)' cannot be held for a flush"])
    }

    @Test func `a call of the other setup is not known in this one`() throws {
        let fixture = try ExecutorFixture()
        try fixture.open()
        let reply = fixture.run([fixture.request(.generate, mfc: "actor_gen", setup: 0)])[0]
        #expect(reply.error == "setup 'sft' has no model function call 'actor_gen'.")
    }

    @Test func `spec twice begins the dataset again`() throws {
        let fixture = try ExecutorFixture()
        try fixture.open()
        let first = try fixture.fetch()
        #expect(try fixture.fetch() != first)
        #expect(try fixture.answer(fixture.request(.spec)).error == "")
        #expect(try fixture.fetch() == first)
    }

    @Test func `initialize twice begins with the same weights again`() throws {
        let fixture = try ExecutorFixture()
        try fixture.open()
        let ids = try fixture.fetch()
        func loss() -> [WireStatistic] {
            fixture.run([fixture.request(.trainStep, mfc: "sft_train", ids: ids)])[0].statistics
        }
        let first = loss()
        #expect(loss() != first)
        _ = fixture.run([fixture.request(.initialize, handler: actor, step: 0)])
        #expect(loss() == first)
    }

    @Test func `a request of the setup before drops what the new one had`() throws {
        let fixture = try ExecutorFixture()
        try fixture.open()
        _ = try fixture.fetch()
        _ = try fixture.answer(fixture.request(.spec, setup: 1))
        #expect(try fixture.answer(fixture.request(.fetch, setup: 0)).error == "fetch came before spec")
    }

    @Test(arguments: [2, 999, UInt64.max]) func `a setup beyond the plan is an error, however far`(
        setup: UInt64
    ) throws {
        let fixture = try ExecutorFixture()
        #expect(try fixture.answer(fixture.request(.spec, setup: setup)).error == "the plan has no setup \(setup)")
    }

    @Test func `an item cleared before its call is missing, and the others still run`() throws {
        let fixture = try ExecutorFixture()
        try fixture.open()
        let ids = try fixture.fetch()
        _ = fixture.executor.answer(fixture.request(.clearDataCache, ids: [ids[1]]))
        var other = fixture.request(.trainStep, mfc: "sft_train", ids: [ids[0], ids[2]])
        other.id = "other"
        let replies = fixture.run([fixture.request(.trainStep, mfc: "sft_train", ids: Array(ids.prefix(4))), other])
        #expect(replies.map(\.error) == ["item '\(ids[1])' is not on this worker", ""])
    }

    @Test func `a train step without items is an error that does not touch the weights`() throws {
        let fixture = try ExecutorFixture()
        try fixture.open()
        let reply = fixture.run([fixture.request(.trainStep, mfc: "sft_train", step: 5)])[0]
        #expect(reply.error.contains("has no key"))
        #expect(try fixture.executor.model(forRole: "actor", setup: 0).weightVersion == 0)
    }

    @Test func `a worker that the plan does not have cannot begin`() {
        #expect(throws: WorkerError(.plan, "the plan has no model_worker/2")) { try ExecutorFixture(worker: 2) }
    }

    @Test func `a role that is elsewhere cannot be saved here`() throws {
        let fixture = try ExecutorFixture()
        try fixture.open()
        var request = fixture.request(.save, handler: actor)
        request.postHooks = [
            filled(WireHookRequest()) {
                $0.kind = HookKind.save.rawValue
                $0.save.role = "reference"
            }
        ]
        let reply = fixture.run([request])[0]
        #expect(reply.error == "role 'reference' is not on this worker")
        #expect(reply.saved.isEmpty)
    }
}

@Suite struct `The order of held and immediate requests` {
    private let immediate: [RequestHandle] = [.spec, .fetch, .modelConfig, .clearDataCache]
    private let computing: [RequestHandle] = [.generate, .inference, .trainStep, .evaluate]
    private let other: [RequestHandle] = [.initialize, .save, .empty]

    private func request(_ handle: RequestHandle, _ number: Int) -> WireRequest {
        WireRequest.make {
            $0.handleName = handle.rawValue
            $0.id = "\(number)"
        }
    }

    @Test(arguments: UInt64(1)...40) func `is the system's for any sequence of requests`(seed: UInt64) {
        var generator = SplitMix(seed: seed), queue = RequestQueue(), waiting: [WireRequest] = []
        for number in 0..<120 {
            let kinds = immediate + computing + other + [.flush]
            let next = request(kinds.randomElement(using: &generator) ?? .flush, number)
            let actions = queue.receive(next)
            switch RequestHandle(rawValue: next.handleName) {
            case .flush:
                let first = waiting.filter { item in computing.contains { $0.rawValue == item.handleName } }
                let rest = waiting.filter { item in other.contains { $0.rawValue == item.handleName } }
                #expect(actions == (waiting.isEmpty ? [] : [.run(.init(arrival: waiting, execution: first + rest))]))
                waiting = []
            case .some(let handle) where immediate.contains(handle): #expect(actions == [.answer(next)])
            default:
                #expect(actions == [])
                waiting.append(next)
            }
            #expect(queue.count == waiting.count)
        }
    }

    @Test(arguments: UInt64(1)...40) func `with confirmation it is the order of the acknowledgements`(
        seed: UInt64
    ) {
        var generator = SplitMix(seed: seed), queue = RequestQueue(), sent: [WireRequest] = [], held: [String] = []
        for number in 0..<60 {
            if Bool.random(using: &generator) || sent.isEmpty {
                var next = request((computing + other).randomElement(using: &generator) ?? .empty, number)
                next.needsSyn = true
                next.ackReplyID = "ack-\(number)"
                #expect(queue.receive(next) == [.acknowledge(next)])
                sent.append(next)
            } else {
                let known = sent.remove(at: Int.random(in: sent.indices, using: &generator))
                var acknowledgement = request(.ack, 0)
                acknowledgement.id = known.ackReplyID
                #expect(queue.receive(acknowledgement) == [])
                held.append(known.id)
            }
        }
        guard case .run(let batch)? = queue.receive(request(.flush, 0)).first else {
            #expect(held.isEmpty)
            return
        }
        #expect(batch.arrival.map(\.id) == held)
    }

    @Test func `an immediate request that asks for confirmation is answered after it`() {
        var queue = RequestQueue(), careful = request(.fetch, 1), acknowledgement = request(.ack, 2)
        careful.needsSyn = true
        careful.ackReplyID = "a"
        acknowledgement.id = "a"
        #expect(queue.receive(careful) == [.acknowledge(careful)])
        #expect(queue.receive(acknowledgement) == [.answer(careful)])
    }

    @Test func `a master that never acknowledges is refused at the limit`() {
        var queue = RequestQueue(), next = request(.empty, 0)
        next.needsSyn = true
        for number in 0..<RequestQueue.limit {
            next.ackReplyID = "\(number)"
            _ = queue.receive(next)
        }
        next.ackReplyID = "more"
        #expect(
            queue.receive(next)
                == [.refuse(next, "10240 requests wait already; the master never acknowledged")])
        #expect(queue.count == 0)
    }
}
