import ArgumentParser
import Foundation
import Orchestrator
import Protocol
import Store

/// Runs our side of a benchmark suite and prints figures as JSON; `scripts/bench` adds the peers.
struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Run one benchmark and print JSON (used by scripts/bench).",
        usage: "cockpit bench <suite> [<options>]",
        discussion: "Suites of the compute core and their cases, as in cockpit bench training --case tiny:\n\n"
            + ComputeBench.suites,
        shouldDisplay: false,
        subcommands: [ComputeBench.self, StoreSuite.self, TransportSuite.self, TelemetrySource.self],
        defaultSubcommand: ComputeBench.self)

    /// The store in this process.
    struct StoreSuite: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "store", abstract: "Measure the run store.")

        func run() throws {
            try BenchCommand.withTemporaryFolder { try Output.jsonLine(try StoreBenchmark.run(in: $0)) }
        }
    }

    /// Two processes, sockets and the store.
    struct TransportSuite: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "transport", abstract: "Measure telemetry from one process into another's store.")

        @Option var series = 100
        @Option var steps = 50_000

        func run() throws {
            try BenchCommand.withTemporaryFolder { folder in
                let source = ["bench", "telemetry-source", "--series", "\(series)", "--steps", "\(steps)"]
                try Output.jsonLine(
                    try TransportBenchmark.run(
                        home: HomeFolder(path: folder), source: source, series: series, steps: steps))
            }
        }
    }

    fileprivate static func withTemporaryFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("cockpit-bench-\(getpid())").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder)
    }
}
