import ArgumentParser
import Glibc
import Protocol
import Workers

/// The body of a worker process; the orchestrator starts it.
struct WorkerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker", abstract: "Run one worker of a trial (started by the orchestrator).",
        shouldDisplay: false)

    @Option(help: "Worker id, such as model_worker/0.")
    var id: String

    @Option(help: "The attempt this process belongs to.")
    var attempt: UInt64

    @Option(help: "Which process of the worker in the attempt this is.")
    var launch: UInt64 = 0

    @Option(help: "The folder with the trial's sockets.")
    var runtime: String

    func run() throws {
        guard let worker = WorkerID(id) else {
            throw CommandError("'\(id)' is no worker id", hint: "a worker id looks like model_worker/0")
        }
        Glibc.exit(WorkerMain.run(id: worker, attempt: attempt, launch: launch, runtimePath: runtime))
    }
}

/// Our side of a benchmark that `scripts/bench` runs beside its peers: `bench SUITE --case CASE`.
struct ComputeBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compute", abstract: "Measure a case of a compute suite: training, generation, rl or kernels.",
        usage: "cockpit bench <suite> [--case <case>] [--threads <threads>] [--seconds <seconds>]", discussion: suites)

    /// Every suite with its cases, for `--help`.
    static let suites = ComputeSuite.allCases.map { suite in
        "\(suite.rawValue): \(suite.cases.joined(separator: ", "))"
    }.joined(separator: "\n\n")

    @ArgumentParser.Argument(help: "training, generation, rl or kernels.")
    var suite: String

    @Option(name: .customLong("case"), help: "A case of the suite; the first one without it.")
    var name: String?

    @Option(help: "Compute threads.")
    var threads = 2

    @Option(help: "How long to measure, warm-up and profile not counted; of kernels, each of them.")
    var seconds = 3.0

    func validate() throws {
        guard 0...600 ~= seconds else { throw ValidationError("--seconds is in 0...600") }
    }

    func run() throws {
        guard let suite = ComputeSuite(rawValue: suite) else {
            // Those that measure other parts are commands of their own.
            let known = ComputeSuite.allCases.map(\.rawValue) + ["store", "transport"]
            throw CommandError(
                "there is no benchmark '\(suite)'." + Suggestion.phrase(for: suite, among: known),
                hint: "choose one of \(known.joined(separator: ", "))")
        }
        try Output.jsonLine(try suite.run(name ?? suite.cases[0], threads: threads, seconds: seconds))
    }
}

/// The sending process of the transport benchmark.
struct TelemetrySource: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "telemetry-source", abstract: "Be the sending process of the transport benchmark.",
        shouldDisplay: false)

    @Option var series: Int
    @Option var steps: Int
    @ArgumentParser.Argument var runtime: String

    func run() throws {
        let isWhole = try WorkerBenchmark.telemetry(runtimePath: runtime, series: series, steps: steps)
        Glibc.exit(isWhole ? Protocol.ExitCode.success : Protocol.ExitCode.failure)
    }
}
