import Protocol

/// The orchestrator's end of the commands' sockets: what users ask, and the answers.
final class CommandDesk {
    private struct Asker {
        let identity: [UInt8]
        let id: String
    }

    private let socket: ZeroMQSocket
    private let endpoint: Endpoint
    private let trial: TrialID
    private var garbage = RateLimitedCount()
    /// Who waits for the answer to a ticket. Every command is answered while it is handled, so few wait at a time.
    private var askers: [Int: Asker] = [:]
    private var nextTicket = 1

    init(_ context: ZeroMQContext, endpoint: Endpoint, trial: TrialID) throws(TransportError) {
        self.trial = trial
        // The answer to `stop` must still leave when the orchestrator ends right after it.
        let socket = try ZeroMQSocket.open(context, .router, options: SocketOptions(lingerMilliseconds: 500))
        try socket.bind(endpoint)
        self.socket = socket
        self.endpoint = endpoint
    }

    var pollItem: PollItem { socket.pollItem }

    /// Messages taken in one look: whoever floods the socket must not keep the loop from its workers and its signals.
    static let mostAtOnce = 64

    /// Binds the socket again where its file has been swept away; whether it had.
    func bindAgain() throws(TransportError) -> Bool { try socket.bindAgain(endpoint) }

    /// What has arrived and can be understood; what cannot is answered here. What is left stays readable.
    func receive(log: (LogLevel, String) -> Void) -> [TrialEvent] {
        var events: [TrialEvent] = []
        for _ in 0..<Self.mostAtOnce {
            guard let frames = (try? socket.receive()) ?? nil else { break }
            guard frames.count == 2, let command = try? WireCodec.decode(WireTrialCommand.self, from: frames[1]) else {
                if let count = garbage.count(now: RunClock.bootNanoseconds()) {
                    log(.warning, "\(count) command frames were refused: they are no command")
                }
                continue
            }
            let asker = Asker(identity: frames[0], id: command.id)
            if let event = event(for: command, asker: asker) { events.append(event) }
        }
        return events
    }

    private func event(for command: WireTrialCommand, asker: Asker) -> TrialEvent? {
        guard let kind = TrialCommandKind(rawValue: command.kind) else {
            let known = TrialCommandKind.allCases.map(\.rawValue)
            reply(
                to: asker, accepted: false,
                message: "unknown command '\(command.kind)'.\(Suggestion.phrase(for: command.kind, among: known))")
            return nil
        }
        guard command.trial.isEmpty || command.trial == trial.description else {
            reply(to: asker, accepted: false, message: "this is the orchestrator of \(trial), not of \(command.trial)")
            return nil
        }
        defer { nextTicket += 1 }
        askers[nextTicket] = asker
        if kind == .stop {
            return .stop(within: command.withinNs > 0 ? command.withinNs : nil, ticket: nextTicket)
        }
        return .command(kind, WorkerID(command.worker), ticket: nextTicket)
    }

    func answer(ticket: Int, accepted: Bool, message: String) {
        if let asker = askers.removeValue(forKey: ticket) { reply(to: asker, accepted: accepted, message: message) }
    }

    private func reply(to asker: Asker, accepted: Bool, message: String) {
        let reply = WireTrialCommandReply.make { reply in
            reply.id = asker.id
            reply.accepted = accepted
            reply.message = message
        }
        // Who asked may be gone, and then nobody waits for it.
        if let frame = try? WireCodec.encode(reply) { _ = try? socket.send([asker.identity, frame]) }
    }
}
