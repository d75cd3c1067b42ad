import Glibc
package import Protocol
import Store

/// Tells a trial's orchestrator what a person wants, from any process.
package enum TrialControl {
    /// Sends a command and waits for the answer.
    ///
    /// `stop` gets through in any case: an orchestrator that does not answer is sent SIGTERM, which asks for the same.
    /// - Returns: the orchestrator's answer, a line for the person who asked.
    package static func send(
        _ kind: TrialCommandKind, worker: WorkerID? = nil, to id: TrialID, home: HomeFolder,
        timeout: Duration = .seconds(3)
    ) throws -> String {
        let record = try livingRecord(of: id, home: home)
        if let reply = try ask(kind, worker: worker, record: record, timeout: timeout) {
            guard reply.accepted else { throw ControlError(.refused, "\(id) refused: \(reply.message)") }
            return reply.message
        }
        guard kind == .stop, record.orchestrator.isAlive else {
            throw ControlError(
                .noAnswer,
                "the orchestrator of \(id) (pid \(record.orchestrator.pid)) did not answer within \(timeout)",
                hint: kind == .stop ? nil : "stop it with: cockpit stop \(LaunchError.flags(id))")
        }
        kill(record.orchestrator.pid, SIGTERM)
        return "the orchestrator did not answer; sent SIGTERM to its process \(record.orchestrator.pid)"
    }

    /// Waits until the trial's orchestrator has ended, however it ends.
    /// - Returns: the trial's status then, or after `patience`.
    package static func waitForEnd(of id: TrialID, home: HomeFolder, patience: Duration) throws -> TrialStatus {
        if let pid = try TrialList.one(id, home: home).orchestratorPID, let watch = ProcessWatch(pid: pid) {
            _ = try watch.waitForEnd(patience)
        }
        return try TrialList.one(id, home: home).status
    }

    private static func livingRecord(of id: TrialID, home: HomeFolder) throws(ControlError) -> RunRecord {
        guard let record = RunRecord.read(home.trial(id)) else {
            let names = home.trialFolders().map(\.id.description)
            throw ControlError(
                .unknownTrial, "there is no trial \(id).\(Suggestion.phrase(for: id.description, among: names))",
                hint: "list what there is with: cockpit list")
        }
        guard record.orchestrator.isAlive else {
            let status = record.observedStatus()
            throw ControlError(
                .notRunning, "trial \(id) is not running: \(status.rawValue)",
                hint: status == .completed
                    ? nil : "continue it with: cockpit start \(LaunchError.flags(id)) --recover-mode resume")
        }
        return record
    }

    private static func ask(
        _ kind: TrialCommandKind, worker: WorkerID?, record: RunRecord, timeout: Duration
    ) throws -> WireTrialCommandReply? {
        let context = ZeroMQContext()
        let socket = try ZeroMQSocket.open(context, .dealer)
        try socket.connect(RuntimeFolder(path: record.runtimeFolder).commands())
        let request = WireTrialCommand.make { command in
            command.id = "1"
            command.kind = kind.rawValue
            command.worker = worker?.description ?? ""
        }
        _ = try socket.send([WireCodec.encode(request)])
        let deadline = ContinuousClock.now + timeout
        while ContinuousClock.now < deadline {
            let isReadable = try Poller.wait([socket.pollItem], timeout: deadline - ContinuousClock.now)[0]
            guard isReadable, let frames = try socket.receive(), let frame = frames.last else { continue }
            return try WireCodec.decode(WireTrialCommandReply.self, from: frame)
        }
        return nil
    }
}
