import ArgumentParser
import Foundation
import Orchestrator
import Protocol
import Store

/// Prints a trial's log, of all workers together or of one.
struct LogsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "logs", abstract: "Print a trial's log.")

    @OptionGroup var trial: TrialOptions

    @Flag(help: "Go on printing until the trial has ended.")
    var follow = false

    @Option(help: "Only this worker, such as model_worker/0.")
    var worker: String?

    @Option(help: "Only this level and above: debug, info, warning (or warn), error.")
    var level = "info"

    @Option(help: "Lines to begin with.")
    var lines = 200

    @Flag(help: "Print JSON lines.")
    var json = false

    private struct Line: Encodable {
        let time: Double
        let worker: String
        let level: LogLevel
        let message: String
    }

    func validate() throws {
        guard LogLevel(named: level) != nil else {
            let known = LogLevel.allCases.map(\.rawValue)
            throw ValidationError("unknown level '\(level)'.\(Suggestion.phrase(for: level, among: known))")
        }
        if let worker, WorkerID(worker) == nil, worker != "orchestrator" {
            throw ValidationError("'\(worker)' is no worker id; one looks like model_worker/0.")
        }
        guard lines >= 0 else { throw ValidationError("--lines must be 0 or more.") }
    }

    func run() throws {
        let id = try trial.id(), home = Environment.home
        _ = try TrialList.one(id, home: home)
        let run = try StoredRun.open(path: home.trial(id).database)
        let level = LogLevel(named: level) ?? .info
        // Also without a line to print, the newest one says where following begins.
        let first = try run.snapshot(
            RunQuery(timelineWindow: 0, columns: 1, logLimit: max(1, lines), logLevel: level, logWorker: worker))
        for row in first.logs.suffix(lines) { try print(row) }
        guard follow else { return try Damage.tell(first.damage, of: id) }
        var last = first.logs.last?.id ?? 0
        while true {
            let rows = try run.logs(after: last, limit: 1000, level: level, worker: worker)
            for row in rows { try print(row) }
            last = rows.last?.id ?? last
            if !rows.isEmpty { continue }
            if try TrialList.one(id, home: home).status.isTerminal { return }
            // Whoever read this may have gone, and the next line may be hours away.
            guard Output.isRead(for: 200) else { return }
        }
    }

    private func print(_ row: LogRow) throws {
        if json {
            return try Output.jsonLine(
                Line(time: Double(row.time) / 1e9, worker: row.worker, level: row.level, message: row.message))
        }
        let clock = ProgressPrinter.clock(row.time)
        let head = "\(clock)  \(row.worker.printable)  \(row.level.rawValue.uppercased())"
        Output.line("\(head)  \(row.message.printableLines(indent: "        "))")
    }
}
