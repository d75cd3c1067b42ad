import Foundation
import TestSupport

/// A home of its own with a small dataset, and settings that make a trial short.
struct SmallTrial {
    let folder = TemporaryFolder()
    let program: CockpitProgram
    let dataset: String

    /// Single-digit sums: enough to train on, small enough for a second.
    init() {
        program = CockpitProgram(home: folder.file("home"))
        let rows = (0...9).flatMap { left in
            (0...9).map { right in #"{"prompt":"\#(left)+\#(right)=","answer":"\#(left + right)"}"# }
        }
        dataset = folder.write(rows.joined(separator: "\n") + "\n", to: "sums.jsonl")
    }

    /// A model of a few thousand parameters.
    static let model = [
        "model.width=16", "model.layers=1", "model.heads=2", "model.context=16", "dataset.max_length=16",
    ]

    /// A checkpoint says itself what the model is.
    private static func model(beside settings: [String]) -> [String] {
        let isFolder = settings.contains { $0.hasPrefix("model.checkpoint=") }
        return isFolder ? model.filter { !$0.hasPrefix("model.") } : model
    }

    /// SFT alone.
    func sft(steps: Int, _ more: String...) -> [String] {
        [
            "dataset.path=\(dataset)", "sft.steps=\(steps)", "sft.batch_size=8", "checkpoint.every=5",
            "restart.backoff=0.05",
        ] + Self.model(beside: more) + more
    }

    /// A few steps of SFT, then GRPO with two workers that exchange tensors.
    func grpo(sftSteps: Int, steps: Int, _ more: String...) -> [String] {
        [
            "dataset.path=\(dataset)", "dataset.eval_path=\(dataset)", "sft.steps=\(sftSteps)", "sft.batch_size=8",
            "grpo.steps=\(steps)", "grpo.prompts=4", "grpo.group_size=2", "grpo.max_new_tokens=4", "eval.rows=10",
            "eval.every=5", "checkpoint.every=5", "restart.backoff=0.05",
        ] + Self.model(beside: more) + more
    }

    struct Shown: Decodable {
        struct Orchestrator: Decodable {
            let pid: Int32?
        }
        struct Worker: Decodable {
            let id: String
            let pid: Int32
            let state: String
            let restarts: Int
        }
        let status: String
        let statusDetail: String
        let step: Int
        let totalSteps: Int
        let orchestrator: Orchestrator
        let workers: [Worker]
        let metrics: [String: Double]

        func pid(of worker: String) -> Int32? { workers.first { $0.id == worker }.map(\.pid) }
    }

    struct Point: Decodable, Equatable {
        let step: Int
        let value: Double
    }

    func show(_ experiment: String, _ trial: String) throws -> Shown {
        try program.run("show", "-e", experiment, "-f", trial, "--json").json(Shown.self)
    }

    func metric(_ name: String, _ experiment: String, _ trial: String) throws -> [Point] {
        try program.run("metrics", "-e", experiment, "-f", trial, "--name", name, "--json").json([Point].self)
    }

    /// Processes of this home that still live.
    var survivors: [pid_t] { processes(matching: folder.path) }

    /// Waits until the trial has reached `step`.
    func waitFor(step: Int, _ experiment: String, _ trial: String) -> Bool {
        eventually { (try? show(experiment, trial).step >= step) ?? false }
    }

    func waitForEnd(_ experiment: String, _ trial: String) throws -> String? {
        let ends: Set<String> = ["completed", "failed", "stopped", "lost"]
        let ended = try eventually { try ends.contains(show(experiment, trial).status) }
        return ended ? try show(experiment, trial).status : nil
    }
}
