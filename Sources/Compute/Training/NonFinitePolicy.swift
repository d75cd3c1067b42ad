/// What becomes of training when a loss or a gradient is NaN or infinite. Weights are never touched by such an update.
package enum NonFinitePolicy: Sendable, Equatable, Codable {
    /// The update is left out and reported; `consecutiveLimit` of them in a row, if given, end the training.
    case skip(consecutiveLimit: Int?)
    /// The first one ends the training.
    case stop
}

/// Why an update was not applied.
package enum SkipReason: String, Sendable, Equatable {
    /// A log-probability or a coefficient was NaN or infinite.
    case loss
    /// A gradient was.
    case gradient
    /// A gradient was, under a loss scale that is now lower: no sign of trouble by itself.
    case lossScale
}

/// Updates left out, for the policy and for reports.
package struct SkipCount: Sendable, Equatable {
    /// Since training began.
    package var total = 0
    /// Since the last update that was applied.
    package var inRow = 0
}

/// The policy as a state machine: counts updates and says when training must end.
package struct NonFiniteGuard: Sendable, Equatable {
    package let policy: NonFinitePolicy
    package private(set) var skipped: SkipCount

    package init(policy: NonFinitePolicy, skipped: SkipCount = SkipCount()) {
        self.policy = policy
        self.skipped = skipped
    }

    /// What the trainer does next.
    package enum Action: Sendable, Equatable {
        case goOn
        case stop
    }

    /// Takes note of one update; `skip` is nil for one that was applied.
    package mutating func record(_ skip: SkipReason?) -> Action {
        guard let skip else {
            skipped.inRow = 0
            return .goOn
        }
        skipped.total += 1
        skipped.inRow += 1
        // A scale that still has room below it is the scaler's business.
        if skip == .lossScale { return .goOn }
        switch policy {
        case .stop: return .stop
        case .skip(let limit): return limit.map { skipped.inRow >= $0 } == true ? .stop : .goOn
        }
    }
}

extension ComputeError {
    /// Training that its policy ended.
    static func diverged(_ reason: SkipReason, update: Int, skipped: SkipCount) -> ComputeError {
        let part = reason == .loss ? "loss" : "gradients"
        let row = skipped.inRow == 1 ? "" : ", the last of \(skipped.inRow) such updates in a row"
        return ComputeError(
            .notFinite, summary: "The \(part) of update \(update) are not finite\(row).",
            detail: "The weights are as after the last whole update. \(skipped.total) updates were left out in all.",
            hint: "Lower the learning rate or the clip norm, and go on from the last checkpoint.")
    }
}
