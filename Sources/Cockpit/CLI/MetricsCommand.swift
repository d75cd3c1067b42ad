import ArgumentParser
import Orchestrator
import Protocol
import Store

/// Prints one series of a trial, or the names of all.
struct MetricsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "metrics", abstract: "Print a metric of a trial, step by step.")

    @OptionGroup var trial: TrialOptions

    @Option(help: "The metric; without it the names of all are listed.")
    var name: String?

    @Flag(help: "Print JSON: [{step, time, value}], time in seconds since the run's start.")
    var json = false

    private struct Point: Encodable {
        let step: Int
        let time: Double
        let value: Double
    }

    func run() throws {
        let id = try trial.id()
        _ = try TrialList.one(id, home: Environment.home)
        let run = try StoredRun.open(path: Environment.home.trial(id).database)
        let series = try run.snapshot(RunQuery(timelineWindow: 0, columns: 1, logLimit: 0)).series
        guard let name else {
            if json { return try Output.json(series.map(\.key)) }
            return Output.table(
                ["metric", "points", "last step", "last"],
                series.map { [$0.key, "\($0.count)", "\($0.lastStep)", ProgressPrinter.short($0.last)] })
        }
        guard series.contains(where: { $0.key == name }) else {
            throw CommandError(
                "\(id) has no metric '\(name)'.\(Suggestion.phrase(for: name, among: series.map(\.key)))",
                hint: "list them with: cockpit metrics -e \(id.experiment) -f \(id.trial)")
        }
        let points = try run.points(of: name).map { Point(step: $0.step, time: Double($0.time) / 1e9, value: $0.value) }
        if json { return try Output.json(points) }
        for point in points { Output.line("\(point.step)\t\(point.time)\t\(point.value)") }
    }
}
