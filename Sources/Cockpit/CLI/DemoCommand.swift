import ArgumentParser
import Foundation
import Glibc
import Orchestrator
import Protocol

/// Makes the arithmetic dataset and trains on it: the first thing a newcomer runs.
struct DemoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo", abstract: "Train a small policy on additions, by SFT and then GRPO, and watch it learn.")

    @OptionGroup var appearance: AppearanceOptions

    @Flag(help: "Replace an earlier demo without asking.")
    var replace = false

    @Flag(help: "Print progress instead of opening the dashboard.")
    var headless = false

    @Flag(help: "Print JSON lines.")
    var json = false

    @ArgumentParser.Argument(help: "Settings as dotted overrides.")
    var overrides: [String] = []

    func run() throws {
        let home = Environment.home
        let id = TrialID(experiment: try ExperimentName("grpo-arith"), trial: try TrialName("demo"))
        let replaces = try mayReplace(id, home: home)
        let written = try ArithmeticData.write(
            to: "\(home.data)/arithmetic", seed: ArithmeticData.seed,
            heldOutRows: ArithmeticData.heldOutRows)
        Output.note("dataset: \(written.trainingRows) additions to train on, \(written.heldOutRows) held out")
        let request = LaunchRequest(
            experiment: id.experiment.description, trial: id.trial.description, overrides: overrides,
            existing: replaces ? .replace : .refuse)
        if headless || json || !Output.isTerminal {
            Glibc.exit(try TrialFollower.start(request, home: home, format: json ? .json : .text))
        }
        let started = try TrialLauncher.start(request, home: home)
        try DashboardRunner(home: home, appearance: appearance).run(.live(started.id))
    }

    /// Whether an earlier demo is there and may go; asks where somebody can answer.
    private func mayReplace(_ id: TrialID, home: HomeFolder) throws -> Bool {
        guard FileManager.default.fileExists(atPath: home.trial(id).path) else { return false }
        if replace { return true }
        let refused = CommandError(
            "there is a demo already",
            hint: "replace it with --replace, or look at it with: cockpit replay -e \(id.experiment) -f \(id.trial)",
            exitCode: ExitCode.failure)
        guard isatty(STDIN_FILENO) == 1 else { throw refused }
        Output.note("There is a demo already. Replace it? [y/N]")
        guard let answer = readLine()?.lowercased(), answer == "y" || answer == "yes" else { throw refused }
        return true
    }
}
