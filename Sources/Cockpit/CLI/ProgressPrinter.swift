import Foundation
import Orchestrator
import Protocol
import Store

/// Turns snapshots into the lines of a headless run. Says each lifecycle event once.
struct ProgressPrinter {
    let format: TrialFollower.Format
    private let utcOffset: Int
    private var lastEvent: LifecycleRow?
    private var lastStep = -1

    /// - Parameter utcOffset: seconds to add to UTC for clock times.
    init(format: TrialFollower.Format, utcOffset: Int = TimeZone.current.secondsFromGMT()) {
        self.format = format
        self.utcOffset = utcOffset
    }

    /// The series worth a line, most telling first.
    private static let headline: [MetricName] = [
        .accuracy, .reward, .referenceDivergence, .policyLoss, .supervisedLoss, .generatedTokensPerSecond,
        .tokensPerSecond, .rowsLeftOut,
    ]

    private struct Progress: Encodable {
        let event = "progress"
        let status: TrialStatus
        let step: Int
        let totalSteps: Int
        let seconds: Double
        /// Until the phase that runs has ended, at its pace.
        let secondsLeft: Double?
        let metrics: [String: Double]
    }

    private struct Event: Encodable {
        let event = "lifecycle"
        let kind: String
        let worker: String
        let detail: String
        let seconds: Double
    }

    private struct End: Encodable {
        let event = "end"
        let status: TrialStatus
        let detail: String
        let step: Int
        let totalSteps: Int
    }

    mutating func print(_ snapshot: RunSnapshot) throws {
        for line in try lines(for: snapshot) { Output.line(line) }
    }

    /// What a snapshot has to say beyond the one before it: new events, and a line when another step is done.
    mutating func lines(for snapshot: RunSnapshot) throws -> [String] {
        // A snapshot has only the newest events, so they are counted from the last one told and not from the first.
        let told = lastEvent.flatMap(snapshot.events.lastIndex).map { $0 + 1 } ?? 0
        let news = try snapshot.events.dropFirst(told).map(line)
        lastEvent = snapshot.events.last
        guard snapshot.step != lastStep else { return news }
        lastStep = snapshot.step
        return news + [try progress(snapshot)]
    }

    private func progress(_ snapshot: RunSnapshot) throws -> String {
        let left = snapshot.status == .running ? TimeLeft(snapshot) : nil
        // Only series of the phase that is running: SFT's last loss says nothing in step 300 of GRPO.
        let fresh = snapshot.series.filter { series in
            if series.key == MetricName.rowsLeftOut.rawValue { return series.last > 0 }
            return series.lastStep >= snapshot.step - 1 || series.key == MetricName.accuracy.rawValue
        }
        switch format {
        case .json:
            return try Output.text(
                of: Progress(
                    status: snapshot.status, step: snapshot.step, totalSteps: snapshot.totalSteps,
                    seconds: Double(snapshot.time) / 1e9,
                    secondsLeft: left.map { Double($0.nanoseconds) / 1e9 },
                    metrics: Dictionary(uniqueKeysWithValues: fresh.map { ($0.key, $0.last) })))
        case .text:
            let values = Dictionary(uniqueKeysWithValues: fresh.map { ($0.key, $0.last) })
            let words = Self.headline.compactMap { name in
                values[name.rawValue].map { "\(name.rawValue) \(Self.short($0))" }
            }
            let head = "\(Self.clock(snapshot.time))  step \(snapshot.step)/\(snapshot.totalSteps)"
            return ([head] + words + [left?.text(utcOffset: utcOffset) ?? ""]).filter { !$0.isEmpty }.joined(
                separator: "  ")
        }
    }

    mutating func printEnd(_ overview: TrialOverview) throws {
        switch format {
        case .json:
            try Output.jsonLine(
                End(
                    status: overview.status, detail: overview.statusDetail, step: overview.step,
                    totalSteps: overview.totalSteps))
        case .text:
            let detail = overview.statusDetail.isEmpty ? "" : ": \(overview.statusDetail.printableLines(indent: "  "))"
            Output.line(
                "\(overview.id) \(overview.status.rawValue) at step \(overview.step)/\(overview.totalSteps)\(detail)")
            if overview.status == .failed {
                Output.note("read the log with: cockpit logs -e \(overview.id.experiment) -f \(overview.id.trial)")
            }
        }
    }

    private func line(_ event: LifecycleRow) throws -> String {
        switch format {
        case .json:
            return try Output.text(
                of: Event(
                    kind: event.kind, worker: event.worker, detail: event.detail, seconds: Double(event.time) / 1e9))
        case .text:
            let word = event.event?.words ?? event.kind.printable
            let parts = [word, event.worker.printable, event.detail.printableLines(indent: "        ")]
                .filter { !$0.isEmpty }
            return "\(Self.clock(event.time))  \(parts.joined(separator: "  "))"
        }
    }

    static func clock(_ nanoseconds: Int64) -> String {
        let seconds = nanoseconds / 1_000_000_000
        return String(format: "%3lld:%02lld", seconds / 60, seconds % 60)
    }

    static func short(_ value: Double) -> String {
        abs(value) >= 1000 ? String(format: "%.0f", value) : String(format: "%.4g", value)
    }
}
