import Foundation
import Glibc
import Protocol
import Synchronization
import TestSupport
import Testing

@testable import Orchestrator

/// What a desk said to the log.
private final class Said: Sendable {
    private let lines = Mutex<[String]>([])
    func add(_ level: LogLevel, _ line: String) { lines.withLock { $0.append("\(level.rawValue): \(line)") } }
    var all: [String] { lines.withLock { $0 } }
}

/// Waits for `count` things that the desk makes of what has been sent to it; fewer when nothing comes for long.
private func gather<Event>(_ count: Int, from item: PollItem, _ receive: () -> [Event]) throws -> [Event] {
    var events: [Event] = []
    while events.count < count, try Poller.wait([item], timeout: .seconds(120))[0] { events += receive() }
    return events
}

@Suite struct `The desk for commands` {
    private let folder = TemporaryFolder()
    private let context = ZeroMQContext()
    private let said = Said()

    private func user(_ name: String, _ endpoint: Endpoint) throws -> ZeroMQSocket {
        let options = SocketOptions(identity: name, lingerMilliseconds: 1000)
        let socket = try ZeroMQSocket.open(context, .dealer, options: options)
        try socket.connect(endpoint)
        return socket
    }

    private func command(_ id: String, _ kind: String, worker: String = "") throws -> [UInt8] {
        try WireCodec.encode(
            WireTrialCommand.make { command in
                command.id = id
                command.kind = kind
                command.worker = worker
            })
    }

    private func reply(_ socket: borrowing ZeroMQSocket) throws -> WireTrialCommandReply? {
        guard try Poller.wait([socket.pollItem], timeout: .seconds(120))[0], let frames = try socket.receive() else {
            return nil
        }
        return try WireCodec.decode(WireTrialCommandReply.self, from: frames[0])
    }

    private func open() throws -> (CommandDesk, Endpoint) {
        let endpoint = try Endpoint.ipc(folder.file("commands"))
        return (try CommandDesk(context, endpoint: endpoint, trial: Samples.id()), endpoint)
    }

    @Test func `takes each kind of command for what it is`() throws {
        let (desk, endpoint) = try open()
        let user = try user("ada", endpoint)
        let kinds = ["stop", "pause", "resume", "save_now", "evaluate_now", "status"]
        for kind in kinds { _ = try user.send([command("1", kind)]) }
        _ = try user.send([command("1", "kill_worker", worker: "model_worker/1")])
        let events = try gather(7, from: desk.pollItem) { desk.receive(log: said.add) }
        #expect(
            events == [
                .stop(within: nil, ticket: 1), .command(.pause, nil, ticket: 2), .command(.resume, nil, ticket: 3),
                .command(.saveNow, nil, ticket: 4), .command(.evaluateNow, nil, ticket: 5),
                .command(.status, nil, ticket: 6), .command(.killWorker, WorkerID(.model, 1), ticket: 7),
            ])
    }

    @Test func `takes a flood in parts and loses none of it`() throws {
        let (desk, endpoint) = try open()
        let user = try user("ada", endpoint)
        for _ in 0..<(3 * CommandDesk.mostAtOnce) { _ = try user.send([command("1", "status")]) }
        var count = 0, largest = 0
        while count < 3 * CommandDesk.mostAtOnce, try Poller.wait([desk.pollItem], timeout: .seconds(120))[0] {
            let taken = desk.receive(log: said.add).count
            (count, largest) = (count + taken, max(largest, taken))
        }
        #expect(count == 3 * CommandDesk.mostAtOnce)
        #expect(largest <= CommandDesk.mostAtOnce)
    }

    @Test func `takes a stop with the time in which it must be over`() throws {
        let (desk, endpoint) = try open()
        let user = try user("ada", endpoint)
        let frame = try WireCodec.encode(
            WireTrialCommand.make { command in
                command.kind = "stop"
                command.withinNs = 20_000_000_000
            })
        _ = try user.send([frame])
        let events = try gather(1, from: desk.pollItem) { desk.receive(log: said.add) }
        #expect(events == [.stop(within: 20_000_000_000, ticket: 1)])
    }

    @Test func `takes commands for its own trial only`() throws {
        let (desk, endpoint) = try open()
        let user = try user("ada", endpoint)
        for trial in ["sft/copy", "\(try Samples.id())"] {
            let frame = try WireCodec.encode(
                WireTrialCommand.make { command in
                    command.kind = "stop"
                    command.trial = trial
                })
            _ = try user.send([frame])
        }
        let events = try gather(1, from: desk.pollItem) { desk.receive(log: said.add) }
        #expect(events == [.stop(within: nil, ticket: 1)])
        #expect(try reply(user)?.message == "this is the orchestrator of grpo-arith/first, not of sft/copy")
    }

    @Test func `binds its socket again when somebody has swept it away`() throws {
        let (desk, endpoint) = try open()
        #expect(try !desk.bindAgain())
        unlink(folder.file("commands"))
        #expect(try desk.bindAgain())
        let user = try user("ada", endpoint)
        _ = try user.send([command("1", "status")])
        #expect(
            try gather(1, from: desk.pollItem) { desk.receive(log: said.add) } == [.command(.status, nil, ticket: 1)])
    }

    @Test func `answers each of several users what that one asked, in any order`() throws {
        let (desk, endpoint) = try open()
        let ada = try user("ada", endpoint), ben = try user("ben", endpoint)
        _ = try ada.send([command("a1", "pause")])
        _ = try ben.send([command("b1", "status")])
        let events = try gather(2, from: desk.pollItem) { desk.receive(log: said.add) }
        for case .command(let kind, _, let ticket) in events.reversed() {
            desk.answer(ticket: ticket, accepted: kind == .status, message: kind.rawValue)
        }
        let forAda = try #require(try reply(ada)), forBen = try #require(try reply(ben))
        #expect([forAda.id, forAda.message] == ["a1", "pause"])
        #expect(!forAda.accepted)
        #expect([forBen.id, forBen.message] == ["b1", "status"])
        #expect(forBen.accepted)
    }

    @Test func `answers a ticket once, and one that nobody holds not at all`() throws {
        let (desk, endpoint) = try open()
        let user = try user("ada", endpoint)
        _ = try user.send([command("1", "status")])
        _ = try gather(1, from: desk.pollItem) { desk.receive(log: said.add) }
        desk.answer(ticket: 99, accepted: true, message: "for nobody")
        desk.answer(ticket: 1, accepted: true, message: "first")
        desk.answer(ticket: 1, accepted: true, message: "again")
        #expect(try reply(user)?.message == "first")
        _ = try user.send([command("2", "status")])
        _ = try gather(1, from: desk.pollItem) { desk.receive(log: said.add) }
        desk.answer(ticket: 2, accepted: true, message: "second")
        #expect(try reply(user)?.message == "second")
    }

    @Test(arguments: [
        ("stpo", "unknown command 'stpo'. Did you mean 'stop'?"),
        ("savenow", "unknown command 'savenow'. Did you mean 'save_now'?"),
        ("", "unknown command ''."), ("selbstzerstörung", "unknown command 'selbstzerstörung'."),
    ])
    func `answers an unknown command itself, with what was probably meant`(kind: String, message: String) throws {
        let (desk, endpoint) = try open()
        let user = try user("ada", endpoint)
        _ = try user.send([command("7", kind)])
        _ = try Poller.wait([desk.pollItem], timeout: .seconds(120))
        #expect(desk.receive(log: said.add).isEmpty)
        let answer = try #require(try reply(user))
        #expect(!answer.accepted)
        #expect(answer.id == "7")
        #expect(answer.message == message)
    }

    @Test func `takes a worker that is no worker's name for none`() throws {
        let (desk, endpoint) = try open()
        let user = try user("ada", endpoint)
        for name in ["", "model_worker", "model_worker/-1", "worker/0", "model_worker/0/0"] {
            _ = try user.send([command("1", "kill_worker", worker: name)])
        }
        let events = try gather(5, from: desk.pollItem) { desk.receive(log: said.add) }
        #expect(events == (1...5).map { .command(.killWorker, nil, ticket: $0) })
    }

    @Test func `reads on after garbage, and speaks of it once`() throws {
        let (desk, endpoint) = try open()
        let user = try user("ada", endpoint)
        let whole = try command("1", "status")
        for length in 0..<whole.count { _ = try user.send([Array(whole.prefix(length))]) }
        _ = try user.send([whole, whole])
        var future = WireTrialCommand()
        future.version = 2
        future.kind = "stop"
        _ = try user.send([WireCodec.encode(future)])
        _ = try user.send([command("2", "status")])
        var events: [TrialEvent] = []
        while events.last != .command(.status, nil, ticket: events.count) || events.isEmpty,
            try Poller.wait([desk.pollItem], timeout: .seconds(120))[0]
        { events += desk.receive(log: said.add) }
        // A frame that is cut off between two fields is a command with fewer of them; none of them is a stop.
        #expect(!events.contains { if case .stop = $0 { true } else { false } })
        #expect(said.all.count == 1)
        #expect(said.all.first?.hasSuffix("command frames were refused: they are no command") == true)
    }

    @Test func `outlives users who ask and leave`() throws {
        let (desk, endpoint) = try open()
        do {
            let gone = try user("gone", endpoint)
            _ = try gone.send([command("1", "status")])
            _ = try gather(1, from: desk.pollItem) { desk.receive(log: said.add) }
        }
        desk.answer(ticket: 1, accepted: true, message: "too late")
        let user = try user("ada", endpoint)
        _ = try user.send([command("2", "status")])
        #expect(
            try gather(1, from: desk.pollItem) { desk.receive(log: said.add) } == [.command(.status, nil, ticket: 2)])
    }

    @Test func `cannot open where its folder is not`() {
        #expect(throws: TransportError.self) {
            try CommandDesk(context, endpoint: .ipc("/nowhere/commands"), trial: Samples.id())
        }
    }
}

@Suite struct `The desk for workers` {
    private let folder = TemporaryFolder()
    private let context = ZeroMQContext()
    private let said = Said()
    private let worker = WorkerID(.model, 0)

    private func open() throws -> (WorkerDesk, Endpoint) {
        let endpoint = try Endpoint.ipc(folder.file("control"))
        return (try WorkerDesk(context, endpoint: endpoint, workers: MachineDriver.all), endpoint)
    }

    private func dealer(_ identity: String, _ endpoint: Endpoint) throws -> ZeroMQSocket {
        let socket = try ZeroMQSocket.open(
            context, .dealer, options: SocketOptions(identity: identity, lingerMilliseconds: 1000))
        try socket.connect(endpoint)
        return socket
    }

    private func report(
        _ worker: String = "model_worker/0", attempt: UInt64 = 1, _ fill: (inout WireWorkerReport) -> Void
    ) throws -> [UInt8] {
        try WireCodec.encode(
            WireWorkerReport.make { report in
                report.worker = worker
                report.attempt = attempt
                fill(&report)
            })
    }

    private func configuration() throws -> WorkerDesk.Configuration {
        let trial = HomeFolder(path: folder.path).trial(try Samples.id())
        return WorkerDesk.Configuration(
            plan: try Samples.plan(), runtime: RuntimeFolder(path: "/run/ck"), folder: trial, attempt: 3,
            clock: RunClock(originNanoseconds: -12), resumeStep: 40)
    }

    @Test func `reads what a worker says`() throws {
        let (desk, endpoint) = try open()
        let socket = try dealer("model_worker/0", endpoint)
        _ = try socket.send([report { $0.hello = WireHello() }])
        _ = try socket.send([
            report(attempt: 2) {
                $0.heartbeat.idleNs = 5
                $0.heartbeat.mfc = "actor_gen"
                $0.heartbeat.step = .max
            }
        ])
        _ = try socket.send([
            report {
                $0.state.state = "paused"
                $0.state.detail = "as asked"
                $0.state.step = 12
                $0.state.lasting = true
            }
        ])
        let events = try gather(3, from: desk.pollItem) { desk.receive(from: { _, _ in true }, log: said.add) }
        #expect(
            events == [
                .hello(worker, attempt: 1),
                .heartbeat(worker, attempt: 2, .init(idle: 5, mfc: "actor_gen", step: .max)),
                .report(worker, attempt: 1, state: .paused, detail: "as asked", step: 12, .lasting),
            ])
        #expect(said.all.isEmpty)
    }

    @Test func `keeps its workers when its socket has to be bound again`() throws {
        let (desk, endpoint) = try open()
        let socket = try dealer("model_worker/0", endpoint)
        _ = try socket.send([report { $0.hello = WireHello() }])
        _ = try gather(1, from: desk.pollItem) { desk.receive(from: { _, _ in true }, log: said.add) }
        unlink(folder.file("control"))
        #expect(try desk.bindAgain())
        #expect(desk.send(.order(.exit), to: worker) == nil)
        #expect(try Poller.wait([socket.pollItem], timeout: .seconds(120))[0])
    }

    @Test func `believes nobody who speaks for another, is unknown, or says nothing`() throws {
        let (desk, endpoint) = try open()
        let socket = try dealer("model_worker/0", endpoint), stranger = try dealer("model_worker/9", endpoint)
        _ = try stranger.send([report("model_worker/9") { $0.hello = WireHello() }])
        _ = try stranger.send([report("model_worker/1") { $0.hello = WireHello() }])
        _ = try socket.send([report("master_worker/0") { $0.hello = WireHello() }])
        _ = try socket.send([report { _ in }])
        _ = try socket.send([report { $0.state.state = "tired" }])
        _ = try socket.send([[0xff, 0xff]])
        _ = try socket.send([report { $0.hello = WireHello() }])
        let events = try gather(1, from: desk.pollItem) { desk.receive(from: { _, _ in true }, log: said.add) }
        #expect(events == [.hello(worker, attempt: 1)])
        #expect(said.all == ["warning: 1 control frames were refused: they are no report of a worker of this trial"])
    }

    @Test func `carries every order, and with configure all that a worker needs`() throws {
        let (desk, endpoint) = try open()
        let socket = try dealer("model_worker/0", endpoint)
        _ = try socket.send([report { $0.hello = WireHello() }])
        _ = try gather(1, from: desk.pollItem) { desk.receive(from: { _, _ in true }, log: said.add) }
        let messages = [.configure(try configuration())] + WorkerOrder.allCases.map(WorkerDesk.Message.order)
        for message in messages { #expect(desk.send(message, to: worker) == nil) }
        var bodies: [WireWorkerCommand.OneOf_Body] = []
        while bodies.count < messages.count, try Poller.wait([socket.pollItem], timeout: .seconds(120))[0] {
            while let frames = try socket.receive() {
                bodies += [try WireCodec.decode(WireWorkerCommand.self, from: frames[0]).body].compactMap { $0 }
            }
        }
        guard case .configure(let configure) = bodies.first else {
            Issue.record("the first order is to configure")
            return
        }
        #expect(configure.runtimeFolder == "/run/ck")
        #expect(configure.trialFolder == "\(folder.path)/trials/grpo-arith/first")
        #expect(configure.attempt == 3)
        #expect(configure.resumeStep == 40)
        #expect(configure.clockOriginNs == -12)
        #expect(try TrialPlan(configure.plan).totalSteps == 630)
        #expect(Array(bodies.dropFirst()) == WorkerOrder.allCases.map { .order($0.rawValue) })
    }

    @Test func `says why a worker could not be told`() throws {
        let (desk, _) = try open()
        #expect(desk.send(.order(.start), to: worker) == "it is not connected")
    }
}
