import Foundation
import Protocol

/// What the master tells the log: a person who reads it learns what the trial did.
extension MasterCore {
    /// At most one summary of a step in this time, so that the log of a long trial stays readable.
    static let summaryInterval: Int64 = 5_000_000_000

    /// What a completed step came to, unless another was told of a moment ago; the last of a setup is always told.
    mutating func summary(
        of run: StepRun, in setup: OpenSetup, _ metrics: [Metric], now: Int64
    ) -> [MasterAction] {
        let isLast = run.number == plan.stepsBefore(setup: setup.index + 1)
        let (passed, isOverflow) = now.subtractingReportingOverflow(lastSummary)
        guard isLast || isOverflow || passed >= Self.summaryInterval else { return [] }
        lastSummary = now
        return [.log(.info, Story.step(run.number, of: plan.totalSteps, setup: setup.plan.name, metrics))]
    }

    /// What an evaluation found.
    func told(_ metrics: [Metric], step: Int) -> [MasterAction] {
        metrics.isEmpty ? [] : [.log(.info, Story.evaluation(metrics, step: step))]
    }
}

/// The sentences of the log. Pure.
enum Story {
    /// `step 120/460 (grpo): reward 0.71, kl_ref 0.004, 2.61 s`.
    static func step(_ number: Int, of total: Int, setup: String, _ metrics: [Metric]) -> String {
        var told: [String] = []
        for name in [MetricName.reward, .referenceDivergence, .policyLoss, .supervisedLoss] {
            guard let metric = metrics.first(where: { $0.name == name.rawValue }) else { continue }
            told.append("\(lastPart(of: metric.name)) \(number4(metric.value))")
        }
        if let seconds = metrics.first(where: { $0.name == MetricName.stepSeconds.rawValue }) {
            told.append("\(number4(seconds.value)) s")
        }
        return "step \(number)/\(total) (\(setup))" + (told.isEmpty ? "" : ": " + told.joined(separator: ", "))
    }

    /// `evaluated after step 40: accuracy 0.68`.
    static func evaluation(_ metrics: [Metric], step: Int) -> String {
        let words = metrics.map { "\(lastPart(of: $0.name)) \(number4($0.value))" }
        return "evaluated after step \(step): \(words.joined(separator: ", "))"
    }

    /// `saved actor after step 40 (3.3 MiB)`.
    static func save(_ checkpoint: SavedCheckpoint) -> String {
        let size = String(format: "%.1f MiB", Double(checkpoint.bytes) / 1_048_576)
        return "saved \(checkpoint.role) after step \(checkpoint.step) (\(size))"
    }

    /// `family gpt2, layers 4, width 128`, and so on through its sizes.
    static func shape(_ shape: ModelShape?) -> String {
        guard let shape else { return "has no weights" }
        return "family \(shape.family), layers \(shape.layers), width \(shape.width), heads \(shape.heads), "
            + "key_value_heads \(shape.keyValueHeads), head_width \(shape.headWidth), mlp_width \(shape.mlpWidth), "
            + "context \(shape.contextLength), vocabulary \(shape.vocabularySize)"
    }

    private static func lastPart(of name: String) -> String {
        name.split(separator: "/").last.map(String.init) ?? name
    }

    private static func number4(_ value: Double) -> String { String(format: "%.4g", value) }
}
