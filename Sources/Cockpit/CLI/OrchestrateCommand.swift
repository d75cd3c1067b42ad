import ArgumentParser
import Glibc
import Orchestrator

/// The body of the orchestrator process; `start` spawns it in a session of its own.
struct OrchestrateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "orchestrate", abstract: "Run the orchestrator of a trial (started by start).",
        shouldDisplay: false)

    @ArgumentParser.Argument(help: "What to run, as one JSON word.")
    var arguments: String

    func run() throws { Glibc.exit(OrchestratorMain.run(arguments)) }
}
