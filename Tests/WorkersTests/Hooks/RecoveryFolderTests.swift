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

    private func save(_ step: UInt64, recoverOnly: Bool = true) -> WireReply {
        var request = fixture.request(.save, handler: "\(ModelShardID(ModelName(.actor)))", step: step)
        request.postHooks = [
            filled(WireHookRequest()) {
                $0.kind = HookKind.save.rawValue
                $0.save.folder = folder
                $0.save.role = "actor"
                $0.save.step = step
                $0.save.recoverOnly = recoverOnly
            }
        ]
        return fixture.run([request])[0]
    }

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
        #expect(reply.error.contains("step-4"))
        #expect(reply.saved.isEmpty)
        #expect(try String(contentsOfFile: "\(folder)/step-4", encoding: .utf8) == "mine")
    }

    @Test func `a folder that cannot be made is an error, and the training goes on`() throws {
        fixture.folder.write("a file", to: "checkpoints")
        #expect(save(1).error.hasPrefix("Cannot "))
        let ids = try fixture.fetch()
        #expect(fixture.run([fixture.request(.trainStep, mfc: "sft_train", ids: ids)]).map(\.error) == [""])
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
    private func hook(_ kind: String) -> WireHookRequest { filled(WireHookRequest()) { $0.kind = kind } }

    @Test(arguments: ["", "Save", "param_realloc"]) func `of an unknown kind are refused by name`(kind: String) {
        let error = #expect(throws: WorkerError.self) { try Hooks.find(kind) }
        #expect(error?.summary.hasPrefix("unknown hook '\(kind)'.") == true)
    }

    @Test func `that fail after the main part leave its statistics out of nobody's sight`() throws {
        let fixture = try ExecutorFixture()
        try fixture.open()
        var request = fixture.request(.trainStep, mfc: "sft_train", ids: try fixture.fetch())
        request.postHooks = [hook("evaluate"), hook("save")]
        request.postHooks[1].save.role = "nobody"
        let reply = fixture.run([request])[0]
        #expect(reply.error == "role 'nobody' is not on this worker")
        #expect(reply.statistics.map(\.name).contains("eval/accuracy"))
        #expect(reply.times.map(\.name) == ["main", "post-evaluate"])
    }

    @Test func `each have their own span and time, in the order they were given`() throws {
        let fixture = try ExecutorFixture()
        try fixture.open()
        var request = fixture.request(.trainStep, mfc: "sft_train", ids: try fixture.fetch())
        request.preHooks = [hook("data_transfer")]
        request.postHooks = [hook("evaluate"), hook("evaluate")]
        let reply = fixture.run([request])[0]
        let phases = ["pre-data_transfer", "main", "post-evaluate", "post-evaluate"]
        #expect(reply.error == "")
        #expect(reply.times.map(\.name) == phases)
        #expect(fixture.spans.suffix(4).map(\.phase) == phases)
    }

    @Test func `a failed pre-hook keeps its request from running`() throws {
        let fixture = try ExecutorFixture()
        try fixture.open()
        var request = fixture.request(.trainStep, mfc: "sft_train", ids: try fixture.fetch(), step: 9)
        request.preHooks = [hook("no_such")]
        #expect(fixture.run([request])[0].times.isEmpty)
        #expect(try fixture.executor.model(forRole: "actor", setup: 0).weightVersion == 0)
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
        var request = fixture.request(.empty)
        request.preHooks = [
            RedistributionPlan(steps: [.init(from: 1, to: 0, ids: ["a"], keys: [])]).hook(transferID: "t")
        ]
        var replies: [WireReply] = []
        executor.run(.init(arrival: [request], execution: [request])) { replies.append($0) }
        #expect(replies.map(\.error) == [""])
        let warnings = queue.drain().compactMap { if case .log(let log) = $0 { log } else { nil } }
        #expect(warnings.map(\.level) == ["warning"])
        #expect(warnings.first?.message.hasPrefix("3 messages on the data plane were refused; the last: ") == true)
    }
}
