/// What happened to a trial beside its changes of status (`LifecycleRow.kind`).
///
/// A screen that looks for one of these finds it only because somebody sends it; a test holds that each is sent.
package enum LifecycleKind: String, Sendable, CaseIterable {
    /// The first attempt begins.
    case started
    /// An attempt goes on from a checkpoint.
    case resumed
    /// The first failure of an attempt.
    case workerFailed = "worker_failed"
    /// Another attempt follows after its back-off.
    case restarting
    /// No further attempt follows.
    case gaveUp = "gave_up"
    /// A worker is silent, or stays in a call without moving.
    case stalled
    /// A stalled worker moves again.
    case recovered
    /// A person killed a worker.
    case killed
    /// A person asked for something else: a pause, a save, a stop.
    case asked
    /// Nothing can be stored; the detail says why: a full disk, a damaged file, one that cannot be written.
    case storeRefused = "store_refused"
    /// Workers in which nothing moved any more were given up while the trial stopped.
    case silentGivenUp = "silent_given_up"
    /// A stop found the newest whole step on the disk.
    case saved
    /// A stop could not save the newest whole step.
    case saveFailed = "save_failed"
    /// A worker died while the trial stopped, and the step under way with it; or it left what it had measured, which no
    /// disk took.
    case stopFailed = "stop_failed"
    /// An attempt begins at the first step though steps were recorded: none of their checkpoints is left.
    case beginsAnew = "begins_anew"
    /// Storing goes on.
    case storeRecovered = "store_recovered"

    /// The kind that a run's file names.
    /// - Returns: nil for a change of status, and for what another version wrote.
    package init?(stored word: String) {
        self.init(rawValue: word == "store_full" ? Self.storeRefused.rawValue : word)
    }

    /// What it is called where a person reads it, before its detail.
    package var words: String {
        switch self {
        case .started: "started"
        case .resumed: "resumed"
        case .workerFailed: "failed"
        case .restarting: "restarting"
        case .gaveUp: "given up"
        case .stalled: "stalled"
        case .recovered: "recovered"
        case .killed: "killed"
        case .asked: "asked"
        case .storeRefused: "nothing can be stored"
        case .silentGivenUp: "given up as silent"
        case .saved: "saved"
        case .saveFailed: "could not save"
        case .stopFailed: "failed while the trial stopped"
        case .beginsAnew: "begins anew"
        case .storeRecovered: "stored again"
        }
    }

    /// How serious it is in the log.
    package var level: LogLevel {
        switch self {
        case .workerFailed, .gaveUp, .storeRefused, .saveFailed, .stopFailed: .error
        case .stalled, .restarting, .silentGivenUp, .beginsAnew: .warning
        case .started, .resumed, .recovered, .killed, .asked, .saved, .storeRecovered: .info
        }
    }
}

/// Which part of a request a span covers (`SpanRecord.phase`): `main`, `pre-data_transfer`, `post-save`.
package enum SpanPhase: Sendable, Hashable {
    case main
    case before(HookKind)
    case after(HookKind)
}

extension SpanPhase: RawRepresentable {
    package init?(rawValue: String) {
        if rawValue == "main" {
            self = .main
        } else if rawValue.hasPrefix("pre-"), let kind = HookKind(rawValue: String(rawValue.dropFirst(4))) {
            self = .before(kind)
        } else if rawValue.hasPrefix("post-"), let kind = HookKind(rawValue: String(rawValue.dropFirst(5))) {
            self = .after(kind)
        } else {
            return nil
        }
    }

    package var rawValue: String {
        switch self {
        case .main: "main"
        case .before(let kind): "pre-\(kind.rawValue)"
        case .after(let kind): "post-\(kind.rawValue)"
        }
    }
}

/// Series that screens and headless output look for by name. All others are drawn by whatever name they have.
package enum MetricName: String, Sendable, CaseIterable {
    /// Seconds of a whole step; every completed step has it.
    case stepSeconds = "timeperf/e2e"
    /// Tokens of the trained batches a second of the step.
    case tokensPerSecond = "tokens_per_second"
    /// Tokens that the policy wrote itself a second of the call; prompts do not count.
    case generatedTokensPerSecond = "generated_tokens_per_second"
    case bufferSize = "buffer/size"
    /// Rows of the setup's dataset that were left out; sent when the setup begins.
    case rowsLeftOut = "data/rows_left_out"
    case accuracy = "eval/accuracy"
    case supervisedLoss = "sft/loss"
    case reward = "grpo_actor/reward"
    /// The divergence of the policy from its reference.
    case referenceDivergence = "grpo_actor/kl_ref"
    case policyLoss = "grpo_actor/actor_loss"
}
