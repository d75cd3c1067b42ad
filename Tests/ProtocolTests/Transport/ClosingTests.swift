import Glibc
import Protocol
import TestSupport
import Testing

/// The ends of sockets and contexts: nothing waits for ever, and what was asked to be delivered is.
@Suite struct ClosingTests {
    private let folder = TemporaryFolder()

    @Test func `closing with messages for nobody does not wait for somebody`() throws {
        let context = ZeroMQContext()
        let push = try ZeroMQSocket.open(context, .push)
        try push.connect(.ipc(folder.file("nobody")))
        for _ in 0..<100 { #expect(try push.send([[UInt8](repeating: 0, count: 1000)]) == .sent) }
        _ = consume push
        // The context ends with this test; it would wait here if a socket still held it.
    }

    @Test func `a socket told to linger delivers what it holds before its context ends`() throws {
        let endpoint = try Endpoint.ipc(folder.file("last"))
        let receiving = ZeroMQContext()
        let pull = try ZeroMQSocket.open(receiving, .pull)
        try pull.bind(endpoint)
        do {
            let sending = ZeroMQContext()
            let push = try ZeroMQSocket.open(sending, .push, options: SocketOptions(lingerMilliseconds: -1))
            try push.connect(endpoint)
            for number in UInt8(0)..<50 { #expect(try push.send([[number]]) == .sent) }
        }
        for number in UInt8(0)..<50 {
            #expect(try Poller.wait([pull.pollItem], timeout: .seconds(120)) == [true])
            #expect(try pull.receive() == [[number]])
        }
    }

    @Test func `after a shutdown every call says so and nothing blocks`() throws {
        let context = ZeroMQContext()
        let pull = try ZeroMQSocket.open(context, .pull), push = try ZeroMQSocket.open(context, .push)
        try pull.bind(.ipc(folder.file("down")))
        context.shutdown()
        let reason = "Context was terminated"
        #expect(throws: TransportError(.receive, reason: reason)) { try pull.receive() }
        #expect(throws: TransportError(.send, reason: reason)) { try push.send([[1]]) }
        #expect(throws: TransportError(.poll, reason: reason)) { try Poller.wait([pull.pollItem], timeout: nil) }
        #expect(throws: TransportError(.connect, place: "ipc:///x", reason: reason)) { try push.connect(.ipc("/x")) }
        let error = #expect(throws: TransportError.self) { _ = try ZeroMQSocket.open(context, .pull) }
        #expect(error == TransportError(.open, reason: reason))
    }

    @Test func `a shutdown ends a wait on another thread`() throws {
        let context = ZeroMQContext(), ready = try WakeUp(), done = try WakeUp()
        let endpoint = try Endpoint.ipc(folder.file("waiting"))
        let thread = try TestThread {
            guard let pull = try? ZeroMQSocket.open(context, .pull), (try? pull.bind(endpoint)) != nil else { return }
            ready.signal()
            do { _ = try Poller.wait([pull.pollItem], timeout: .seconds(120)) } catch { done.signal() }
        }
        #expect(try Poller.wait([ready.pollItem], timeout: .seconds(120)) == [true])
        context.shutdown()
        #expect(try Poller.wait([done.pollItem], timeout: .seconds(120)) == [true])
        thread.join()
    }

    @Test func `an address can be bound again once its socket is closed, and by a new process over an old file`() throws
    {
        let context = ZeroMQContext(), endpoint = try Endpoint.ipc(folder.file("again"))
        for number in UInt8(1)...3 {
            let pull = try ZeroMQSocket.open(context, .pull), push = try ZeroMQSocket.open(context, .push)
            try pull.bind(endpoint)
            try push.connect(endpoint)
            #expect(try push.send([[number]]) == .sent)
            #expect(try Poller.wait([pull.pollItem], timeout: .seconds(120)) == [true])
            #expect(try pull.receive() == [[number]])
        }
        // A killed process leaves its file behind.
        folder.write("", to: "stale")
        let pull = try ZeroMQSocket.open(context, .pull)
        #expect(throws: Never.self) { try pull.bind(.ipc(folder.file("stale"))) }
    }

    @Test func `binding where there is no folder is refused with the address`() throws {
        let context = ZeroMQContext(), address = folder.file("missing/socket")
        let pull = try ZeroMQSocket.open(context, .pull)
        let error = #expect(throws: TransportError.self) { try pull.bind(.ipc(address)) }
        #expect(error?.code == .bind)
        #expect(error?.place == "ipc://\(address)")
        #expect(error?.reason == "No such file or directory")
    }

    @Test func `a path of 107 bytes can be bound and one of 108 is refused before`() throws {
        let context = ZeroMQContext(), pull = try ZeroMQSocket.open(context, .pull)
        let longest = folder.path + "/" + String(repeating: "s", count: 106 - folder.path.utf8.count)
        #expect(longest.utf8.count == 107)
        try pull.bind(.ipc(longest))
        #expect(access(longest, F_OK) == 0)
        let error = #expect(throws: TransportError.self) { try Endpoint.ipc(longest + "s") }
        #expect(error == TransportError(.pathTooLong, place: longest + "s", reason: "108 bytes, the system allows 107"))
        // Letters of three bytes: 36 of them and the slash are 109 bytes.
        #expect(throws: TransportError.self) { try Endpoint.ipc("/" + String(repeating: "訓", count: 36)) }
    }
}
