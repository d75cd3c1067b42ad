import Testing

@testable import Cockpit

@Suite("The event source", .serialized)
@MainActor
struct EventSourceTests {
    private final class Peer: TerminalPeer {
        var blockedOutput: Int32? { nil }
        var reports: [TerminalReport] = []
        func drain() {}
        func receive(_ report: TerminalReport) { reports.append(report) }
    }

    private func withSource(_ body: (PseudoTerminal, EventSource) throws -> Void) throws {
        let terminal = try PseudoTerminal()
        let held = try TerminalGuard.take(terminal.program)
        defer { held.end() }
        let source = try EventSource.open(input: terminal.program, signals: .ignored)
        try body(terminal, source)
    }

    @Test
    func `reports keys as they are typed`() throws {
        try withSource { terminal, source in
            terminal.type("q\u{1B}[A")
            #expect(source.next() == [.key(KeyStroke("q")), .key(KeyStroke(.up))])
        }
    }

    @Test
    func `takes a lone escape for the key after a short wait`() throws {
        try withSource { terminal, source in
            terminal.type("\u{1B}")
            #expect(source.next() == [.key(KeyStroke(.escape))])
        }
    }

    @Test
    func `says that the time has passed`() throws {
        try withSource { _, source in
            #expect(source.next(timeout: .zero) == [.tick])
            #expect(source.next(timeout: .milliseconds(2)) == [.tick])
        }
    }

    @Test
    func `is woken by another thread once for many calls`() throws {
        try withSource { _, source in
            let waker = source.waker
            for _ in 0..<5 { waker.wake() }
            #expect(source.next() == [.wake])
            #expect(source.next(timeout: .zero) == [.tick])
        }
    }

    @Test
    func `gives the terminal's answers to the screen`() throws {
        try withSource { terminal, source in
            let peer = Peer()
            source.peer = peer
            terminal.type("\u{1B}[?2026;2$yx")
            #expect(source.next() == [.key(KeyStroke("x"))])
            #expect(peer.reports == [.synchronizedOutput(isSupported: true)])
        }
    }

    @Test
    func `reports a closed terminal once`() throws {
        let terminal = try PseudoTerminal()
        let source = try EventSource.open(input: terminal.program, signals: .ignored)
        terminal.hangUp()
        #expect(source.next() == [.hangup])
        #expect(source.next(timeout: .milliseconds(1)) == [.tick])
    }
}
