import Protocol
import TestSupport
import Testing

@testable import Workers

/// One request of every kind.
enum SomeRequests {
    static let immediate: [Request.Body] = [.spec, .fetch, .describe(ModelName(.actor)), .clear(["a"])]
    static let computing: [Request.Body] = InterfaceType.allCases.map { .call(CallRequest(mfc: "\($0)", type: $0)) }
    static let other: [Request.Body] = [
        .initialize(ModelName(.actor), Initialization()), .side("m", preHooks: []),
        .save(SaveHook(role: .actor, folder: "f", step: 1)),
    ]
    static let all = immediate + computing + other + [.flush, .reset]

    static func request(_ body: Request.Body, _ id: String = "1") -> Request {
        Request(id: RequestID(id), setup: 0, step: 1, body)
    }
}

@Suite struct RequestQueueTests {
    private func request(_ body: Request.Body, id: String = "1") -> Request { SomeRequests.request(body, id) }

    @Test func `requests that compute nothing are answered at once`() {
        for body in SomeRequests.immediate {
            var queue = RequestQueue()
            #expect(queue.receive(request(body)) == [.answer(request(body))])
        }
    }

    @Test func `everything else waits for flush`() {
        for body in SomeRequests.computing + SomeRequests.other {
            var queue = RequestQueue()
            let held = request(body)
            #expect(held.isHeld)
            #expect(queue.receive(held) == [])
            #expect(queue.count == 1)
            #expect(queue.receive(request(.flush, id: "f")) == [.run(.init(arrival: [held], execution: [held]))])
            #expect(queue.count == 0)
        }
    }

    @Test func `a flush without anything held does nothing`() {
        var queue = RequestQueue()
        #expect(queue.receive(request(.flush)) == [])
    }

    @Test func `reset ends the worker's work`() {
        var queue = RequestQueue()
        #expect(queue.receive(request(.reset)) == [.finish])
    }

    @Test func `a master that never flushes is refused at the limit`() {
        var queue = RequestQueue()
        let side = Request.Body.side("m", preHooks: [])
        for number in 0..<RequestQueue.limit { _ = queue.receive(request(side, id: "\(number)")) }
        guard case .refuse? = queue.receive(request(side, id: "more")).first else {
            Issue.record("the request above the limit was held")
            return
        }
        #expect(queue.count == RequestQueue.limit)
    }

    @Test(arguments: UInt64(1)...40) func `the order is the system's for any sequence of requests`(seed: UInt64) {
        var generator = SplitMix(seed: seed), queue = RequestQueue(), waiting: [Request] = []
        let bodies = SomeRequests.all.dropLast()
        for number in 0..<120 {
            let next = request(bodies.randomElement(using: &generator) ?? .flush, id: "\(number)")
            let actions = queue.receive(next)
            if case .flush = next.body {
                let first = waiting.filter { if case .call = $0.body { true } else { false } }
                let rest = waiting.filter { if case .call = $0.body { false } else { true } }
                #expect(actions == (waiting.isEmpty ? [] : [.run(.init(arrival: waiting, execution: first + rest))]))
                waiting = []
            } else if next.isHeld {
                #expect(actions == [])
                waiting.append(next)
            } else {
                #expect(actions == [.answer(next)])
            }
            #expect(queue.count == waiting.count)
        }
    }
}
