import Glibc
import Protocol
import TestSupport
import Testing

@Suite struct SocketTests {
    private let folder = TemporaryFolder()
    private let context = ZeroMQContext()

    /// Waits until `item` is readable; a test that waits longer than this has failed.
    private func wait(_ item: PollItem) throws -> Bool { try Poller.wait([item], timeout: .seconds(120))[0] }

    @Test func `frames arrive as they were sent, empty ones too`() throws {
        let endpoint = try Endpoint.ipc(folder.file("s"))
        let pull = try ZeroMQSocket.open(context, .pull), push = try ZeroMQSocket.open(context, .push)
        try pull.bind(endpoint)
        try push.connect(endpoint)
        #expect(try push.send([[1, 2], [], [3]]) == .sent)
        #expect(try wait(pull.pollItem))
        #expect(try pull.receive() == [[1, 2], [], [3]])
        #expect(try pull.receive() == nil)
    }

    @Test func `a router answers a dealer by its identity and says when it is unknown`() throws {
        let endpoint = try Endpoint.ipc(folder.file("r"))
        let router = try ZeroMQSocket.open(context, .router)
        let dealer = try ZeroMQSocket.open(context, .dealer, options: SocketOptions(identity: "model_worker/0"))
        try router.bind(endpoint)
        try dealer.connect(endpoint)
        _ = try dealer.send([[7]])
        #expect(try wait(router.pollItem))
        #expect(try router.receive() == [Array("model_worker/0".utf8), [7]])
        #expect(try router.send([Array("model_worker/0".utf8), [8]]) == .sent)
        #expect(try router.send([Array("nobody".utf8), [8]]) == .unreachable)
        #expect(try wait(dealer.pollItem))
        #expect(try dealer.receive() == [[8]])
    }

    @Test func `a full queue says so instead of blocking`() throws {
        let endpoint = try Endpoint.ipc(folder.file("q"))
        let push = try ZeroMQSocket.open(context, .push, options: SocketOptions(sendHighWater: 2))
        try push.connect(endpoint)
        let outcomes = try (0..<5).map { _ in try push.send([[1]]) }
        #expect(outcomes == [.sent, .sent, .full, .full, .full])
    }

    @Test func `a socket file is readable by its owner only`() throws {
        let pull = try ZeroMQSocket.open(context, .pull)
        try pull.bind(.ipc(folder.file("private")))
        var information = stat()
        #expect(stat(folder.file("private"), &information) == 0)
        #expect(information.st_mode & 0o077 == 0)
    }

    @Test func `a path too long for a socket address is refused with a hint`() {
        let error = #expect(throws: TransportError.self) { try Endpoint.ipc("/" + String(repeating: "x", count: 120)) }
        #expect(error?.hint == "set COCKPIT_HOME to a shorter path")
    }

    @Test func `an oversize frame never reaches the receiver`() throws {
        let endpoint = try Endpoint.ipc(folder.file("big"))
        let pull = try ZeroMQSocket.open(context, .pull, options: SocketOptions(largestMessage: 1000))
        let hostile = try ZeroMQSocket.open(context, .push), honest = try ZeroMQSocket.open(context, .push)
        try pull.bind(endpoint)
        try hostile.connect(endpoint)
        _ = try hostile.send([[UInt8](repeating: 0, count: 2000)])
        try honest.connect(endpoint)
        _ = try honest.send([[1]])
        #expect(try wait(pull.pollItem))
        #expect(try pull.receive() == [[1]])
        #expect(try Poller.wait([pull.pollItem], timeout: .milliseconds(50)) == [false])
    }

    @Test func `a wake-up from another thread ends a wait that has no time-out`() throws {
        let wake = try WakeUp()
        let thread = try TestThread { wake.signal() }
        #expect(try Poller.wait([wake.pollItem], timeout: nil) == [true])
        wake.drain()
        #expect(try Poller.wait([wake.pollItem], timeout: .zero) == [false])
        thread.join()
    }

    @Test func `descriptors and sockets are waited for together`() throws {
        let pull = try ZeroMQSocket.open(context, .pull)
        try pull.bind(.ipc(folder.file("together")))
        let wake = try WakeUp()
        wake.signal()
        #expect(try Poller.wait([pull.pollItem, wake.pollItem], timeout: .seconds(120)) == [false, true])
    }
}
