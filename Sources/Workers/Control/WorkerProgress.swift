package import Protocol
import Synchronization

/// How far the main loop is, for heartbeats that another thread sends.
package final class WorkerProgress: Sendable {
    private struct Status {
        var moves: UInt64 = 0
        var movedAt: Int64
        var isWaiting = true
        var mfc = ""
        var step: UInt64 = 0
        /// When a heartbeat last saw that the process works.
        var workedAt: Int64
        /// The last heartbeat, and what the process had done by then.
        var seenAt: Int64
        var work = ProcessWork()
        var movesAtWork: UInt64 = 0
        var weightVersion: WeightVersion = 0
    }

    private let status: Mutex<Status>

    package init(now: Int64 = RunClock.bootNanoseconds()) {
        status = Mutex(Status(movedAt: now, workedAt: now, seenAt: now))
    }

    /// The main loop has done something.
    package func moved(now: Int64 = RunClock.bootNanoseconds()) {
        status.withLock {
            $0.moves += 1
            $0.movedAt = now
            $0.isWaiting = false
        }
    }

    /// The main loop has nothing to do until something comes in; that is no stall, however long it lasts.
    package func waits() { status.withLock { $0.isWaiting = true } }

    /// What is worked on from now on.
    package func works(on mfc: String, step: UInt64) {
        status.withLock {
            $0.mfc = mfc
            $0.step = step
        }
        moved()
    }

    /// The weight version of the model that trains here.
    package func holds(_ version: WeightVersion) { status.withLock { $0.weightVersion = version } }

    package var step: UInt64 { status.withLock { $0.step } }

    /// The heartbeat to send now.
    /// - Parameter work: what the process has done by now, as the system counts it.
    package func heartbeat(
        now: Int64 = RunClock.bootNanoseconds(), work: ProcessWork = .now()
    ) -> WireHeartbeat {
        let status = status.withLock { status in
            let isBusy = work.isMore(than: status.work, after: now - status.seenAt) || status.moves > status.movesAtWork
            if isBusy {
                status.workedAt = now
                status.movesAtWork = status.moves
            }
            status.work = work
            status.seenAt = now
            return status
        }
        return filled(WireHeartbeat()) {
            $0.quietNs = max(0, now - status.workedAt)
            $0.waits = status.isWaiting
            $0.progress = status.moves
            $0.idleNs = status.isWaiting ? 0 : max(0, now - status.movedAt)
            $0.mfc = status.mfc
            $0.step = status.step
            $0.weightVersion = status.weightVersion.count
        }
    }
}
