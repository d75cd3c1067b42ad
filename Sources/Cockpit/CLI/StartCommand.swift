import ArgumentParser
import Glibc
import Orchestrator
import Protocol

/// Starts a trial and shows it.
struct StartCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "start", abstract: "Start a trial and show it on the dashboard.",
        discussion: """
            Without a terminal, or with --headless, progress is printed instead (JSON lines with --json), Ctrl-C stops the
            trial in order, and the exit status is 0 only when it completed, 1 when it failed, 3 when it was stopped.
            Settings are given as a YAML file and as dotted overrides: sft.steps=300 grpo.lr=1e-4.
            """)

    @OptionGroup var trial: TrialOptions
    @OptionGroup var launch: LaunchOptions
    @OptionGroup var appearance: AppearanceOptions

    @Option(help: "Where workers run: local.")
    var mode = "local"

    @Flag(help: "Start it and return; look at it later with: cockpit attach.")
    var detach = false

    @Flag(help: "Print progress instead of opening the dashboard.")
    var headless = false

    @Flag(help: "Print JSON lines.")
    var json = false

    func validate() throws {
        guard mode == "local" else {
            throw ValidationError(
                "--mode '\(mode)' is not supported by this version.\(Suggestion.phrase(for: mode, among: ["local"])) Use --mode local."
            )
        }
        if detach, headless { throw ValidationError("--detach and --headless exclude each other.") }
    }

    func run() throws {
        let home = Environment.home
        let started = try TrialLauncher.start(try launch.request(for: trial), home: home)
        if detach {
            if json { return try Output.json(["trial": started.id.description, "pid": "\(started.pid)"]) }
            return Output.line(
                "started \(started.id) (orchestrator \(started.pid)); look at it with: cockpit attach -e \(started.id.experiment) -f \(started.id.trial)"
            )
        }
        if headless || json || !Output.isTerminal {
            Glibc.exit(try TrialFollower(id: started.id, home: home, format: json ? .json : .text).run())
        }
        try DashboardRunner(home: home, appearance: appearance).run(.live(started.id))
    }
}

/// What decides what a trial does, as `start` and `check` take it.
struct LaunchOptions: ParsableArguments {
    @Option(help: "A YAML file with settings.")
    var config: String?

    @Option(help: "disabled: start afresh. resume: go on from the trial's last checkpoint.")
    var recoverMode = "disabled"

    @Flag(help: "Remove an earlier trial of this name first.")
    var replace = false

    @Flag(help: "Resume although files that the trial reads have changed since it began; it is recorded.")
    var acceptChangedInputs = false

    @Argument(help: "Settings as dotted overrides, such as grpo.lr=1e-4.")
    var overrides: [String] = []

    func request(for trial: TrialOptions) throws -> LaunchRequest {
        guard let recover = RecoverMode(rawValue: recoverMode) else {
            let known = RecoverMode.allCases.map(\.rawValue)
            throw CommandError(
                "unknown recover mode '\(recoverMode)'.\(Suggestion.phrase(for: recoverMode, among: known))",
                hint: "use one of: \(known.joined(separator: ", "))")
        }
        return LaunchRequest(
            experiment: trial.experiment, trial: trial.trial, configFile: config, overrides: overrides,
            recoverMode: recover, existing: replace ? .replace : .refuse,
            changedInputs: acceptChangedInputs ? .accept : .refuse)
    }
}
