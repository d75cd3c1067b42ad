import Compute
import Foundation
import Logging
import Protocol
import TestSupport
import Testing

@testable import Workers

/// The checkpoints of a role on disk, as saving and removing them leaves them at any moment.
@Suite struct `The recovery checkpoints on disk` {
    private let fixture: ExecutorFixture
    private let files = FileManager.default

    init() throws {
        fixture = try ExecutorFixture()
        try fixture.open()
    }

    private var folder: String { fixture.folder.file("checkpoints/actor") }
    private var names: [String] { ((try? files.contentsOfDirectory(atPath: folder)) ?? []).sorted() }

    private func save(_ step: UInt64) -> Reply { fixture.run([fixture.save(step: step)])[0] }

    /// The steps whose checkpoint agrees with its manifest, newest first.
    private func steps() -> [Int] {
        let steps = names.compactMap { $0.hasPrefix("step-") ? Int($0.dropFirst(5)) : nil }
        return steps.filter { (try? Checkpoint.open("\(folder)/step-\($0)")) != nil }.sorted(by: >)
    }

    @Test func `saving a step again replaces it and removes no other`() {
        for step: UInt64 in [1, 2, 2, 2] { _ = save(step) }
        #expect(steps() == [2, 1])
        #expect(names == ["step-1", "step-2"])
    }

    @Test func `a file in the place of a checkpoint's folder is an error with its name, and stays`() throws {
        try files.createDirectory(atPath: folder, withIntermediateDirectories: true)
        fixture.folder.write("mine", to: "checkpoints/actor/step-4")
        let reply = save(4)
        #expect(reply.failure?.contains("step-4") == true)
        #expect(reply.saved.isEmpty)
        #expect(try String(contentsOfFile: "\(folder)/step-4", encoding: .utf8) == "mine")
    }

    @Test func `a folder that cannot be made is an error, and the training goes on`() throws {
        fixture.folder.write("a file", to: "checkpoints")
        #expect(save(1).failure?.hasPrefix("Cannot ") == true)
        let ids = try fixture.fetch()
        #expect(fixture.run([fixture.call(ids: ids)])[0].failure == nil)
    }

    @Test func `the size that is reported is that of the files`() throws {
        let saved = try #require(save(3).saved.first)
        let sizes = try files.contentsOfDirectory(atPath: saved.path).map {
            try #require(try files.attributesOfItem(atPath: "\(saved.path)/\($0)")[.size] as? Int)
        }
        #expect(Int(saved.bytes) == sizes.reduce(0, +))
        #expect(CheckpointOnDisk.bytes(of: "\(folder)/none") == 0)
    }
}

@Suite struct `Hooks of a request` {
    /// One of each kind, with nothing left at what an empty message would mean.
    private static let samples: [any RequestHook] = [
        DataTransferHook(
            RedistributionPlan(steps: [.init(from: 2, to: 1, ids: ["a", "b"], keys: ["x", "y"])]).transfer(id: "1-7")),
        SaveHook(role: ModelRole("critic"), folder: "/c/critic", step: 9),
    ]

    @Test func `every kind comes back from the wire as it went`() throws {
        #expect(Self.samples.map { type(of: $0).kind.rawValue } == Hooks.names)
        for hook in Self.samples {
            let frame = try WireCodec.encode(WireRequest.make { $0.preHooks = [hook.wire] })
            let wire = try WireCodec.decode(WireRequest.self, from: frame).preHooks[0], read = try Hooks.read(wire)
            #expect(type(of: read) == type(of: hook))
            // The description of a value holds all of its parts.
            #expect("\(read)" == "\(hook)")
            #expect(read.wire == hook.wire)
            #expect(hook.wire != filled(WireHookRequest()) { $0.kind = type(of: hook).kind.rawValue })
        }
    }

    @Test(arguments: ["", "Save", "param_realloc"]) func `of an unknown kind are refused by name`(kind: String) {
        let error = #expect(throws: WorkerError.self) { try Hooks.read(filled(WireHookRequest()) { $0.kind = kind }) }
        #expect(error?.summary.hasPrefix("unknown hook '\(kind)'.") == true)
    }

    private var nobody: SaveHook { SaveHook(role: ModelRole("nobody"), folder: "/none", step: 1) }
    private var nothing: DataTransferHook { DataTransferHook(RedistributionPlan(steps: []).transfer(id: "t")) }

    @Test func `that fail after the main part fail the request, and its times are known`() throws {
        let fixture = try ExecutorFixture()
        try fixture.open()
        let reply = fixture.run([fixture.call(ids: try fixture.fetch(), postHooks: [nothing, nobody])])[0]
        #expect(reply.failure == "role 'nobody' is not on this worker")
        #expect(reply.times.map(\.phase) == ["main", "post-data_transfer"])
    }

    @Test func `each have their own span and time, in the order they were given`() throws {
        let fixture = try ExecutorFixture()
        try fixture.open()
        let save = SaveHook(role: .actor, folder: fixture.folder.file("c"), step: 1)
        let reply = fixture.run([
            fixture.call(ids: try fixture.fetch(), preHooks: [nothing], postHooks: [save, nothing])
        ])[0]
        let phases = ["pre-data_transfer", "main", "post-save", "post-data_transfer"]
        #expect(reply.failure == nil)
        #expect(reply.times.map(\.phase) == phases)
        #expect(fixture.spans.suffix(4).map(\.phase) == phases)
    }

    @Test func `a failed pre-hook keeps its request from running`() throws {
        let fixture = try ExecutorFixture()
        try fixture.open()
        let reply = fixture.run([fixture.call(ids: try fixture.fetch(), preHooks: [nobody])])[0]
        #expect(reply.times.isEmpty)
        #expect(try fixture.executor.model(of: .actor).weightVersion == 0)
    }

    @Test func `messages refused on the data plane are told in the log, once each wait`() throws {
        let fixture = try ExecutorFixture(), context = ZeroMQContext()
        let runtime = RuntimeFolder(path: fixture.folder.path), clock = RunClock.startingNow()
        let queue = try TelemetryQueue()
        let executor = try ModelExecutor(
            plan: fixture.plan, worker: 0, resumeStep: 0,
            dataManager: try DataManager(worker: 0, context: context, runtime: runtime),
            spans: SpanRecorder(queue: queue, clock: clock),
            logger: .init(label: "x", factory: { _ in WorkerLogHandler(queue: queue, clock: clock, write: { _ in }) }),
            progress: WorkerProgress(), clock: clock)
        let peer = try ZeroMQSocket.open(context, .push, options: SocketOptions(lingerMilliseconds: 1000))
        try peer.connect(runtime.data(0))
        for _ in 0..<3 { _ = try peer.send([[0xff, 0x00]]) }
        let header = WireTensorHeader.make {
            $0.transferID = "t"
            $0.sample.ids = ["a"]
        }
        _ = try peer.send([WireCodec.encode(header)])
        let plan = RedistributionPlan(steps: [.init(from: 1, to: 0, ids: ["a"], keys: [])])
        let hook = DataTransferHook(plan.transfer(id: "t"))
        let request = fixture.request(.side("sft_train", preHooks: [hook]))
        var replies: [Reply] = []
        executor.run(.init(arrival: [request], execution: [request])) { replies.append($0) }
        #expect(replies.map(\.failure) == [nil])
        let warnings = queue.drain().compactMap { if case .log(let log) = $0 { log } else { nil } }
        #expect(warnings.map(\.level) == ["warning"])
        #expect(warnings.first?.message.hasPrefix("3 messages on the data plane were refused; the last: ") == true)
    }
}
