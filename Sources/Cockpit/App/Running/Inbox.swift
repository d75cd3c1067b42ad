import Synchronization

/// Answers on their way from the worker threads to the loop.
///
/// Bounded: of snapshots only the newest waits, since each is a whole view; other answers are as many as were asked for.
final class Inbox: Sendable {
    private let waiting = Mutex<[AppEvent]>([])
    private let wake: @Sendable () -> Void

    /// `wake` makes the loop look; it may be called from any thread.
    init(wake: @escaping @Sendable () -> Void) { self.wake = wake }

    func post(_ event: AppEvent) {
        waiting.withLock { events in
            if event.isReplaceable { events.removeAll { $0.isReplaceable && $0.kind == event.kind } }
            events.append(event)
        }
        wake()
    }

    /// Everything that waits, oldest first.
    func drain() -> [AppEvent] {
        waiting.withLock { events in
            defer { events.removeAll() }
            return events
        }
    }
}

extension AppEvent {
    fileprivate enum Kind: Equatable {
        case snapshot
        case trials
        case other
    }

    fileprivate var kind: Kind {
        switch self {
        case .snapshot: .snapshot
        case .trialsListed: .trials
        default: .other
        }
    }

    /// Whether a newer event of its kind makes it worthless.
    fileprivate var isReplaceable: Bool { kind != .other }
}
