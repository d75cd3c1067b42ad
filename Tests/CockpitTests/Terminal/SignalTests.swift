import Glibc
import Testing

@testable import Cockpit

/// Signals as events. Each is sent to this very thread, where the source has blocked it.
@Suite("The signals of the event source", .serialized)
@MainActor
struct SignalTests {
    private func withSource(_ body: (PseudoTerminal, EventSource) throws -> Void) throws {
        var before = sigset_t()
        pthread_sigmask(SIG_SETMASK, nil, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        let terminal = try PseudoTerminal(columns: 50, rows: 7)
        let source = try EventSource.open(input: terminal.program)
        try body(terminal, source)
    }

    private func send(_ signals: Int32...) {
        for signal in signals { pthread_kill(pthread_self(), signal) }
    }

    @Test(
        arguments: [
            (SIGWINCH, .resize(Size(width: 50, height: 7))), (SIGTERM, .terminate), (SIGINT, .terminate),
            (SIGUSR1, .terminate), (SIGUSR2, .terminate),
            (SIGHUP, .hangup), (SIGTSTP, .key(.control("z"))), (SIGCONT, .resume),
        ] as [(Int32, TerminalEvent)])
    func `each signal is its event`(signal: Int32, event: TerminalEvent) throws {
        try withSource { _, source in
            send(signal)
            #expect(source.next(timeout: .zero) == [event])
            #expect(source.next(timeout: .zero) == [.tick])
        }
    }

    @Test func `a resize says how large the terminal is now, once for many`() throws {
        try withSource { terminal, source in
            terminal.resize(columns: 300, rows: 80)
            send(SIGWINCH, SIGWINCH)
            terminal.resize(columns: 20, rows: 5)
            send(SIGWINCH)
            #expect(source.next(timeout: .zero) == [.resize(Size(width: 20, height: 5))])
        }
    }

    @Test func `signals come before keys that were typed at the same time`() throws {
        try withSource { terminal, source in
            terminal.type("q\r")
            send(SIGTERM)
            let events = source.next()
            #expect(events.first == .terminate)
            #expect(events.dropFirst().first == .key(KeyStroke("q")))
        }
    }

    @Test func `asking often does not keep a torn sequence waiting for ever`() throws {
        let terminal = try PseudoTerminal()
        let held = try TerminalGuard.take(terminal.program)
        defer { held.end() }
        let source = try EventSource.open(input: terminal.program, signals: .ignored)
        terminal.type("\u{1B}[")
        var events: [TerminalEvent] = []
        var asked = 0
        while !events.contains(.key(.alt("["))), asked < 2_000 {
            events = source.next(timeout: .milliseconds(2))
            asked += 1
        }
        #expect(asked < 2_000)
        terminal.type("q")
        #expect(source.next() == [.key(KeyStroke("q"))])
    }
}

/// Bytes to a descriptor that takes them slowly, or never.
@Suite("The output buffer")
struct OutputBufferTests {
    private func pipeEnds(blocking: Bool = false) -> (reading: Int32, writing: Int32) {
        var ends: [Int32] = [-1, -1]
        #expect(pipe(&ends) == 0)
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            if !blocking { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
        }
        return (ends[0], ends[1])
    }

    private func take(_ descriptor: Int32, atMost limit: Int = .max) -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while bytes.count < limit, case let count = read(descriptor, &buffer, buffer.count), count > 0 {
            bytes += buffer[..<count]
        }
        return bytes
    }

    @Test func `keeps what is not taken and sends it in order`() {
        let (reading, writing) = pipeEnds()
        defer { [reading, writing].forEach { close($0) } }
        var output = OutputBuffer(descriptor: writing)
        let parts = (0..<40).map { number in [UInt8](repeating: UInt8(number), count: 5_000) }
        for part in parts { output.send(part) }
        #expect(!output.isEmpty, "200 KB are more than a pipe takes")
        var taken: [UInt8] = []
        while !output.isEmpty {
            taken += take(reading, atMost: 10_000)
            output.flush()
        }
        taken += take(reading)
        #expect(taken == parts.flatMap(\.self))
    }

    @Test func `forgets what waits when it is told to`() {
        let (reading, writing) = pipeEnds()
        defer { [reading, writing].forEach { close($0) } }
        var output = OutputBuffer(descriptor: writing)
        output.send([UInt8](repeating: 1, count: 100_000))
        output.discard()
        #expect(output.isEmpty)
        let before = take(reading).count
        #expect(before < 100_000)
        output.send("next")
        #expect(take(reading) == Array("next".utf8))
    }

    @Test func `does not wait for a terminal that is gone`() {
        let (reading, writing) = pipeEnds()
        close(reading)
        signal(SIGPIPE, SIG_IGN)
        var output = OutputBuffer(descriptor: writing)
        output.send("nobody reads this")
        #expect(output.isEmpty)
        close(writing)
        output.send("nor this")
        #expect(output.isEmpty)
    }
}
