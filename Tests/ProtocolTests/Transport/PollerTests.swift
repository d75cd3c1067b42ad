import Glibc
import Protocol
import TestSupport
import Testing

@Suite struct PollerTests {
    /// Both ends of a pipe, closed with it.
    private final class Pipe {
        let read: Int32
        private(set) var write: Int32

        init() {
            var ends: [Int32] = [-1, -1]
            precondition(pipe(&ends) == 0)
            (read, write) = (ends[0], ends[1])
        }

        func closeWriting() {
            if write >= 0 { close(write) }
            write = -1
        }

        deinit {
            closeWriting()
            close(read)
        }
    }

    @Test(arguments: 0..<4)
    func `the one that is ready is named by its place`(place: Int) throws {
        let wakes = try (0..<4).map { _ in try WakeUp() }
        wakes[place].signal()
        let ready = try Poller.wait(wakes.map(\.pollItem), timeout: nil)
        #expect(ready.indices.filter { ready[$0] } == [place])
    }

    @Test func `nothing to wait for and no time to wait is no error`() throws {
        #expect(try Poller.wait([], timeout: .zero).isEmpty)
    }

    @Test(arguments: [Duration.zero, .nanoseconds(-1), .seconds(-5), .seconds(Int64.min / 2), .nanoseconds(1)])
    func `time that is up already is not waited for`(timeout: Duration) throws {
        let wake = try WakeUp()
        #expect(try Poller.wait([wake.pollItem], timeout: timeout) == [false])
    }

    @Test(arguments: [
        Duration.seconds(Int64.max / 2), .seconds(Int64.max), .milliseconds(Int64.max), .seconds(1 << 40),
    ])
    func `a deadline beyond all counting does not trap`(timeout: Duration) throws {
        let wake = try WakeUp()
        wake.signal()
        #expect(try Poller.wait([wake.pollItem], timeout: timeout) == [true])
    }

    @Test func `a descriptor stays ready until it is read`() throws {
        let pipe = Pipe()
        #expect(try Poller.wait([.descriptor(pipe.read)], timeout: .zero) == [false])
        #expect(write(pipe.write, [1, 2], 2) == 2)
        for _ in 0..<3 { #expect(try Poller.wait([.descriptor(pipe.read)], timeout: .seconds(120)) == [true]) }
        var buffer = [UInt8](repeating: 0, count: 2)
        #expect(read(pipe.read, &buffer, 2) == 2)
        #expect(try Poller.wait([.descriptor(pipe.read)], timeout: .zero) == [false])
    }

    @Test func `an end that hung up is ready, so that the loop can see it`() throws {
        let pipe = Pipe()
        pipe.closeWriting()
        #expect(try Poller.wait([.descriptor(pipe.read)], timeout: .seconds(120)) == [true])
    }

    @Test func `a socket stays ready while messages wait in it`() throws {
        let folder = TemporaryFolder(), context = ZeroMQContext(), endpoint = try Endpoint.ipc(folder.file("s"))
        let pull = try ZeroMQSocket.open(context, .pull), push = try ZeroMQSocket.open(context, .push)
        try pull.bind(endpoint)
        try push.connect(endpoint)
        for number in UInt8(0)..<3 { #expect(try push.send([[number], [number]]) == .sent) }
        for number in UInt8(0)..<3 {
            #expect(try Poller.wait([pull.pollItem], timeout: .seconds(120)) == [true])
            #expect(try pull.receive() == [[number], [number]])
        }
        #expect(try Poller.wait([pull.pollItem], timeout: .zero) == [false])
    }

    @Test func `any number of signals is one wake-up`() throws {
        let wake = try WakeUp()
        for _ in 0..<1000 { wake.signal() }
        #expect(try Poller.wait([wake.pollItem], timeout: .zero) == [true])
        wake.drain()
        #expect(try Poller.wait([wake.pollItem], timeout: .zero) == [false])
    }

    @Test func `draining what was never signalled returns at once and spoils nothing`() throws {
        let wake = try WakeUp()
        wake.drain()
        wake.drain()
        #expect(try Poller.wait([wake.pollItem], timeout: .zero) == [false])
        wake.signal()
        #expect(try Poller.wait([wake.pollItem], timeout: .zero) == [true])
    }

    @Test func `signals of four threads at once are never lost`() throws {
        let wake = try WakeUp(), done = try (0..<4).map { _ in try WakeUp() }
        let threads = try done.map { mine in
            try TestThread {
                for _ in 0..<500 { wake.signal() }
                mine.signal()
            }
        }
        var ended = 0, woken = 0
        while ended < 4 {
            let ready = try Poller.wait([wake.pollItem] + done.map(\.pollItem), timeout: .seconds(120))
            try #require(ready.contains(true))
            if ready[0] {
                wake.drain()
                woken += 1
            }
            for index in 0..<4 where ready[index + 1] {
                done[index].drain()
                ended += 1
            }
        }
        threads.forEach { $0.join() }
        #expect(woken >= 1)
    }
}
