import Protocol
import TestSupport
import Testing

@testable import Workers

@Suite struct `Each request at the wrong moment` {
    @Test func `before its time is answered with what is missing`() throws {
        let fixture = try ExecutorFixture()
        #expect(try fixture.answer(fixture.request(.fetch)).failure == "fetch came before spec")
        let calls = [fixture.call(ids: ["x@0"]), fixture.call(.evaluate, "actor_eval")]
        for call in calls {
            #expect(fixture.run([call])[0].failure == "model 'actor' is not initialized on this worker")
        }
    }

    @Test func `a request that is to be held is not answered at once`() throws {
        let fixture = try ExecutorFixture()
        for body in SomeRequests.computing + SomeRequests.other + [.flush, .reset] {
            let request = fixture.request(body)
            #expect(
                fixture.executor.answer(request)?.failure == "'\(request.handle.rawValue)' is no immediate request")
        }
    }

    @Test func `a request that computes nothing cannot be run at a flush`() throws {
        let fixture = try ExecutorFixture()
        for body in SomeRequests.immediate + [.flush, .reset] {
            let request = fixture.request(body)
            var replies: [Reply] = []
            fixture.executor.run(.init(arrival: [request], execution: [request])) { replies.append($0) }
            #expect(replies.map(\.failure) == ["'\(request.handle.rawValue)' cannot be held for a flush"])
        }
    }

    @Test func `a call of the other setup is not known in this one`() throws {
        let fixture = try ExecutorFixture()
        try fixture.open()
        let reply = fixture.run([fixture.call(.generate, "actor_gen")])[0]
        #expect(reply.failure == "setup 'sft' has no model function call 'actor_gen'.")
    }

    @Test func `spec twice begins the dataset again`() throws {
        let fixture = try ExecutorFixture()
        try fixture.open()
        let first = try fixture.fetch()
        #expect(try fixture.fetch() != first)
        #expect(try fixture.answer(fixture.request(.spec)).failure == nil)
        #expect(try fixture.fetch() == first)
    }

    @Test func `initialize twice begins with the same weights again`() throws {
        let fixture = try ExecutorFixture()
        try fixture.open()
        let ids = try fixture.fetch()
        let first = try fixture.train(ids).statistics
        #expect(try fixture.train(ids).statistics != first)
        _ = fixture.run([fixture.initialize()])
        #expect(try fixture.train(ids).statistics == first)
    }

    @Test func `a request of the setup before drops what the new one had`() throws {
        let fixture = try ExecutorFixture()
        try fixture.open()
        _ = try fixture.fetch()
        _ = try fixture.answer(fixture.request(.spec, setup: 1))
        #expect(try fixture.answer(fixture.request(.fetch, setup: 0)).failure == "fetch came before spec")
    }

    @Test(arguments: [-1, 2, 999, Int.max]) func `a setup beyond the plan is an error, however far`(
        setup: Int
    ) throws {
        let fixture = try ExecutorFixture()
        #expect(try fixture.answer(fixture.request(.spec, setup: setup)).failure == "the plan has no setup \(setup)")
    }

    @Test func `an item cleared before its call is missing, and the others still run`() throws {
        let fixture = try ExecutorFixture()
        try fixture.open()
        let ids = try fixture.fetch()
        _ = fixture.executor.answer(fixture.request(.clear([ids[1]])))
        let other = fixture.call(ids: [ids[0], ids[2]], id: "other")
        let replies = fixture.run([fixture.call(ids: Array(ids.prefix(4))), other])
        #expect(replies.map(\.failure) == ["item '\(ids[1])' is not on this worker", nil])
    }

    @Test func `a train step without items is an error that does not touch the weights`() throws {
        let fixture = try ExecutorFixture()
        try fixture.open()
        let reply = fixture.run([fixture.call(step: 5)])[0]
        #expect(reply.failure?.contains("has no key") == true)
        #expect(try fixture.executor.model(of: .actor).weightVersion == 0)
    }

    @Test func `a worker that the plan does not have cannot begin`() {
        #expect(throws: WorkerError(.plan, "the plan has no model_worker/2")) { try ExecutorFixture(worker: 2) }
    }

    @Test func `a role that is elsewhere cannot be saved here`() throws {
        let fixture = try ExecutorFixture()
        try fixture.open()
        let reply = fixture.run([fixture.save(.reference, step: 1)])[0]
        #expect(reply.failure == "role 'reference' is not on this worker")
        #expect(reply.saved.isEmpty)
    }
}
