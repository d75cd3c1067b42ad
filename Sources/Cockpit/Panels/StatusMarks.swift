import Protocol
import Store

extension TrialStatus {
    /// Whether steps are being done, so that the last pace measured is the pace of now.
    var isAtWork: Bool { self == .running || self == .stopping }

    /// The glyph that goes with the word; no two states share one.
    func glyph(in glyphs: Glyphs) -> Unicode.Scalar {
        switch self {
        case .pending: glyphs.pending
        case .starting: glyphs.starting
        case .running: glyphs.running
        case .paused: glyphs.paused
        case .stopping: glyphs.stopping
        case .completed: glyphs.done
        case .failed: glyphs.failed
        case .stopped: glyphs.repertoire == .unicode ? "■" : "o"
        case .lost: glyphs.lost
        }
    }

    var role: Role {
        switch self {
        case .pending: .statusPending
        case .starting: .statusStarting
        case .running: .statusRunning
        case .paused: .statusPaused
        case .stopping: .statusStopping
        case .completed: .statusDone
        case .failed: .statusFailed
        case .stopped: .statusPaused
        case .lost: .statusLost
        }
    }
}

extension WorkerState {
    func glyph(in glyphs: Glyphs) -> Unicode.Scalar {
        switch self {
        case .starting, .ready, .configured: glyphs.starting
        case .running: glyphs.running
        case .paused: glyphs.paused
        case .stopping: glyphs.stopping
        case .completed: glyphs.done
        case .failed: glyphs.failed
        case .stopped: glyphs.repertoire == .unicode ? "■" : "o"
        case .stalled: glyphs.lost
        case .restarting: glyphs.pending
        }
    }

    var role: Role {
        switch self {
        case .starting, .ready, .configured: .statusStarting
        case .running: .statusRunning
        case .paused: .statusPaused
        case .stopping: .statusStopping
        case .completed: .statusDone
        case .failed: .statusFailed
        case .stopped: .statusPaused
        case .stalled: .statusLost
        case .restarting: .statusPending
        }
    }

    /// Whether a person should look at it before the ones that are well.
    var isProblem: Bool { [.failed, .stalled, .restarting].contains(self) }
}

extension LifecycleRow {
    /// Whether it is bad news.
    var isFailure: Bool {
        switch event {
        case .workerFailed, .gaveUp, .restarting, .storeRefused, .stalled, .silentGivenUp, .saveFailed, .stopFailed,
            .beginsAnew:
            true
        case .started, .resumed, .recovered, .killed, .asked, .saved, .storeRecovered: false
        case nil: kind == TrialStatus.failed.rawValue
        }
    }
}

/// Worker names for narrow places.
enum WorkerName {
    /// `model/0` for `model_worker/0`.
    static func short(_ id: String) -> String {
        let parts = id.split(separator: "/")
        guard parts.count == 2, parts[0].hasSuffix("_worker") else { return id }
        return "\(parts[0].dropLast(7))/\(parts[1])"
    }
}
