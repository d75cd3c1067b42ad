import Protocol
import TestSupport
import Testing

/// Peers known by name: workers that come, go and come again.
@Suite struct RouterTests {
    private let folder = TemporaryFolder()
    private let context = ZeroMQContext()

    private func dealer(_ name: String?, to endpoint: Endpoint) throws -> ZeroMQSocket {
        let dealer = try ZeroMQSocket.open(context, .dealer, options: SocketOptions(identity: name))
        try dealer.connect(endpoint)
        return dealer
    }

    @Test func `each of three askers gets its own answer`() throws {
        let endpoint = try Endpoint.ipc(folder.file("r"))
        let router = try ZeroMQSocket.open(context, .router)
        try router.bind(endpoint)
        let a = try dealer("a", to: endpoint), b = try dealer("b", to: endpoint), c = try dealer("c", to: endpoint)
        #expect(try a.send([[1]]) == .sent)
        #expect(try b.send([[2]]) == .sent)
        #expect(try c.send([[3]]) == .sent)
        for _ in 0..<3 {
            let question = try #require(try router.next())
            #expect(try router.send([question[0], question[1] + [9]]) == .sent)
        }
        #expect(try c.next() == [[3, 9]])
        #expect(try a.next() == [[1, 9]])
        #expect(try b.next() == [[2, 9]])
    }

    @Test func `a restarted worker takes over the name of the one before it`() throws {
        let endpoint = try Endpoint.ipc(folder.file("again"))
        let router = try ZeroMQSocket.open(context, .router)
        try router.bind(endpoint)
        let old = try dealer("model_worker/0", to: endpoint)
        #expect(try old.send([[1]]) == .sent)
        #expect(try router.next() == [Array("model_worker/0".utf8), [1]])
        let new = try dealer("model_worker/0", to: endpoint)
        #expect(try new.send([[2]]) == .sent)
        #expect(try router.next() == [Array("model_worker/0".utf8), [2]])
        #expect(try router.send([Array("model_worker/0".utf8), [3]]) == .sent)
        #expect(try new.next() == [[3]])
        #expect(try old.receive() == nil)
    }

    @Test func `a worker that has gone becomes unreachable`() throws {
        let endpoint = try Endpoint.ipc(folder.file("gone")), name = Array("model_worker/0".utf8)
        let router = try ZeroMQSocket.open(context, .router)
        try router.bind(endpoint)
        let worker = try dealer("model_worker/0", to: endpoint)
        #expect(try worker.send([[1]]) == .sent)
        #expect(try router.next() == [name, [1]])
        #expect(try router.send([name, [2]]) == .sent)
        _ = consume worker
        var outcome = SendOutcome.sent, tries = 0
        while outcome != .unreachable, tries < 1000 {
            tries += 1
            _ = try Poller.wait([router.pollItem], timeout: .milliseconds(10))
            outcome = try router.send([name, [3]])
        }
        #expect(outcome == .unreachable)
    }

    @Test func `a worker that has not said anything is not known yet`() throws {
        let router = try ZeroMQSocket.open(context, .router)
        try router.bind(.ipc(folder.file("early")))
        #expect(try router.send([Array("model_worker/0".utf8), [1]]) == .unreachable)
        #expect(try router.send([[], [1]]) == .unreachable)
    }

    @Test func `a peer without a name gets one that answers reach`() throws {
        let endpoint = try Endpoint.ipc(folder.file("nameless"))
        let router = try ZeroMQSocket.open(context, .router)
        try router.bind(endpoint)
        let nameless = try dealer(nil, to: endpoint)
        #expect(try nameless.send([[1]]) == .sent)
        let question = try #require(try router.next())
        #expect(question.count == 2 && !question[0].isEmpty)
        #expect(try router.send([question[0], [2]]) == .sent)
        #expect(try nameless.next() == [[2]])
    }

    @Test(arguments: [0, 256, 1000])
    func `a name of no or more than 255 bytes is refused when the socket is opened`(length: Int) {
        let name = String(repeating: "n", count: length)
        let error = #expect(throws: TransportError.self) {
            _ = try ZeroMQSocket.open(context, .dealer, options: SocketOptions(identity: name))
        }
        #expect(error?.code == .open)
        #expect(error?.summary == "a socket could not be opened: Invalid argument")
    }

    @Test func `a name of 255 bytes, of any letters, is carried whole`() throws {
        let name = String(repeating: "训", count: 85), endpoint = try Endpoint.ipc(folder.file("long"))
        let router = try ZeroMQSocket.open(context, .router)
        try router.bind(endpoint)
        let worker = try dealer(name, to: endpoint)
        #expect(try worker.send([[1]]) == .sent)
        #expect(try router.next() == [Array(name.utf8), [1]])
    }
}
