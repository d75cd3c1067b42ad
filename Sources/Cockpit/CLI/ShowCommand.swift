import ArgumentParser
import Orchestrator
import Protocol
import Store

/// Shows one trial: state, workers, last values.
struct ShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Show one trial.")

    @OptionGroup var trial: TrialOptions

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let id = try trial.id(), home = Environment.home
        let overview = try TrialList.one(id, home: home)
        if json { try Output.json(TrialDocument(overview)) } else { print(overview) }
        // What the trial's folder says is shown all the same; the figures are in the run.
        if let fault = Self.fault(in: home.trial(id)) { throw fault }
    }

    /// Why the trial's run cannot be read; nil where it can, or where there is none yet.
    private static func fault(in folder: TrialFolder) -> StoreError? {
        do {
            _ = try StoredRun.open(path: folder.database).snapshot(RunQuery(timelineWindow: 0, columns: 1, logLimit: 0))
            return nil
        } catch {
            return error.code == .notFound ? nil : error
        }
    }

    private func print(_ overview: TrialOverview) {
        Output.line("\(overview.id)  \(overview.status.rawValue)  step \(overview.step)/\(overview.totalSteps)")
        if !overview.statusDetail.isEmpty { Output.line(Output.sanitized(overview.statusDetail)) }
        Output.line("started \(ListCommand.date(overview.startedWall))")
        Output.line()
        Output.table(
            ["worker", "state", "pid", "restarts"],
            overview.workers.map { [$0.id, $0.state.rawValue, "\($0.pid)", "\($0.restarts)"] })
        if overview.last.isEmpty { return }
        Output.line()
        Output.table(
            ["metric", "last"],
            overview.last.sorted { $0.key < $1.key }.map { [$0.key, ProgressPrinter.short($0.value)] })
    }
}
