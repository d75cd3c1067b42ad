import Glibc
import Protocol
import TestSupport
import Testing

/// What becomes of messages when nobody, somebody slow, or several peers are at the other end.
@Suite struct SendingTests {
    private let folder = TemporaryFolder()
    private let context = ZeroMQContext()

    @Test func `a socket that is connected to nothing takes no message`() throws {
        let push = try ZeroMQSocket.open(context, .push), dealer = try ZeroMQSocket.open(context, .dealer)
        #expect(try push.send([[1]]) == .full)
        #expect(try dealer.send([[1]]) == .full)
        #expect(try dealer.receive() == nil)
    }

    @Test func `what is queued for a peer that comes later reaches it in order, and no more than the limit`() throws {
        let endpoint = try Endpoint.ipc(folder.file("late"))
        let push = try ZeroMQSocket.open(context, .push, options: SocketOptions(sendHighWater: 5))
        try push.connect(endpoint)
        let outcomes = try (0..<8).map { try push.send([[UInt8($0)]]) }
        #expect(outcomes == Array(repeating: .sent, count: 5) + Array(repeating: .full, count: 3))
        let pull = try ZeroMQSocket.open(context, .pull)
        try pull.bind(endpoint)
        for number in UInt8(0)..<5 { #expect(try pull.next() == [[number]]) }
        #expect(try Poller.wait([pull.pollItem], timeout: .milliseconds(20)) == [false])
    }

    @Test func `a refused message leaves no frame behind`() throws {
        let endpoint = try Endpoint.ipc(folder.file("whole"))
        let push = try ZeroMQSocket.open(context, .push, options: SocketOptions(sendHighWater: 1))
        try push.connect(endpoint)
        #expect(try push.send([[1], [2], [3]]) == .sent)
        #expect(try push.send([[4], [5], [6]]) == .full)
        let pull = try ZeroMQSocket.open(context, .pull)
        try pull.bind(endpoint)
        #expect(try pull.next() == [[1], [2], [3]])
        while try push.send([[7], [8]]) == .full { _ = try Poller.wait([pull.pollItem], timeout: .milliseconds(1)) }
        #expect(try pull.next() == [[7], [8]])
    }

    @Test func `forty frames of many sizes arrive as one message, bit for bit`() throws {
        let endpoint = try Endpoint.ipc(folder.file("many"))
        let pull = try ZeroMQSocket.open(context, .pull), push = try ZeroMQSocket.open(context, .push)
        try pull.bind(endpoint)
        try push.connect(endpoint)
        var random = SplitMix(seed: 5)
        let sizes = [0, 1, 255, 256, 65_535, 65_536] + (0..<34).map { _ in Int.random(in: 0...3000, using: &random) }
        let frames = sizes.map { size in (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ size) } }
        #expect(try push.send(frames) == .sent)
        #expect(try pull.next() == frames)
    }

    @Test func `a tensor frame of eight megabytes arrives whole where the limit allows it`() throws {
        let endpoint = try Endpoint.ipc(folder.file("tensor"))
        let pull = try ZeroMQSocket.open(
            context, .pull, options: SocketOptions(largestMessage: WireCodec.largestTensor))
        let push = try ZeroMQSocket.open(context, .push)
        try pull.bind(endpoint)
        try push.connect(endpoint)
        let frame = [UInt8](repeating: 0xa5, count: 8 << 20)
        #expect(try push.send([[1], frame]) == .sent)
        let read = try #require(try pull.next())
        #expect(read.count == 2 && read[0] == [1] && read[1] == frame)
    }

    @Test func `a frame of exactly the limit is let in, and the limit is a frame's, not a message's`() throws {
        let endpoint = try Endpoint.ipc(folder.file("limit"))
        let pull = try ZeroMQSocket.open(context, .pull, options: SocketOptions(largestMessage: 1000))
        let push = try ZeroMQSocket.open(context, .push)
        try pull.bind(endpoint)
        try push.connect(endpoint)
        let full = [UInt8](repeating: 1, count: 1000)
        #expect(try push.send([full, full, full]) == .sent)
        #expect(try pull.next() == [full, full, full])
    }

    @Test func `messages of two senders are interleaved but never mixed, and each sender's stay in order`() throws {
        let endpoint = try Endpoint.ipc(folder.file("two"))
        let pull = try ZeroMQSocket.open(context, .pull)
        let first = try ZeroMQSocket.open(context, .push), second = try ZeroMQSocket.open(context, .push)
        try pull.bind(endpoint)
        try first.connect(endpoint)
        try second.connect(endpoint)
        for number in UInt8(0)..<100 {
            #expect(try first.send([[1], [number], [1]]) == .sent)
            #expect(try second.send([[2], [number], [2]]) == .sent)
        }
        var seen: [UInt8: [UInt8]] = [:]
        for _ in 0..<200 {
            let frames = try #require(try pull.next())
            #expect(frames.count == 3 && frames[0] == frames[2])
            seen[frames[0][0], default: []] += frames[1]
        }
        #expect(seen == [1: Array(0..<100), 2: Array(0..<100)])
    }

    @Test func `a slow reader slows its sender down and loses nothing`() throws {
        let endpoint = try Endpoint.ipc(folder.file("slow"))
        let pull = try ZeroMQSocket.open(context, .pull, options: SocketOptions(receiveHighWater: 3))
        let push = try ZeroMQSocket.open(context, .push, options: SocketOptions(sendHighWater: 3))
        try pull.bind(endpoint)
        try push.connect(endpoint)
        // Larger than a socket's buffer in the kernel, so that the queues do fill.
        let padding = [UInt8](repeating: 0, count: 300_000)
        var sent: UInt8 = 0, refused = 0, received: [UInt8] = [], turns = 0
        while received.count < 40, turns < 10_000 {
            turns += 1
            while sent < 40, try push.send([[sent], padding]) == .sent { sent += 1 }
            if sent < 40 { refused += 1 }
            if let frames = try pull.receive() {
                received += frames[0]
            } else {
                // Both ends may be idle for a moment: room in a queue is no event that can be waited for.
                _ = try Poller.wait([pull.pollItem], timeout: .milliseconds(5))
            }
        }
        #expect(received == Array(0..<40))
        #expect(refused > 0)
    }

    @Test func `a message without frames is none`() throws {
        let endpoint = try Endpoint.ipc(folder.file("none"))
        let pull = try ZeroMQSocket.open(context, .pull), push = try ZeroMQSocket.open(context, .push)
        try pull.bind(endpoint)
        try push.connect(endpoint)
        #expect(try push.send([]) == .sent)
        #expect(try push.send([[]]) == .sent)
        #expect(try pull.next() == [[]])
    }
}
