import ArgumentParser
import Orchestrator
import Protocol
import Store

/// Prints one series of a trial, or the names of all.
struct MetricsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "metrics", abstract: "Print a metric of a trial, step by step.",
        discussion: """
            What is damaged is left out, named on standard error and, with --json, in a last element {"damage": [...]};
            the exit status is 1 then.
            """)

    @OptionGroup var trial: TrialOptions

    @Option(help: "The metric; without it the names of all are listed.")
    var name: String?

    @Flag(help: "Print JSON: [{step, time, value}], time in seconds since the run's start.")
    var json = false

    /// Points read and printed at a time: a series of any length takes little memory, and a reader of our output that
    /// is slow holds no transaction open.
    private static let pageSize = 16_384

    private struct Point: Encodable {
        let step: Int
        let time: Double
        let value: Double
    }

    func run() throws {
        let id = try trial.id(), home = Environment.home
        _ = try TrialList.one(id, home: home)
        let run = try StoredRun.open(path: home.trial(id).database)
        let snapshot = try run.snapshot(RunQuery(timelineWindow: 0, columns: 1, logLimit: 0))
        guard let name else { return try list(snapshot) }
        guard snapshot.series.contains(where: { $0.key == name }) else {
            try Damage.tell(snapshot.damage, of: id)
            throw CommandError(
                "\(id) has no metric '\(name)'.\(Self.suggestion(for: name, among: snapshot.series.map(\.key)))",
                hint: "list them with: cockpit metrics -e \(id.experiment) -f \(id.trial)")
        }
        try print(name, of: run)
    }

    /// Screens call a series by the last part of its name.
    private static func suggestion(for name: String, among keys: [String]) -> String {
        let last = SeriesName.last(of: name)
        guard let meant = MetricOrder.ranked(keys).first(where: { SeriesName.last(of: $0) == last }) else {
            return Suggestion.phrase(for: name, among: keys)
        }
        return " Did you mean '\(meant)'?"
    }

    private func list(_ snapshot: RunSnapshot) throws {
        if json {
            var list = JSONList()
            try list.append(snapshot.series.map(\.key))
            return try list.end(damage: snapshot.damage, of: snapshot.header.id)
        }
        Output.table(
            ["metric", "points", "last step", "last"],
            snapshot.series.map { [$0.key, "\($0.count)", "\($0.lastStep)", ProgressPrinter.short($0.last)] })
        try Damage.tell(snapshot.damage, of: snapshot.header.id)
    }

    private func print(_ name: String, of run: StoredRun) throws {
        var damage: [String] = []
        var list = JSONList()
        var last = -1
        while true {
            let page = try run.points(of: name, after: last, limit: Self.pageSize)
            damage += page.damage.filter { !damage.contains($0) }
            let points = page.points.map { Point(step: $0.step, time: Double($0.time) / 1e9, value: $0.value) }
            if json {
                try list.append(points)
            } else if !points.isEmpty {
                Output.line(points.map { "\($0.step)\t\($0.time)\t\($0.value)" }.joined(separator: "\n"))
            }
            last = points.last?.step ?? last
            if page.isLast { break }
        }
        if json { return try list.end(damage: damage, of: run.header.id) }
        try Damage.tell(damage, of: run.header.id)
    }
}

/// A JSON array that is printed while it is made.
private struct JSONList {
    private var isEmpty = true

    /// Prints elements of the array.
    mutating func append(_ elements: [some Encodable]) throws {
        let text = try Output.text(of: elements).dropFirst().dropLast()
        guard !text.isEmpty else { return }
        Output.document((isEmpty ? "[" : ",") + text)
        isEmpty = false
    }

    /// Ends the array, with what was left out as its last element.
    mutating func end(damage: [String], of id: TrialID) throws {
        if !damage.isEmpty { try append([["damage": damage]]) }
        Output.document(isEmpty ? "[]\n" : "]\n")
        try Damage.tell(damage, of: id)
    }
}
