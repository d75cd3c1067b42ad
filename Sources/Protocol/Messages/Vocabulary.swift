/// The version every message carries; a peer of another version is refused with both numbers.
package enum WireVersion {
    package static let current: UInt32 = 1
}

/// What a request asks of a model worker (`Request.handle_name`).
package enum RequestHandle: String, Sendable, CaseIterable {
    case spec
    case fetch
    case modelConfig = "model_config"
    case clearDataCache = "clear_data_cache"
    case initialize
    case generate
    case inference
    case trainStep = "train_step"
    case evaluate
    case save
    /// Carries hooks only: for workers that must send data of a call they do not run.
    case empty
    case flush
    case reset
}

/// What a message of a model worker to its master is (`Reply.kind`).
package enum ReplyKind: String, Sendable, CaseIterable {
    /// Not an answer: the worker is connected.
    case joined
    case dataset
    case items
    case model
    case initialized
    case called
    case evaluated
    /// For requests that bring nothing back but that they are done.
    case done
    case failed
}

/// What runs before or after a request's main part (`HookRequest.kind`), and in the phases of spans.
package enum HookKind: String, Sendable, CaseIterable {
    case dataTransfer = "data_transfer"
    case save
    /// In older runs only: an evaluation is a call of its own.
    case evaluate
}

/// What a user can ask of a running trial (`TrialCommand.kind`).
package enum TrialCommandKind: String, Sendable, CaseIterable {
    case stop
    case pause
    case resume
    case saveNow = "save_now"
    case evaluateNow = "evaluate_now"
    case killWorker = "kill_worker"
    case status

    /// What the master worker is told, where that is all there is to do.
    package var order: WorkerOrder? {
        switch self {
        case .pause: .pause
        case .resume: .resume
        case .saveNow: .saveNow
        case .evaluateNow: .evaluateNow
        case .stop, .killWorker, .status: nil
        }
    }
}

/// What a worker can be told once it has its configuration (`WorkerCommand.order`).
package enum WorkerOrder: String, Sendable, CaseIterable {
    case start
    /// To the master, like the three that follow: when the step under way is done.
    case pause
    case resume
    case saveNow = "save_now"
    case evaluateNow = "evaluate_now"
    /// Finish what is under way, then leave.
    case exit
    /// Leave without waiting for the step under way.
    case leaveNow = "leave_now"
    /// To a model worker: save the newest whole step now, beside what it computes.
    case saveWhole = "save_whole"
}

/// What changed the sequence buffer (`BufferRecord.event`).
package enum BufferEventKind: String, Sendable, CaseIterable {
    case put
    case amend
    case get
    case free
}

/// How serious a log record is (`LogRecord.level`).
package enum LogLevel: String, Sendable, Codable, CaseIterable, Comparable {
    case debug
    case info
    case warning
    case error

    /// The level that a person means: its name, or `warn` as many programs have it.
    package init?(named word: String) { self.init(rawValue: word == "warn" ? "warning" : word) }

    package static func < (left: LogLevel, right: LogLevel) -> Bool {
        let order = allCases
        return (order.firstIndex(of: left) ?? 0) < (order.firstIndex(of: right) ?? 0)
    }
}
