import Protocol
import Testing

@testable import Workers

@Suite struct RequestQueueTests {
    private func request(_ handle: RequestHandle, id: String = "1") -> WireRequest {
        WireRequest.make {
            $0.handleName = handle.rawValue
            $0.id = id
        }
    }

    @Test(arguments: [RequestHandle.spec, .fetch, .modelConfig, .clearDataCache])
    func `requests that compute nothing are answered at once`(handle: RequestHandle) {
        var queue = RequestQueue()
        #expect(queue.receive(request(handle)) == [.answer(request(handle))])
    }

    @Test(arguments: [RequestHandle.initialize, .generate, .inference, .trainStep, .evaluate, .save, .empty])
    func `everything else waits for flush`(handle: RequestHandle) {
        var queue = RequestQueue()
        #expect(queue.receive(request(handle)) == [])
        #expect(queue.count == 1)
        #expect(
            queue.receive(request(.flush, id: "f"))
                == [.run(.init(arrival: [request(handle)], execution: [request(handle)]))])
        #expect(queue.count == 0)
    }

    @Test func `hooks keep the order of arrival, computing requests run before the others`() {
        var queue = RequestQueue()
        let held = [
            request(.empty, id: "a"), request(.inference, id: "b"), request(.save, id: "c"),
            request(.generate, id: "d"),
        ]
        for item in held { _ = queue.receive(item) }
        guard case .run(let batch)? = queue.receive(request(.flush)).first else {
            Issue.record("a flush runs what is held")
            return
        }
        #expect(batch.arrival.map(\.id) == ["a", "b", "c", "d"])
        #expect(batch.execution.map(\.id) == ["b", "d", "a", "c"])
    }

    @Test func `a flush without anything held does nothing`() {
        var queue = RequestQueue()
        #expect(queue.receive(request(.flush)) == [])
    }

    @Test func `a request that needs confirmation is held only after the acknowledgement`() {
        var queue = RequestQueue(), careful = request(.trainStep)
        careful.needsSyn = true
        careful.ackReplyID = "ack-1"
        #expect(queue.receive(careful) == [.acknowledge(careful)])
        #expect(queue.count == 0)
        #expect(queue.receive(request(.ack, id: "ack-1")) == [])
        #expect(queue.count == 1)
        #expect(queue.receive(request(.ack, id: "ack-1")) == [])
        #expect(queue.count == 1)
    }

    @Test func `reset ends the worker's work`() {
        var queue = RequestQueue()
        #expect(queue.receive(request(.reset)) == [.finish])
    }

    @Test func `an unknown request is refused with a suggestion`() {
        var queue = RequestQueue(), odd = request(.generate)
        odd.handleName = "genrate"
        #expect(queue.receive(odd) == [.refuse(odd, "unknown request 'genrate'. Did you mean 'generate'?")])
    }

    @Test func `a master that never flushes is refused at the limit`() {
        var queue = RequestQueue()
        for number in 0..<RequestQueue.limit { _ = queue.receive(request(.empty, id: "\(number)")) }
        guard case .refuse? = queue.receive(request(.empty, id: "more")).first else {
            Issue.record("the request above the limit was held")
            return
        }
        #expect(queue.count == RequestQueue.limit)
    }
}
