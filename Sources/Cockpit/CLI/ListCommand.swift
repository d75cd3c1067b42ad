import ArgumentParser
import Glibc
import Orchestrator
import Protocol
import Store

/// Lists trials with the state their processes are really in.
struct ListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List trials.")

    @Flag(help: "Print JSON: an array of what `show --json` prints.")
    var json = false

    func run() throws {
        let home = try Environment.readableHome()
        if json { return try Output.json(TrialList.all(home: home).map(TrialDocument.init)) }
        let trials = TrialList.all(home: home, .states)
        if trials.isEmpty {
            return Output.note("no trials yet; try: cockpit demo, or: cockpit start -e grpo-arith -f first")
        }
        Output.table(["trial", "status", "step", "started", "detail"], trials.map(Self.row))
    }

    private static func row(_ trial: TrialOverview) -> [String] {
        let detail = FailureReport.cause(in: trial.statusDetail)
        let steps = "\(trial.step)/\(trial.totalSteps)"
        return [trial.id.description, trial.status.rawValue, steps, date(trial.startedWall), detail]
    }

    static func date(_ wallNanoseconds: Int64) -> String {
        // A date formatter takes longer than all the rest of a line.
        var seconds = time_t(wallNanoseconds / 1_000_000_000), parts = tm()
        localtime_r(&seconds, &parts)
        var buffer = [CChar](repeating: 0, count: 32)
        let length = strftime(&buffer, buffer.count, "%Y-%m-%d %H:%M:%S", &parts)
        let text = buffer.prefix(length).map { UInt8(bitPattern: $0) }
        return String(decoding: text, as: UTF8.self)
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
