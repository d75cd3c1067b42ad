import Glibc
package import Protocol
import Store

/// Measures telemetry from another process into the store, acknowledged after COMMIT.
package enum TransportBenchmark {
    package struct Result: Sendable, Codable {
        package let valuesPerSecond: Double
        /// Size of the closed run over its values.
        package let bytesPerValue: Double
        package let values: Int
    }

    /// - Parameters:
    ///   - home: an empty folder.
    ///   - source: the command line, less the runtime folder, of a process that sends `series` x `steps` values and ends with
    ///     status 0 when all are acknowledged.
    ///   - program: the executable that command line is for.
    package static func run(
        home: HomeFolder, source: [String], series: Int, steps: Int, program: String = "/proc/self/exe"
    ) throws -> Result {
        let id = TrialID(experiment: try ExperimentName("bench"), trial: try TrialName("transport"))
        let folder = home.trial(id)
        try FolderFiles.makeFolder(folder.logs)
        let plan = TrialPlan(id: id, seed: 1, modelWorkers: [], setups: [])
        let header = RunHeader(
            id: id, startedWall: RunClock.wallNanoseconds(), seed: 1, totalSteps: steps, settings: [:], workers: [],
            lanes: [])
        let runtime = try RuntimeFolder.create(for: folder)
        defer { runtime.remove() }
        let queue = try IngestQueue()
        let ingest = try IngestThread.start(
            .init(
                context: ZeroMQContext(), runtime: runtime, folder: folder, plan: plan,
                openStore: { try RunWriter.create(folder, header: header) },
                openCatalog: { try RunCatalog.open(home: folder.home) }), queue: queue)
        queue.put(.attempt(1, resumeStep: 0, time: 0, reason: "benchmark"))
        let began = ContinuousClock.now
        let end = try {
            // The thread uses what is removed at the end of this function.
            defer {
                queue.close([])
                ingest.join()
            }
            let sender = try ChildProcess.spawn(
                ChildProcess.Command(
                    path: program, arguments: source + [runtime.path], detachment: .ownGroup,
                    logPath: folder.orchestratorLog))
            _ = try Poller.wait([sender.pollItem], timeout: nil)
            return (isSuccess: sender.exitStatus()?.isSuccess == true, at: ContinuousClock.now)
        }()
        let seconds = (end.at - began) / .seconds(1)
        guard end.isSuccess else {
            throw LaunchError(
                .didNotStart, "the sender did not get everything acknowledged",
                detail: LogTail.lines(of: folder.orchestratorLog).joined(separator: "\n"))
        }
        let stored = try StoredRun.open(path: folder.database).snapshot(
            RunQuery(timelineWindow: 0, columns: 1, logLimit: 0))
        let values = stored.series.reduce(0) { $0 + $1.count }
        guard values == series * steps else {
            throw LaunchError(.didNotStart, "\(values) of \(series * steps) values are in the store")
        }
        var information = stat()
        stat(folder.database, &information)
        return Result(
            valuesPerSecond: Double(values) / seconds, bytesPerValue: Double(information.st_size) / Double(values),
            values: values)
    }
}
