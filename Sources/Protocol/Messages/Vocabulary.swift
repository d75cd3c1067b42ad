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
    case syn
    case ack

    /// Answered as soon as it is read; everything else waits for `flush`.
    package var isImmediate: Bool {
        switch self {
        case .spec, .fetch, .modelConfig, .clearDataCache: true
        default: false
        }
    }

    /// Whether the master waits for a reply.
    package var isAnswered: Bool {
        switch self {
        case .clearDataCache, .flush, .reset, .ack: false
        default: true
        }
    }
}

/// What runs before or after a request's main computation (`HookRequest.kind`).
package enum HookKind: String, Sendable, CaseIterable {
    case dataTransfer = "data_transfer"
    case save
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
