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

    @Option(help: "The folder with the trial's sockets.")
    var runtime: String

    func run() throws {
        guard let worker = WorkerID(id) else {
            throw CommandError("'\(id)' is no worker id", hint: "a worker id looks like model_worker/0")
        }
        Glibc.exit(WorkerMain.run(id: worker, attempt: attempt, runtimePath: runtime))
    }
}

/// Our side of the training benchmark.
struct TrainingSuite: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "training")

    @OptionGroup var options: BenchOptions

    func run() throws {
        try Output.jsonLine(
            try WorkerBenchmark.training(options.name, threads: options.threads, seconds: options.seconds))
    }
}

/// Our side of the generation benchmark.
struct GenerationSuite: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "generation")

    @OptionGroup var options: BenchOptions

    func run() throws {
        try Output.jsonLine(
            try WorkerBenchmark.generation(options.name, threads: options.threads, seconds: options.seconds))
    }
}

/// The sending process of the transport benchmark.
struct TelemetrySource: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "telemetry-source")

    @Option var series: Int
    @Option var steps: Int
    @Argument var runtime: String

    func run() throws {
        let isWhole = try WorkerBenchmark.telemetry(runtimePath: runtime, series: series, steps: steps)
        Glibc.exit(isWhole ? Protocol.ExitCode.success : Protocol.ExitCode.failure)
    }
}
