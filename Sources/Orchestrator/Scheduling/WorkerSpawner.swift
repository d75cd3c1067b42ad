import Glibc
package import Protocol

/// A worker's process as the supervising loop handles it. The loop's thread owns it.
package protocol WorkerProcess: AnyObject {
    var pid: Int32 { get }
    /// Readable once it has ended.
    var pollItem: PollItem { get }
    /// How it ended; nil while it lives.
    func exitStatus() -> ExitStatus?
    func signalGroup(_ signal: Int32)
}

extension ChildProcess: WorkerProcess {}

/// How workers come to life; nothing else in supervision depends on where they run.
package protocol WorkerSpawner {
    /// Starts a worker; called on the one thread that supervises, because death signals are tied to it.
    /// - Parameter launch: which process of the worker in this attempt it is, from 0.
    func spawn(_ worker: WorkerID, attempt: Int, launch: Int) throws -> any WorkerProcess
}

/// Workers as children of this process: hidden commands of the same program.
package struct LocalSpawner: WorkerSpawner {
    private let program: String
    private let folder: TrialFolder
    private let runtime: RuntimeFolder

    package init(program: String = "/proc/self/exe", folder: TrialFolder, runtime: RuntimeFolder) {
        self.program = program
        self.folder = folder
        self.runtime = runtime
    }

    package func spawn(_ worker: WorkerID, attempt: Int, launch: Int) throws -> any WorkerProcess {
        try ChildProcess.spawn(
            ChildProcess.Command(
                path: program,
                arguments: [
                    "worker", "--id", "\(worker)", "--attempt", "\(attempt)", "--launch", "\(launch)", "--runtime",
                    runtime.path,
                ],
                detachment: .ownGroup, logPath: folder.log(of: worker), environment: WorkerSurroundings.environment,
                stopSignals: .leftToParent))
    }
}
