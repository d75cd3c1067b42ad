import Protocol
import TestSupport
import Testing

@testable import Workers

@Suite struct `The data plane among several workers` {
    private let folder = TemporaryFolder()
    private let context = ZeroMQContext()

    private func manager(_ worker: Int, patience: Duration = .seconds(120)) throws -> DataManager {
        try DataManager(
            worker: worker, context: context, runtime: RuntimeFolder(path: folder.path), patience: patience)
    }

    private func item(_ id: String, _ value: Int32, key: SequenceKey = "x") throws -> SequenceSample {
        try SequenceSample(ids: [id], columns: [key: .init(lengths: [[2]], array: .int32([value, -value]))])
    }

    private func hook(_ steps: [RedistributionPlan.Step], transfer: String = "t") -> DataTransfer {
        RedistributionPlan(steps: steps).transfer(id: transfer)
    }

    @Test func `everybody gets what it needs from everybody, each key once`() throws {
        let workers = 4, managers = try (0..<workers).map { try manager($0) }
        let storages = (0..<workers).map { _ in SampleStorage() }
        var tracker = StorageTracker()
        for worker in 0..<workers {
            try storages[worker].add(item("i\(worker)", Int32(worker + 1)))
            tracker.add(worker: worker, ids: ["i\(worker)"], keys: ["x"])
        }
        let ids = (0..<workers).map { "i\($0)" }
        let needs = (0..<workers).map { Redistributor.Need(worker: $0, ids: ids, keys: ["x"]) }
        let transfer = try Redistributor.plan(needs, from: tracker).transfer(id: "all")
        #expect(transfer.plan.steps.count == workers * (workers - 1))
        for (manager, storage) in zip(managers, storages) { try manager.send(transfer, from: storage) }
        for (manager, storage) in zip(managers, storages) { try manager.receive(transfer, into: storage) }
        for storage in storages {
            let array = try storage.batch(ids: ids, keys: ["x"]).columns["x"]?.array
            #expect(array == .int32([1, -1, 2, -2, 3, -3, 4, -4]))
        }
    }

    @Test func `transfers that arrive in another order than they are awaited are kept apart`() throws {
        let sender = try manager(0), receiver = try manager(1), here = SampleStorage(), there = SampleStorage()
        for number in 1...5 { try here.add(item("i\(number)", Int32(number))) }
        let hooks = (1...5).map { hook([.init(from: 0, to: 1, ids: ["i\($0)"], keys: ["x"])], transfer: "t\($0)") }
        for hook in hooks { try sender.send(hook, from: here) }
        for hook in hooks.reversed() { try receiver.receive(hook, into: there) }
        #expect(there.count == 5)
        #expect(try there.batch(ids: ["i4"], keys: ["x"]) == item("i4", 4))
    }

    @Test func `a step of others and a step to oneself are nobody's wait`() throws {
        let alone = try manager(0, patience: .zero), storage = SampleStorage()
        let hook = hook([
            .init(from: 1, to: 2, ids: ["a"], keys: ["x"]), .init(from: 0, to: 0, ids: ["b"], keys: ["x"]),
        ])
        try alone.send(hook, from: storage)
        try alone.receive(hook, into: storage)
        #expect(storage.count == 0)
    }

    @Test func `what one shall send and does not hold is an error that names the item or the key`() throws {
        let sender = try manager(0), storage = SampleStorage()
        #expect(throws: WorkerError(.storage, "item 'a' is not on this worker")) {
            try sender.send(hook([.init(from: 0, to: 1, ids: ["a"], keys: ["x"])]), from: storage)
        }
        try storage.add(item("a", 1))
        let error = #expect(throws: SequenceError.self) {
            try sender.send(hook([.init(from: 0, to: 1, ids: ["a"], keys: ["y"])]), from: storage)
        }
        #expect(error?.summary == "the sample has no key 'y' (it has x)")
    }

    @Test func `every peer that is missing is named once, in order, and those that came are not`() throws {
        let sender = try manager(2), receiver = try manager(1, patience: .milliseconds(200)), here = SampleStorage()
        try here.add(item("a", 1))
        let hook = hook(
            [5, 2, 4, 5].enumerated().map { .init(from: $1, to: 1, ids: ["a"], keys: [SequenceKey("x")]) })
        try sender.send(hook, from: here)
        let error = #expect(throws: WorkerError.self) { try receiver.receive(hook, into: SampleStorage()) }
        #expect(error?.summary == "no data from model_worker/4, model_worker/5 for transfer t within 0.2 seconds")
    }
}

@Suite struct `Hostile bytes on the data plane` {
    private let folder = TemporaryFolder()
    private let context = ZeroMQContext()
    private let hook = RedistributionPlan(steps: [.init(from: 0, to: 1, ids: ["a"], keys: ["x", "y"])])
        .transfer(id: "t")

    private var sample: SequenceSample {
        get throws {
            try SequenceSample(
                ids: ["a"],
                columns: [
                    "x": .init(lengths: [[2, 1]], array: .int64([1 << 40, 5, -6])),
                    "y": .init(lengths: [[1]], array: .float32([0.25])),
                ])
        }
    }

    /// The frames of the honest message.
    private func honest() throws -> [[UInt8]] {
        let sample = try sample
        let header = WireTensorHeader.make {
            $0.transferID = "t"
            $0.sample = WireSampleMetadata(sample)
        }
        return [try WireCodec.encode(header)] + ["x", "y"].map { sample.columns[$0]?.array?.littleEndianBytes ?? [] }
    }

    /// Sends `messages`, then the honest one; what the receiver has then, and how many it refused.
    private func deliver(_ messages: [[[UInt8]]]) throws -> (SampleStorage, refused: Int) {
        let runtime = RuntimeFolder(path: folder.path), storage = SampleStorage()
        let receiver = try DataManager(worker: 1, context: context, runtime: runtime)
        let peer = try ZeroMQSocket.open(context, .push, options: SocketOptions(lingerMilliseconds: 1000))
        try peer.connect(runtime.data(1))
        for message in messages + [try honest()] { _ = try peer.send(message) }
        try receiver.receive(hook, into: storage)
        return (storage, receiver.refusedMessages)
    }

    @Test func `a header cut off anywhere is refused, and the honest message behind it arrives`() throws {
        let honest = try honest()
        let cut = honest[0].indices.dropFirst().map { [Array(honest[0][..<$0])] + honest.dropFirst() }
        let (storage, refused) = try deliver(cut)
        #expect(refused == cut.count)
        #expect(try storage.batch(ids: ["a"], keys: ["x", "y"]) == sample)
    }

    @Test func `a tensor cut off anywhere, and one frame more or fewer, is refused`() throws {
        let honest = try honest()
        var messages = honest[1].indices.map { [honest[0], Array(honest[1][..<$0]), honest[2]] }
        messages += [Array(honest.dropLast()), honest + [[]], [honest[0]], [[]], [honest[0], honest[2], honest[1]]]
        let (storage, refused) = try deliver(messages)
        #expect(refused == messages.count)
        #expect(try storage.batch(ids: ["a"], keys: ["x", "y"]) == sample)
    }

    @Test func `no flipped byte of a header brings the worker down`() throws {
        let honest = try honest()
        let flipped = honest[0].indices.map { index in
            var header = honest[0]
            header[index] ^= 0xff
            return [header] + honest.dropFirst()
        }
        // Some of them are another transfer's, or another item's, and lie there until somebody asks.
        let (storage, refused) = try deliver(flipped)
        #expect(refused > flipped.count / 2)
        #expect(storage.count >= 1)
    }

    @Test func `random frames are refused, however many come`() throws {
        var generator = SplitMix(seed: 3)
        let noise = (0..<300).map { _ in
            (0..<Int.random(in: 1...4, using: &generator)).map { _ in
                (0..<Int.random(in: 0...60, using: &generator)).map { _ in UInt8.random(in: 0...255, using: &generator)
                }
            }
        }
        let (storage, refused) = try deliver(noise)
        #expect(refused == 300)
        #expect(try storage.batch(ids: ["a"], keys: ["x", "y"]) == sample)
    }

    @Test func `refusals are said beside the worker that is missing`() throws {
        let runtime = RuntimeFolder(path: folder.path)
        let receiver = try DataManager(worker: 1, context: context, runtime: runtime, patience: .milliseconds(300))
        let peer = try ZeroMQSocket.open(context, .push, options: SocketOptions(lingerMilliseconds: 1000))
        try peer.connect(runtime.data(1))
        _ = try peer.send([[0xff]])
        let error = #expect(throws: WorkerError.self) { try receiver.receive(hook, into: SampleStorage()) }
        #expect(error?.summary.contains("; 1 messages were refused, the last: ") == true)
    }
}
