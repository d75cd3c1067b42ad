import Glibc
package import Protocol
import Store

/// Tells a trial's orchestrator what a person wants, from any process.
package enum TrialControl {
    /// Sends a command and waits for the answer.
    ///
    /// - Parameter within: with `stop`: when it must be over, because something else ends the trial by force then.
    ///
    /// `stop` gets through in any case: an orchestrator that does not answer is sent SIGTERM, which asks for the same.
    /// - Returns: the orchestrator's answer, a line for the person who asked.
    package static func send(
        _ kind: TrialCommandKind, worker: WorkerID? = nil, within: Duration? = nil, to id: TrialID, home: HomeFolder,
        timeout: Duration = .seconds(3)
    ) throws -> String {
        let record = try livingRecord(of: id, home: home)
        let request = WireTrialCommand.make { command in
            command.id = "1"
            command.kind = kind.rawValue
            command.worker = worker?.description ?? ""
            // 0 would be no limit at all.
            command.withinNs = within.map { max(1, nanoseconds($0)) } ?? 0
            command.trial = id.description
        }
        if let reply = try ask(request, record: record, timeout: timeout) {
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

    private static func nanoseconds(_ duration: Duration) -> Int64 {
        let (seconds, attoseconds) = duration.components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }

    /// Waits until the trial's orchestrator has ended, however it ends.
    /// - Parameters:
    ///   - patience: how long at most; nil: for ever.
    ///   - tell: gets what the trial says about its status, each time it says something else.
    /// - Returns: the trial then.
    package static func waitForEnd(
        of id: TrialID, home: HomeFolder, patience: Duration?, tell: (String) -> Void = { _ in }
    ) throws -> TrialOverview {
        let deadline = patience.map { ContinuousClock.now + $0 }
        var told = ""
        if let pid = try TrialList.one(id, home: home).orchestratorPID, let watch = ProcessWatch(pid: pid) {
            while deadline.map({ ContinuousClock.now < $0 }) ?? true {
                let left = deadline.map { $0 - ContinuousClock.now } ?? Self.lookInterval
                if try watch.waitForEnd(min(max(.zero, left), Self.lookInterval)) { break }
                guard let record = RunRecord.read(home.trial(id)), record.explanation != told else { continue }
                told = record.explanation
                tell(told)
            }
        }
        return try TrialList.one(id, home: home)
    }

    /// How often a waiting command looks what the trial says.
    private static let lookInterval = Duration.milliseconds(250)

    private static func livingRecord(of id: TrialID, home: HomeFolder) throws(ControlError) -> RunRecord {
        guard let (record, presence) = TrialPresence.observed(in: home.trial(id)) else {
            let names = home.trialFolders().map(\.id.description)
            throw ControlError(
                .unknownTrial, "there is no trial \(id).\(Suggestion.phrase(for: id.description, among: names))",
                hint: "list what there is with: cockpit list")
        }
        switch presence {
        case .here: break
        case .elsewhere(let host, let quiet):
            throw ControlError(
                .notRunning, "trial \(id) is running on \(host) (last sign \(quiet) s ago), not here",
                hint: "give the command on \(host)")
        case .gone:
            let status = record.observedStatus(.gone)
            throw ControlError(
                .notRunning, "trial \(id) is not running: \(status.rawValue)",
                hint: status == .completed
                    ? nil : "continue it with: cockpit start \(LaunchError.flags(id)) --recover-mode resume")
        }
        return record
    }

    private static func ask(
        _ request: WireTrialCommand, record: RunRecord, timeout: Duration
    ) throws -> WireTrialCommandReply? {
        let context = ZeroMQContext()
        let socket = try ZeroMQSocket.open(context, .dealer)
        try socket.connect(RuntimeFolder(path: record.runtimeFolder).commands())
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
