import ArgumentParser
import Glibc
import Orchestrator
import Protocol

/// Starts a trial and shows it.
struct StartCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "start", abstract: "Start a trial and show it on the dashboard.",
        discussion: """
            Without a terminal, or with --headless, progress is printed instead (JSON lines with --json), Ctrl-C, SIGTERM,
            SIGUSR1 or SIGUSR2 stops the trial so that it loses nothing (a second one hurries, a third kills), and the
            exit status is 0 only when it completed, 1 when it failed, 3 when it was stopped.
            Settings are given as a YAML file and as dotted overrides: sft.steps=300 grpo.lr=1e-4.
            """)

    @OptionGroup var trial: TrialOptions
    @OptionGroup var launch: LaunchOptions
    @OptionGroup var appearance: AppearanceOptions

    @Option(help: "Where workers run: \(Schedulers.names.joined(separator: ", ")).")
    var mode = Schedulers.standard

    @Flag(help: "Start it and return; look at it later with: cockpit attach.")
    var detach = false

    @Flag(help: "Print progress instead of opening the dashboard.")
    var headless = false

    @Flag(help: "Print JSON lines.")
    var json = false

    func validate() throws {
        if detach, headless { throw ValidationError("--detach and --headless exclude each other.") }
    }

    func run() throws {
        do {
            try start()
        } catch let error as LaunchError
            where error.code == .alreadyCompleted && launch.recoverMode == LaunchOptions.automatic
        {
            Output.note("\(error.summary)")
        }
    }

    private func start() throws {
        try Schedulers.check(mode)
        let home = Environment.home
        var request = try launch.request(for: trial)
        request.mode = mode
        if !detach, headless || json || !Output.isTerminal {
            Glibc.exit(try TrialFollower.start(request, home: home, format: json ? .json : .text))
        }
        let started = try TrialLauncher.start(request, home: home)
        if !detach { return try DashboardRunner(home: home, appearance: appearance).run(.live(started.id)) }
        if json { return try Output.json(["trial": started.id.description, "pid": "\(started.pid)"]) }
        if let beginning = StartNote.text(of: started, request) { Output.note(beginning) }
        Output.line(
            "started \(started.id) (orchestrator \(started.pid)); look at it with: cockpit attach -e \(started.id.experiment) -f \(started.id.trial)"
        )
    }
}

/// What decides what a trial does, as `start` and `check` take it.
struct LaunchOptions: ParsableArguments {
    @Option(help: "A YAML file with settings.")
    var config: String?

    @Option(
        help:
            "disabled: start afresh. resume: go on from the trial's last checkpoint. auto: whichever fits, so that the same command may be given again."
    )
    var recoverMode = "disabled"

    /// The word for whichever mode fits.
    static let automatic = "auto"

    @Option(
        help: "With --recover-mode resume: the step to go on from, where another than the newest is wanted; 0: anew.")
    var resumeFrom: Int?

    @Flag(help: "Remove an earlier trial of this name first.")
    var replace = false

    @Flag(help: "Resume although files that the trial reads have changed since it began; it is recorded.")
    var acceptChangedInputs = false

    @ArgumentParser.Argument(help: "Settings as dotted overrides, such as grpo.lr=1e-4.")
    var overrides: [String] = []

    func request(for trial: TrialOptions) throws -> LaunchRequest {
        let fitting = recoverMode == Self.automatic ? RecoverMode.fitting(Environment.home.trial(try trial.id())) : nil
        guard let recover = fitting ?? RecoverMode(rawValue: recoverMode) else {
            let known = RecoverMode.allCases.map(\.rawValue) + [Self.automatic]
            throw CommandError(
                "unknown recover mode '\(recoverMode)'.\(Suggestion.phrase(for: recoverMode, among: known))",
                hint: "use one of: \(known.joined(separator: ", "))")
        }
        if resumeFrom != nil, recover != .resume {
            throw CommandError("--resume-from needs --recover-mode resume", hint: "add --recover-mode resume")
        }
        return LaunchRequest(
            experiment: trial.experiment, trial: trial.trial, configFile: config, overrides: overrides,
            recoverMode: recover, existing: replace ? .replace : .refuse,
            changedInputs: acceptChangedInputs ? .accept : .refuse, resumeFrom: resumeFrom)
    }
}
