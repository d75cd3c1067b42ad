import ArgumentParser
import Foundation
import Orchestrator
import Protocol

/// Lists trials with the state their processes are really in.
struct ListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List trials.")

    @Flag(help: "Print JSON: an array of what `show --json` prints.")
    var json = false

    func run() throws {
        let trials = try TrialList.all(home: try Environment.readableHome())
        if json { return try Output.json(trials.map(TrialDocument.init)) }
        if trials.isEmpty {
            return Output.note("no trials yet; try: cockpit demo, or: cockpit start -e grpo-arith -f first")
        }
        Output.table(
            ["trial", "status", "step", "started", "detail"],
            trials.map { trial in
                [
                    trial.id.description, trial.status.rawValue, "\(trial.step)/\(trial.totalSteps)",
                    Self.date(trial.startedWall),
                    trial.statusDetail.split(separator: "\n").first.map(String.init) ?? "",
                ]
            })
    }

    static func date(_ wallNanoseconds: Int64) -> String {
        let formatter = DateFormatter()
        formatter.dateFormat = "yyyy-MM-dd HH:mm:ss"
        return formatter.string(from: Date(timeIntervalSince1970: Double(wallNanoseconds) / 1e9))
    }
}

/// The documented JSON of one trial (`list --json`, `show --json`).
struct TrialDocument: Encodable {
    struct Orchestrator: Encodable {
        let pid: Int32?
    }

    struct Worker: Encodable {
        let id: String
        let pid: Int32
        let state: WorkerState
        let restarts: Int
    }

    let experiment: String
    let trial: String
    let status: TrialStatus
    let statusDetail: String
    let step: Int
    let totalSteps: Int
    let started: Double
    let orchestrator: Orchestrator
    let workers: [Worker]
    let metrics: [String: Double]
    /// What cannot be read of the run, a sentence each; absent where nothing is damaged.
    let damage: [String]?

    init(_ overview: TrialOverview) {
        experiment = overview.id.experiment.description
        trial = overview.id.trial.description
        status = overview.status
        statusDetail = overview.statusDetail
        step = overview.step
        totalSteps = overview.totalSteps
        started = Double(overview.startedWall) / 1e9
        orchestrator = Orchestrator(pid: overview.orchestratorPID)
        workers = overview.workers.map { Worker(id: $0.id, pid: $0.pid, state: $0.state, restarts: $0.restarts) }
        metrics = overview.last
        damage = overview.damage.isEmpty ? nil : overview.damage
    }
}
