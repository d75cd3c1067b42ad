import ArgumentParser
import Glibc
import Protocol

/// The program. Without a subcommand it opens the dashboard on the list of trials.
@main
struct CockpitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cockpit",
        abstract: "An experiment cockpit for RLHF and small-LLM training in the terminal.",
        discussion: """
            Start a trial, watch its model function calls, buffer, devices and metrics live, stop it, replay it.
            Everything is kept under $COCKPIT_HOME (default ~/.local/share/cockpit).
            """,
        version: "0.1.0",
        groupedSubcommands: [
            CommandGroup(
                name: "Trials",
                subcommands: [StartCommand.self, StopCommand.self, AttachCommand.self, ReplayCommand.self]),
            CommandGroup(
                name: "Looking",
                subcommands: [
                    ListCommand.self, ShowCommand.self, LogsCommand.self, MetricsCommand.self, SnapCommand.self,
                    ArchiveCommand.self,
                ]),
            CommandGroup(
                name: "Preparing",
                subcommands: [
                    ExperimentsCommand.self, CheckCommand.self, DataCommand.self, DemoCommand.self, DoctorCommand.self,
                ]),
            CommandGroup(
                name: "Internal", subcommands: [OrchestrateCommand.self, WorkerCommand.self, BenchCommand.self]),
        ])

    @OptionGroup var appearance: AppearanceOptions

    func run() throws {
        guard Output.isTerminal else {
            throw CommandError(
                "cockpit draws its dashboard in a terminal, and this is none",
                hint: "for output that can be piped, use: cockpit list --json")
        }
        try DashboardRunner(home: Environment.home, appearance: appearance).run(.trials)
    }

    /// Parses and runs; errors written for a person are printed as such and give their own exit status.
    static func main() {
        // A reader that goes away (`| head`) must end us by an error from write, not by a signal in mid-transaction.
        signal(SIGPIPE, SIG_IGN)
        // A file that reaches `ulimit -f` is an error of the write, told as such; the signal would end us without a word.
        signal(SIGXFSZ, SIG_IGN)
        // Whoever started us may have blocked signals; Ctrl-C and the crash handler must work all the same.
        var none = sigset_t()
        sigemptyset(&none)
        sigprocmask(SIG_SETMASK, &none, nil)
        do {
            try refuseUnknownCommand(CommandLine.arguments.dropFirst().first)
            var command = try parseAsRoot()
            try command.run()
        } catch let error as any UserFacingError {
            Output.error(error)
            Glibc.exit(error.exitCode)
        } catch  where exitCode(for: error) == .validationFailure {
            Output.note(fullMessage(for: error))
            Glibc.exit(Protocol.ExitCode.usage)
        } catch  where exitCode(for: error).isSuccess || error is ArgumentParser.ExitCode {
            exit(withError: error)
        } catch {
            Output.note(fullMessage(for: error))
            Glibc.exit(exitCode(for: error).rawValue)
        }
    }

    /// The parser would call a mistyped command an unexpected argument of the dashboard.
    private static func refuseUnknownCommand(_ word: String?) throws(CommandError) {
        guard let word, !word.isEmpty, !word.hasPrefix("-") else { return }
        let commands = configuration.subcommands
        guard word != "help", !commands.contains(where: { $0._commandName == word }) else { return }
        let shown = commands.filter { $0.configuration.shouldDisplay }.map { $0._commandName }
        throw CommandError(
            "there is no command '\(word)'.\(Suggestion.phrase(for: word, among: shown))",
            hint: "list the commands with: cockpit --help")
    }
}
