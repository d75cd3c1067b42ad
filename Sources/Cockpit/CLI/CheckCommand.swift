import ArgumentParser
import Orchestrator
import Protocol

/// Validates everything `start` would, without starting.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Validate a configuration without starting a trial.")

    @OptionGroup var trial: TrialOptions
    @OptionGroup var launch: LaunchOptions

    @Flag(help: "Print JSON.")
    var json = false

    private struct Report: Encodable {
        let valid = true
        let trial: String
        let steps: Int
        let workers: [String]
        let setups: [String]
        let memoryBytes: Int
        let diskBytes: Int
        let files: [PlanReport.File]
        let notes: [String]
    }

    private struct Refusal: Encodable {
        let valid = false
        let error: String
        let detail: String
        let hint: String?
    }

    func run() throws {
        do {
            try check()
        } catch let error as any UserFacingError where json {
            // A program reads it here; the error itself goes on to standard error and to the exit status.
            try Output.json(Refusal(error: error.summary, detail: error.detail, hint: error.hint))
            throw error
        }
    }

    private func check() throws {
        let (plan, found) = try TrialLauncher.check(try launch.request(for: trial), home: Environment.home)
        let report = Report(
            trial: plan.id.description, steps: plan.totalSteps, workers: plan.workers.map(\.description),
            setups: plan.setups.map(\.name), memoryBytes: found.memory, diskBytes: found.disk, files: found.files,
            notes: found.notes)
        if json { return try Output.json(report) }
        Output.line("\(plan.id) is valid: \(plan.totalSteps) steps on \(plan.workers.count) workers")
        for setup in plan.setups {
            let calls = setup.calls.map(\.name).joined(separator: " → ")
            Output.line("  \(setup.name)\t\(setup.steps) steps\t\(calls)")
            for file in found.files where file.setup == setup.name { Output.line("    \(file)") }
        }
        Output.line(
            "  about \(mebibytes(found.memory)) MiB of memory, \(mebibytes(found.disk)) MiB of disk for checkpoints")
        for note in found.notes { Output.line("  note: \(note)") }
    }

    private func mebibytes(_ bytes: Int) -> Int { (bytes + 1 << 19) >> 20 }
}
