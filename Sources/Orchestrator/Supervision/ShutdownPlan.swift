import Glibc
package import Protocol

/// An ordered stop as data: each step acts on some workers, then waits for them, but not for ever.
package struct ShutdownPlan: Sendable, Equatable {
    package enum Act: Sendable, Equatable {
        /// The master finishes its request and leaves.
        case tellMaster
        /// The model workers leave.
        case tellModelWorkers
        case signal(Int32)
        /// SIGKILL to everybody else.
        case killAllBut(WorkerID)
    }

    package struct Step: Sendable, Equatable {
        package let act: Act
        /// Nanoseconds before the next step is taken although workers are left.
        package let patience: Int64
    }

    package let steps: [Step]

    /// Master, then model workers, then SIGTERM, then SIGKILL to every group.
    package static func orderly(grace: Int64 = 5_000_000_000) -> ShutdownPlan {
        ShutdownPlan(steps: [
            Step(act: .tellMaster, patience: grace),
            Step(act: .tellModelWorkers, patience: 2_000_000_000),
            Step(act: .signal(SIGTERM), patience: 2_000_000_000),
            Step(act: .signal(SIGKILL), patience: .max),
        ])
    }

    /// After the master has completed its work only the model workers are left to be told.
    package static let afterCompletion = ShutdownPlan(steps: [
        Step(act: .tellModelWorkers, patience: 5_000_000_000),
        Step(act: .signal(SIGTERM), patience: 2_000_000_000),
        Step(act: .signal(SIGKILL), patience: .max),
    ])

    /// After a failure nobody can go on. One that reported an error may still deliver its last words.
    package static func collapse(sparing reporter: WorkerID?) -> ShutdownPlan {
        let kill = Step(act: .signal(SIGKILL), patience: .max)
        guard let reporter else { return ShutdownPlan(steps: [kill]) }
        return ShutdownPlan(steps: [Step(act: .killAllBut(reporter), patience: 1_000_000_000), kill])
    }
}
