internal import CProcess
import Foundation
import Glibc
package import Protocol

/// Checks and starts trials from a command or the launch form.
package enum TrialLauncher {
    /// The plan a request leads to, checked but not started, with what the check found: refuses what a start would.
    package static func check(
        _ request: LaunchRequest, home: HomeFolder
    ) throws -> (plan: TrialPlan, report: PlanReport) {
        let checked = try Launching.current(home: home).verify(request)
        return (checked.plan, checked.report)
    }

    /// Starts the trial's orchestrator, detached, and returns once it holds the lock and listens.
    /// - Parameters:
    ///   - program: the executable that has the hidden `orchestrate` command.
    ///   - willSpawn: called when all checks are done: from here on there may be a trial.
    /// - Throws: whatever kept it from starting, as the orchestrator or the checks before it put it.
    package static func start(
        _ request: LaunchRequest, home: HomeFolder, program: String = "/proc/self/exe",
        willSpawn: () throws -> Void = {}
    ) throws -> StartedTrial {
        try Launching.current(home: home).refuseEarly(request)
        let folder = home.trial(try request.id())
        try FolderFiles.makeFolder(folder.logs)
        try willSpawn()
        var ends: [Int32] = [-1, -1]
        let result = cprocess_pipe(&ends)
        guard result == 0 else {
            throw LaunchError(.didNotStart, "no pipe could be made: \(String(cString: strerror(-result)))")
        }
        defer { close(ends[0]) }
        let arguments = OrchestratorArguments(request: request, home: home.path, readiness: 3)
        let process: ChildProcess
        do {
            defer { close(ends[1]) }
            process = try ChildProcess.spawn(
                ChildProcess.Command(
                    path: program, arguments: ["orchestrate", try arguments.encoded()], detachment: .ownSession,
                    logPath: folder.orchestratorLog, environment: WorkerSurroundings.environment, inherited: ends[1]))
        }
        switch Readiness.receive(from: ends[0]) {
        case .ready(let started): return started
        case .refused(let refusal): throw refusal
        case nil: throw silentEnd(of: process, folder: folder)
        }
    }

    private static func silentEnd(of process: ChildProcess, folder: TrialFolder) -> LaunchError {
        // The pipe is closed, so it has ended or is about to.
        _ = try? Poller.wait([process.pollItem], timeout: .seconds(2))
        let status = process.exitStatus()
        if let signal = status?.signal, SignalDescriptor.stops.contains(signal) {
            return LaunchError(
                .didNotStart, "the start of \(folder.id) was stopped by signal \(signal)", exitCode: ExitCode.stopped)
        }
        let end = status.map(\.description) ?? "closed its pipe without a word"
        return LaunchError(
            .didNotStart, "the orchestrator \(end) before it was ready",
            detail: LogTail.lines(of: folder.orchestratorLog).joined(separator: "\n"),
            hint: "its log is \(folder.orchestratorLog)")
    }
}

/// What the hidden `orchestrate` command is given, as one JSON word.
package struct OrchestratorArguments: Codable, Sendable, Equatable {
    package let request: LaunchRequest
    package let home: String
    /// Descriptor of the readiness pipe; nil when nobody waits.
    package let readiness: Int32?

    package init(request: LaunchRequest, home: String, readiness: Int32?) {
        self.request = request
        self.home = home
        self.readiness = readiness
    }

    package func encoded() throws -> String {
        String(decoding: try JSONEncoder().encode(self), as: UTF8.self)
    }

    package static func decode(_ text: String) throws -> OrchestratorArguments {
        try JSONDecoder().decode(OrchestratorArguments.self, from: Data(text.utf8))
    }
}
