import Glibc
package import Protocol

/// How a trial comes down, as data: each step acts on some workers, then waits for them.
package struct ShutdownPlan: Sendable, Equatable {
    package enum Act: Sendable, Equatable {
        /// The master finishes its step, has what it trained saved, and leaves.
        case tellMaster
        /// The master leaves without waiting for the step under way.
        case hurryMaster
        /// The model workers leave.
        case tellModelWorkers
        /// The model workers save the newest whole step beside what they compute.
        case saveWholeStep
        /// SIGKILL to everybody.
        case kill
        /// SIGKILL to everybody else.
        case killAllBut(WorkerID)

        func kills(_ worker: WorkerID) -> Bool {
            switch self {
            case .kill: true
            case .killAllBut(let spared): worker != spared
            case .tellMaster, .hurryMaster, .tellModelWorkers, .saveWholeStep: false
            }
        }
    }

    /// How long a step waits for those it has told.
    package enum Patience: Sendable, Equatable {
        /// As long as any of them moves; given up when nobody has for so many nanoseconds.
        case whileMoving(silence: Int64)
        /// Until this moment on the machine's clock, in nanoseconds.
        case until(Int64)
        case forEver
    }

    package struct Step: Sendable, Equatable {
        package let acts: [Act]
        package let patience: Patience
    }

    package let steps: [Step]

    private static let kill = Step(acts: [.kill], patience: .forEver)
    /// What a hurried stop gives the newest whole step to get to the disk.
    private static let hurry: Int64 = 10_000_000_000
    /// Before the start nobody has anything to lose, so they are only given the time to leave by themselves.
    private static let early: Int64 = 1_000_000_000

    /// Loses nothing: the master ends its step and has it saved, then the model workers leave. Only who is silent for
    /// longer than `silence` nanoseconds is killed.
    package static func orderly(silence: Int64) -> ShutdownPlan {
        ShutdownPlan(steps: [
            Step(acts: [.tellMaster], patience: .whileMoving(silence: silence)),
            Step(acts: [.tellModelWorkers], patience: .whileMoving(silence: silence)), kill,
        ])
    }

    /// The same where something else ends everybody by force at `end`: the newest whole step is saved first, in case the
    /// one under way does not get done.
    package static func orderly(from now: Int64, until end: Int64) -> ShutdownPlan {
        // The end is written down before somebody else ends everything.
        let end = end - min(500_000_000, max(0, end - now) / 10)
        let last = end - min(3_000_000_000, max(0, end - now) / 5)
        return ShutdownPlan(steps: [
            Step(acts: [.saveWholeStep, .tellMaster], patience: .until(last)),
            Step(acts: [.hurryMaster, .tellModelWorkers], patience: .until(end)), kill,
        ])
    }

    /// A second stop: the step under way is given up, the newest whole one is saved.
    package static func hurried(from now: Int64) -> ShutdownPlan {
        ShutdownPlan(steps: [Step(acts: [.saveWholeStep, .hurryMaster], patience: .until(now + hurry)), kill])
    }

    /// While workers come up.
    package static func beforeStart(from now: Int64) -> ShutdownPlan {
        ShutdownPlan(steps: [Step(acts: [.tellMaster, .tellModelWorkers], patience: .until(now + early)), kill])
    }

    /// Nobody is waited for.
    package static let atOnce = ShutdownPlan(steps: [kill])

    /// After the master has completed its work only the model workers are left to be told.
    package static func afterCompletion(silence: Int64) -> ShutdownPlan {
        ShutdownPlan(steps: [Step(acts: [.tellModelWorkers], patience: .whileMoving(silence: silence)), kill])
    }

    /// After a failure nobody can go on. One that reported an error may still deliver its last words.
    package static func collapse(sparing reporter: WorkerID?, now: Int64) -> ShutdownPlan {
        guard let reporter else { return atOnce }
        return ShutdownPlan(steps: [Step(acts: [.killAllBut(reporter)], patience: .until(now + 1_000_000_000)), kill])
    }
}

/// How stops are carried out.
package struct StopPolicy: Sendable, Equatable {
    /// Nanoseconds without any movement after which a worker that was told to leave is given up.
    package var silence: Int64
    /// Nanoseconds between a signal to stop and the end by force that whoever sends it has in mind; nil: none.
    package var grace: Int64?

    package init(silence: Int64 = 30_000_000_000, grace: Int64? = nil) {
        self.silence = silence
        self.grace = grace
    }
}
