import Foundation
import Protocol
import Synchronization
import TestSupport
import Testing

@testable import Workers

/// The orchestrator's side of a whole trial: commands, reports and acknowledged telemetry, on one thread.
private struct TrialHost: ~Copyable {
    private let control: ZeroMQSocket
    private let telemetry: ZeroMQSocket
    private let commands: [WorkerID: WireWorkerCommand]
    private(set) var states: [String: [String]] = [:]
    private(set) var details: [String] = []
    private(set) var steps: Set<UInt64> = []
    private var last: [String: UInt64] = [:]

    static func open(
        _ runtime: RuntimeFolder, _ context: ZeroMQContext, configure: [WorkerID: WireWorkerCommand]
    ) throws -> TrialHost {
        let control = try ZeroMQSocket.open(context, .router), telemetry = try ZeroMQSocket.open(context, .router)
        try control.bind(runtime.control())
        try telemetry.bind(runtime.telemetry())
        return TrialHost(control: control, telemetry: telemetry, commands: configure)
    }

    private init(
        control: consuming ZeroMQSocket, telemetry: consuming ZeroMQSocket, commands: [WorkerID: WireWorkerCommand]
    ) {
        self.control = control
        self.telemetry = telemetry
        self.commands = commands
    }

    /// Serves until every worker has reported its end, or one has failed.
    mutating func serve() throws {
        while states.values.count(where: { $0.last == "completed" || $0.last == "stopped" }) < commands.count,
            details.isEmpty
        {
            let readable = try Poller.wait([control.pollItem, telemetry.pollItem], timeout: .seconds(120))
            guard readable.contains(true) else {
                Issue.record("the workers are silent: \(states)")
                return
            }
            while let frames = try control.receive() { try report(frames) }
            while let frames = try telemetry.receive() { try accept(frames) }
        }
    }

    /// Acknowledges telemetry until the workers that send it are gone.
    mutating func serveTelemetry(until areGone: () -> Bool) throws {
        while !areGone() {
            _ = try Poller.wait([telemetry.pollItem], timeout: .milliseconds(10))
            while let frames = try telemetry.receive() { try accept(frames) }
        }
    }

    private mutating func report(_ frames: [[UInt8]]) throws {
        let report = try WireCodec.decode(WireWorkerReport.self, from: frames[1])
        switch report.body {
        case .hello:
            guard let worker = WorkerID(report.worker), let command = commands[worker] else { return }
            _ = try control.send([frames[0], WireCodec.encode(command)])
        case .state(let state):
            states[report.worker, default: []].append(state.state)
            if state.state == "configured" {
                let start = WireWorkerCommand.make { $0.order = WorkerOrder.start.rawValue }
                _ = try control.send([frames[0], WireCodec.encode(start)])
            }
            if state.state == "failed" { details.append(state.detail) }
        default: break
        }
    }

    private mutating func accept(_ frames: [[UInt8]]) throws {
        let batch = try WireCodec.decode(WireTelemetryBatch.self, from: frames[1])
        let known = last[batch.source] ?? 0
        if TelemetryAcceptance.decide(seq: batch.seq, last: known) == .accept {
            last[batch.source] = batch.seq
            steps.formUnion(batch.metrics.flatMap { $0.rows.map(\.step) })
        }
        let ack = WireTelemetryAck.make {
            $0.epoch = batch.epoch
            $0.seq = last[batch.source] ?? 0
        }
        _ = try telemetry.send([frames[0], WireCodec.encode(ack)])
    }
}

@Suite struct WorkerMainTests {
    private let folder = TemporaryFolder()

    private func configure(_ plan: TrialPlan) -> [WorkerID: WireWorkerCommand] {
        let command = WireWorkerCommand.make {
            $0.configure.plan = plan.wire
            $0.configure.runtimeFolder = folder.path
            $0.configure.trialFolder = folder.path
            $0.configure.attempt = 1
            $0.configure.clockOriginNs = RunClock.bootNanoseconds()
        }
        return Dictionary(uniqueKeysWithValues: plan.workers.map { ($0, command) })
    }

    private func plan(_ rows: [String]) -> TrialPlan {
        let train = folder.file("train.jsonl", lines: rows)
        let heldOut = folder.file("held.jsonl", lines: Array(TinyTrial.rows.prefix(3)))
        return TinyTrial.plan(train: train, heldOut: heldOut, badRow: .fail)
    }

    @Test func `three workers run a trial under an orchestrator and end with status 0`() throws {
        let plan = plan(TinyTrial.rows), path = folder.path, context = ZeroMQContext()
        var host = try TrialHost.open(RuntimeFolder(path: path), context, configure: configure(plan))
        let exits = Mutex<[Int32]>([])
        try withThreads(
            plan.workers,
            { id in
                let status = WorkerMain.run(id: id, attempt: 1, runtimePath: path)
                exits.withLock { $0.append(status) }
            }
        ) { try host.serve() }
        #expect(host.states["master_worker/0"] == ["configured", "running", "completed"])
        #expect(host.states["model_worker/1"] == ["configured", "running", "completed"])
        #expect(host.steps == [0, 1, 2, 3, 4, 5])
        #expect(exits.withLock { $0 } == [0, 0, 0])
    }

    @Test func `the master reports the first failure with the worker and the line at fault`() throws {
        let plan = plan(TinyTrial.rows + ["{"]), path = folder.path, context = ZeroMQContext()
        var host = try TrialHost.open(RuntimeFolder(path: path), context, configure: configure(plan))
        let statuses = Mutex<[WorkerID: Int32]>([:])
        try withThreads(
            plan.workers,
            { id in
                let status = WorkerMain.run(id: id, attempt: 1, runtimePath: path)
                statuses.withLock { $0[id] = status }
            }
        ) {
            try host.serve()
            try dismissModelWorkers(of: plan, context)
            try host.serveTelemetry(until: { statuses.withLock { $0.count } == plan.workers.count })
        }
        #expect(statuses.withLock { $0[.master] } == 1)
        #expect(host.details.first?.hasPrefix("model_worker/0 failed in spec: ") == true)
        #expect(host.details.first?.contains("train.jsonl:9") == true)
        #expect(host.states["master_worker/0"]?.last == "failed")
    }

    /// Model workers outlive a failed master until somebody ends them; here the test does, in its place.
    private func dismissModelWorkers(of plan: TrialPlan, _ context: ZeroMQContext) throws {
        let runtime = RuntimeFolder(path: folder.path)
        for index in plan.modelWorkers.indices {
            let socket = try ZeroMQSocket.open(context, .push, options: SocketOptions(lingerMilliseconds: 5000))
            try socket.bind(runtime.masterSend(to: index))
            let reset = WireRequest.make { $0.handleName = RequestHandle.reset.rawValue }
            while case .full = try socket.send([WireCodec.encode(reset)]) {
                _ = try Poller.wait([], timeout: .milliseconds(2))
            }
        }
    }

    @Test func `a runtime folder that others may enter is refused`() throws {
        let open = folder.file("open")
        try FileManager.default.createDirectory(
            atPath: open, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o777])
        #expect(chmod(open, 0o777) == 0)
        #expect(WorkerMain.run(id: .master, attempt: 1, runtimePath: open) == 1)
    }

    /// Runs `body` on a thread for each item while `meanwhile` runs here, and waits for all.
    private func withThreads<Item: Sendable>(
        _ items: [Item], _ body: @escaping @Sendable (Item) -> Void, meanwhile: () throws -> Void
    ) throws {
        let threads = try items.map { item in try OwnThread(name: "test") { body(item) } }
        defer { for thread in threads { thread.join() } }
        try meanwhile()
    }
}
