import ArgumentParser
import Orchestrator
import Protocol

/// Shows one trial: state, workers, last values.
struct ShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Show one trial.")

    @OptionGroup var trial: TrialOptions

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let overview = try TrialList.one(try trial.id(), home: Environment.home)
        if json { try Output.json(TrialDocument(overview)) } else { print(overview) }
        if let fault = overview.fault { throw fault }
        try Damage.tell(overview.damage, of: overview.id)
    }

    private func print(_ overview: TrialOverview) {
        Output.line("\(overview.id)  \(overview.status.rawValue)  step \(overview.step)/\(overview.totalSteps)")
        if !overview.statusDetail.isEmpty { Output.line(overview.statusDetail.printableLines(indent: "  ")) }
        Output.line("started \(ListCommand.date(overview.startedWall))")
        Output.line()
        Output.table(
            ["worker", "state", "pid", "restarts"],
            overview.workers.map { [$0.id, $0.state.rawValue, $0.pid > 0 ? "\($0.pid)" : "-", "\($0.restarts)"] })
        if overview.last.isEmpty { return }
        Output.line()
        Output.table(
            ["metric", "last"],
            overview.last.sorted { $0.key < $1.key }.map { [$0.key, ProgressPrinter.short($0.value)] })
    }
}
