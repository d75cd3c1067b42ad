package import Protocol

/// What never changes about a run.
package struct RunHeader: Sendable, Equatable, Codable {
    /// The trial that recorded it.
    package var id: TrialID
    /// Wall clock at the run's start, nanoseconds since 1970.
    package var startedWall: Int64
    /// Of every random choice of the trial.
    package var seed: UInt64
    /// Steps of all setups together.
    package var totalSteps: Int
    /// The resolved settings, dotted key to text, as frozen in config.yaml.
    package var settings: [String: String]
    /// The workers the trial was planned with, master first.
    package var workers: [String]
    /// Names of the MFCs in dataflow order with their role: the lanes of the timeline.
    package var lanes: [Lane]
    /// The setups with their steps, in order; nil in runs that an older version began.
    package var phases: [Phase]?

    /// One setup of the plan.
    package struct Phase: Sendable, Equatable, Codable {
        /// Of the setup: `sft`, `grpo`.
        package var name: String
        /// 0 for one that is passed over.
        package var steps: Int

        /// A setup of so many steps.
        package init(name: String, steps: Int) {
            self.name = name
            self.steps = steps
        }
    }

    /// One lane of the timeline: a call, and where it runs.
    package struct Lane: Sendable, Equatable, Codable {
        /// As in the dataflow graph: `actor_gen`.
        package var mfc: String
        /// Of the model that is called.
        package var role: String
        /// `InterfaceType.rawValue`.
        package var interfaceType: String
        /// `WorkerID.description`.
        package var worker: String

        /// A lane of a call on a worker.
        package init(mfc: String, role: String, interfaceType: String, worker: String) {
            self.mfc = mfc
            self.role = role
            self.interfaceType = interfaceType
            self.worker = worker
        }
    }

    /// A header as the orchestrator writes it once, at the start.
    package init(
        id: TrialID, startedWall: Int64, seed: UInt64, totalSteps: Int, settings: [String: String], workers: [String],
        lanes: [Lane], phases: [Phase]? = nil
    ) {
        self.id = id
        self.startedWall = startedWall
        self.seed = seed
        self.totalSteps = totalSteps
        self.settings = settings
        self.workers = workers
        self.lanes = lanes
        self.phases = phases
    }

    /// The phase that comes after `step` completed steps: its place among the phases, and its steps. A run without
    /// phases is one.
    package func phase(after step: Int) -> (name: String?, steps: ClosedRange<Int>, isLast: Bool) {
        var first = 1
        let phases = (phases ?? []).filter { $0.steps > 0 }
        for (index, phase) in phases.enumerated() {
            let last = first + phase.steps - 1
            if step < last || index == phases.count - 1 {
                return (phases.count > 1 ? phase.name : nil, first...last, index == phases.count - 1)
            }
            first = last + 1
        }
        return (nil, 1...max(1, totalSteps), true)
    }
}
