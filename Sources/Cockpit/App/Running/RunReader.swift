import Protocol
import Store

/// The thread that reads runs: it keeps one view fresh and the list of trials, and looks for a change four times a
/// second. Nothing changed means nothing read and nobody woken.
final class RunReader: Sendable {
    private struct Orders: Sendable {
        var subscription: Subscription?
        var isSubscriptionNew = false
        var pace: ListPace = .often
        var isListWanted = false
        var seeks: [Seek] = []
        var isStopped = false

        struct Seek: Sendable {
            var trial: TrialID
            var goal: Goal
        }

        enum Goal: Sendable {
            case next(ReplayStop, ReplayDirection, from: Int64)
            case step(Int)
        }
    }

    private let orders = Mailbox(Orders())
    private let backend: any Backend
    private let inbox: Inbox

    init(backend: any Backend, inbox: Inbox) {
        self.backend = backend
        self.inbox = inbox
    }

    func watch(_ subscription: Subscription?) {
        orders.update { orders in
            orders.subscription = subscription
            orders.isSubscriptionNew = true
        }
    }

    func list(_ pace: ListPace) {
        orders.update { orders in
            orders.pace = pace
            orders.isListWanted = true
        }
    }

    /// A key held down asks faster than a disk answers; only the newest few are of interest.
    func seek(_ trial: TrialID, _ direction: ReplayDirection, from time: Int64, stop: ReplayStop) {
        seek(trial, .next(stop, direction, from: time))
    }

    func seek(_ trial: TrialID, step: Int) { seek(trial, .step(step)) }

    private func seek(_ trial: TrialID, _ goal: Orders.Goal) {
        orders.update { orders in
            if orders.seeks.count >= 8 { orders.seeks.removeFirst() }
            orders.seeks.append(Orders.Seek(trial: trial, goal: goal))
        }
    }

    /// Makes `run` return after the read it is in.
    func stop() { orders.update { $0.isStopped = true } }

    // MARK: The thread

    private static let lookEvery: Int64 = 250_000_000

    /// What is known of the run that is being watched; lives on the reader's thread.
    private struct Watch {
        var subscription: Subscription
        var source: (any RunSource)?
        var counter: Int64?
        var lastFailure: String?
    }

    /// The body of the reader's thread.
    func run() {
        var watch: Watch?
        var lastList: [TrialItem]?
        var nextLook = LoopClock.now()
        var nextList = LoopClock.now()
        while true {
            let deadline = watch == nil ? nextList : min(nextLook, nextList)
            let work = orders.wait(until: deadline) { orders in Self.take(&orders) }
            if work?.isStopped == true { return }
            if let work, work.isSubscriptionNew {
                watch = Self.next(after: watch, for: work.subscription)
                if watch != nil { refresh(&watch, always: true) }
                nextLook = LoopClock.now() + Self.lookEvery
            }
            for seek in work?.seeks ?? [] { answer(seek, watch) }
            let now = LoopClock.now()
            if now >= nextLook, watch != nil {
                refresh(&watch, always: false)
                nextLook = now + Self.lookEvery
            }
            if work?.isListWanted == true || now >= nextList {
                list(&lastList)
                let pace = orders.update { $0.pace }
                nextList = LoopClock.now() + (pace == .often ? 1_000_000_000 : 2_000_000_000)
            }
        }
    }

    private static func take(_ orders: inout Orders) -> Orders? {
        guard orders.isStopped || orders.isSubscriptionNew || orders.isListWanted || !orders.seeks.isEmpty else {
            return nil
        }
        defer {
            orders.isSubscriptionNew = false
            orders.isListWanted = false
            orders.seeks = []
        }
        return orders
    }

    private static func next(after watch: Watch?, for subscription: Subscription?) -> Watch? {
        guard let subscription else { return nil }
        guard var same = watch, same.subscription.trial == subscription.trial else {
            return Watch(subscription: subscription)
        }
        same.subscription = subscription
        // Another screen asks now, which has not seen the failure.
        same.lastFailure = nil
        return same
    }

    private func refresh(_ watch: inout Watch?, always: Bool) {
        guard var current = watch else { return }
        defer { watch = current }
        let id = current.subscription.trial
        do {
            let source = try current.source ?? backend.open(id)
            current.source = source
            let counter = try source.changeCounter()
            guard always || counter != current.counter else { return }
            let snapshot = try source.snapshot(current.subscription.query)
            current.counter = counter
            current.lastFailure = nil
            inbox.post(.snapshot(id, current.subscription.query, snapshot))
        } catch {
            // A file that was replaced or repaired is found again by opening it anew.
            current.source = nil
            current.counter = nil
            let reason = describe(error)
            if reason != current.lastFailure { inbox.post(.runFailed(id, reason)) }
            current.lastFailure = reason
        }
    }

    private func answer(_ seek: Orders.Seek, _ watch: Watch?) {
        let source = watch?.subscription.trial == seek.trial ? watch?.source : nil
        do {
            switch seek.goal {
            case .next(let stop, let direction, let from):
                let time = try source?.eventTime(direction, from: from, stop: stop)
                inbox.post(.soughtTime(seek.trial, time))
            case .step(let step):
                inbox.post(.soughtStep(seek.trial, step, try source.flatMap { try Self.mark(of: step, in: $0) }))
            }
        } catch {
            inbox.post(.runFailed(seek.trial, describe(error)))
        }
    }

    /// When a step was completed, or the nearest one that was recorded.
    private static func mark(of step: Int, in source: any RunSource) throws -> StepMark? {
        let key = MetricName.stepSeconds.rawValue
        let after = try source.points(of: key, after: step - 1, limit: 1).points.first
        if let after, after.step == step { return StepMark(step: step, time: after.time) }
        // Steps that were left out of the record are few, so the one before is at most these back; otherwise it is the last.
        let last = try source.snapshot(RunQuery(timelineWindow: 0, columns: 1, logLimit: 0)).step
        let start = min(step, last) - gap
        let before = try source.points(of: key, after: max(-1, start), limit: gap).points.last { $0.step < step }
        let found = [before, after].compactMap(\.self).min { abs($0.step - step) < abs($1.step - step) }
        return found.map { StepMark(step: $0.step, time: $0.time) }
    }

    private static let gap = 64

    private func list(_ last: inout [TrialItem]?) {
        do {
            let items = try backend.trials()
            if items != last { inbox.post(.trialsListed(items)) }
            last = items
        } catch {
            inbox.post(.trialsFailed(describe(error)))
            last = nil
        }
    }
}
