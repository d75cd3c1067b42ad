import ArgumentParser
import Orchestrator
import Protocol
import Store

/// Runs the measured part of a benchmark suite and prints figures as JSON; `scripts/bench` adds the peers.
struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Run one benchmark and print JSON (used by scripts/bench).", shouldDisplay: false,
        subcommands: [StoreSuite.self])

    struct StoreSuite: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "store")

        func run() throws {}
    }
}
