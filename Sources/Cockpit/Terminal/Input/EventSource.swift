import CNCurses
import Glibc

/// What the event source does for the screen while it waits.
@MainActor
protocol TerminalPeer: AnyObject {
    /// The descriptor that has to become writable before more can be sent; nil when nothing waits.
    var blockedOutput: Int32? { get }

    /// Sends what waits.
    func drain()

    /// Takes an answer of the terminal.
    func receive(_ report: TerminalReport)
}

/// Wakes the event loop from any thread.
struct Waker: Sendable {
    fileprivate let descriptor: Int32

    /// Makes the loop return `.wake`; many calls before it looks are one event.
    func wake() {
        var one: UInt64 = 1
        // A full counter means that a wake-up waits already.
        _ = write(descriptor, &one, 8)
    }
}

/// The one place the dashboard waits: keyboard, signals, other threads, and a deadline. Nothing runs when none of
/// them has something to say.
///
/// Open it before any thread starts: it blocks the signals it reports, and threads inherit that. Processes do too, so
/// a spawned one must reset its mask.
@MainActor
final class EventSource {
    private static let signals: [Int32] = [
        SIGWINCH, SIGINT, SIGTERM, SIGUSR1, SIGUSR2, SIGHUP, SIGCONT, SIGTSTP,
    ]

    let waker: Waker
    weak var peer: (any TerminalPeer)?

    private let input: Int32
    private let signalDescriptor: Int32
    private var decoder: KeyDecoder
    private var isInputOpen = true
    private var lastInput = ContinuousClock.now

    /// Reads keys from a descriptor. Tests of the keyboard alone take no signals.
    static func open(
        input: Int32 = STDIN_FILENO, signals: SignalHandling = .reported, escapeDelay: Int = 25
    ) throws(TerminalError) -> EventSource {
        let wake = term_event_fd()
        guard wake >= 0 else { throw TerminalError(code: .system, message: String(cString: strerror(errno))) }
        var descriptor: Int32 = -1
        if signals == .reported {
            descriptor = term_signal_fd(Self.signals, Int32(Self.signals.count))
            guard descriptor >= 0 else {
                throw TerminalError(code: .system, message: String(cString: strerror(errno)))
            }
        }
        return EventSource(
            input: input, signals: descriptor, wake: wake, decoder: KeyDecoder(escapeDelay: escapeDelay))
    }

    enum SignalHandling: Sendable {
        case reported
        case ignored
    }

    private init(input: Int32, signals: Int32, wake: Int32, decoder: KeyDecoder) {
        self.input = input
        self.decoder = decoder
        signalDescriptor = signals
        waker = Waker(descriptor: wake)
    }

    /// Waits until something happens or the time has passed; the events are in the order they came.
    func next(timeout: Duration? = nil) -> [TerminalEvent] {
        let deadline = timeout.map { ContinuousClock.now + $0 }
        while true {
            // Counted from the last byte: a caller that looks often must not put the decision off for ever.
            let decision = decoder.patience.map { lastInput + .milliseconds($0) }
            let wait = [deadline, decision].compactMap(Self.milliseconds).min() ?? -1
            let events = poll(milliseconds: wait)
            if !events.isEmpty { return events }
            if let decision, ContinuousClock.now >= decision {
                let decided = self.events(of: decoder.flush())
                if !decided.isEmpty { return decided }
            }
            if let deadline, ContinuousClock.now >= deadline { return [.tick] }
        }
    }

    private static func milliseconds(until deadline: ContinuousClock.Instant?) -> Int32? {
        guard let deadline else { return nil }
        let left = deadline - ContinuousClock.now
        let (seconds, attoseconds) = left.components
        // Rounded up: a wait that ends early would turn the rest of the millisecond into a busy loop.
        let milliseconds = seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
        return Int32(clamping: max(0, milliseconds))
    }

    private func poll(milliseconds: Int32) -> [TerminalEvent] {
        let readable = Int16(POLLIN)
        var set = [
            pollfd(fd: isInputOpen ? input : -1, events: readable, revents: 0),
            pollfd(fd: signalDescriptor, events: readable, revents: 0),
            pollfd(fd: waker.descriptor, events: readable, revents: 0),
            pollfd(fd: peer?.blockedOutput ?? -1, events: Int16(POLLOUT), revents: 0),
        ]
        let count = Glibc.poll(&set, nfds_t(set.count), milliseconds)
        if count <= 0 { return [] }
        var events: [TerminalEvent] = []
        if set[1].revents != 0 { events += readSignals() }
        if set[0].revents != 0 { events += readInput() }
        if set[2].revents != 0 { events += readWake() }
        if set[3].revents != 0 { peer?.drain() }
        return events
    }

    private func readInput() -> [TerminalEvent] {
        var buffer = [UInt8](repeating: 0, count: 16 * 1024)
        let count = read(input, &buffer, buffer.count)
        if count > 0 {
            lastInput = ContinuousClock.now
            return events(of: UnmarkedPaste.merged(decoder.feed(buffer[..<count])))
        }
        if count < 0, errno == EINTR || errno == EAGAIN { return [] }
        isInputOpen = false
        return [.hangup]
    }

    private func events(of outputs: [KeyDecoder.Output]) -> [TerminalEvent] {
        outputs.compactMap { output in
            switch output {
            case .event(let event):
                return event
            case .report(let report):
                peer?.receive(report)
                return nil
            }
        }
    }

    private func readWake() -> [TerminalEvent] {
        var count: UInt64 = 0
        return read(waker.descriptor, &count, 8) == 8 ? [.wake] : []
    }

    private func readSignals() -> [TerminalEvent] {
        var events: [TerminalEvent] = []
        while case let number = term_next_signal(signalDescriptor), number != 0 {
            guard let event = event(of: number), !events.contains(event) else { continue }
            events.append(event)
        }
        return events
    }

    private func event(of signal: Int32) -> TerminalEvent? {
        switch signal {
        case SIGWINCH:
            var columns: Int32 = 0
            var rows: Int32 = 0
            guard term_window_size(input, &columns, &rows) else { return nil }
            return .resize(Size(width: Int(columns), height: Int(rows)))
        case SIGCONT: return .resume
        case SIGHUP: return .hangup
        // The keyboard's own ctrl-z comes as a key; one sent by hand means the same.
        case SIGTSTP: return .key(.control("z"))
        default: return .terminate
        }
    }

    isolated deinit {
        close(waker.descriptor)
        if signalDescriptor >= 0 { close(signalDescriptor) }
    }
}
