import Protocol
import TestSupport
import Testing

@testable import Workers

@Suite struct RedistributorTests {
    private func tracker(_ entries: [(worker: Int, ids: [String], keys: [SequenceKey])]) -> StorageTracker {
        var tracker = StorageTracker()
        for entry in entries { tracker.add(worker: entry.worker, ids: entry.ids, keys: entry.keys) }
        return tracker
    }

    @Test func `nothing is sent that is already there`() throws {
        let tracker = tracker([(0, ["a", "b"], ["x"])])
        #expect(try Redistributor.plan([.init(worker: 0, ids: ["a", "b"], keys: ["x"])], from: tracker).steps == [])
    }

    @Test func `only the missing items travel`() throws {
        let tracker = tracker([(0, ["a", "b"], ["x"]), (1, ["b"], ["x"])])
        let plan = try Redistributor.plan([.init(worker: 1, ids: ["a", "b"], keys: ["x"])], from: tracker)
        #expect(plan.steps == [.init(from: 0, to: 1, ids: ["a"], keys: ["x"])])
    }

    @Test func `keys that go the same way travel together`() throws {
        let tracker = tracker([(0, ["a", "b"], ["x", "y"])])
        let plan = try Redistributor.plan([.init(worker: 1, ids: ["b", "a"], keys: ["y", "x"])], from: tracker)
        #expect(plan.steps == [.init(from: 0, to: 1, ids: ["b", "a"], keys: ["x", "y"])])
        #expect(plan.workers == [0, 1])
    }

    @Test func `of several holders the one with less to send is asked`() throws {
        let tracker = tracker([(0, ["a", "b"], ["x"]), (1, ["a", "b"], ["x"])])
        let plan = try Redistributor.plan([.init(worker: 2, ids: ["a", "b"], keys: ["x"])], from: tracker)
        #expect(
            plan.steps == [
                .init(from: 0, to: 2, ids: ["a"], keys: ["x"]), .init(from: 1, to: 2, ids: ["b"], keys: ["x"]),
            ])
    }

    @Test func `an item that nobody holds is an error with its name`() {
        #expect(throws: WorkerError(.storage, "no worker holds key 'x' of item 'a'")) {
            try Redistributor.plan([.init(worker: 1, ids: ["a"], keys: ["x"])], from: StorageTracker())
        }
    }

    @Test func `what is on its way is not sent again, and serves nobody else`() throws {
        var tracker = tracker([(0, ["a"], ["x"])])
        tracker.expect(worker: 1, ids: ["a"], keys: ["x"])
        #expect(try Redistributor.plan([.init(worker: 1, ids: ["a"], keys: ["x"])], from: tracker).steps == [])
        let plan = try Redistributor.plan([.init(worker: 2, ids: ["a"], keys: ["x"])], from: tracker)
        #expect(plan.steps.map(\.from) == [0])
    }

    @Test func `items that left the graph are forgotten`() {
        var tracker = tracker([(0, ["a", "b"], ["x"])])
        tracker.remove(["a"])
        #expect(tracker.holders(of: "x", of: "a").isEmpty)
        #expect(tracker.count == 1)
    }

    /// Every split of up to three items over two workers: after the plan every need is met, by holders only.
    @Test func `a plan always brings what is needed from those who have it`() throws {
        for first in 0..<8 {
            for second in 0..<8 where first | second == 7 {
                let ids = ["a", "b", "c"]
                func held(_ mask: Int) -> [String] { ids.indices.filter { mask >> $0 & 1 == 1 }.map { ids[$0] } }
                let tracker = tracker([(0, held(first), ["x"]), (1, held(second), ["x"])])
                let plan = try Redistributor.plan(
                    [.init(worker: 0, ids: ids, keys: ["x"]), .init(worker: 1, ids: ids, keys: ["x"])], from: tracker)
                for step in plan.steps {
                    for id in step.ids { #expect(tracker.holders(of: "x", of: id).contains(step.from)) }
                }
                for (worker, mask) in [(0, first), (1, second)] {
                    let brought = plan.steps.filter { $0.to == worker }.flatMap(\.ids)
                    #expect((brought + held(mask)).sorted() == ids)
                }
            }
        }
    }
}

@Suite struct DataManagerTests {
    private func sample(_ id: String) throws -> SequenceSample {
        try SequenceSample(
            ids: [id],
            columns: [
                "tokens": .init(lengths: [[2, 1]], array: .int64([1 << 40, 5, 6])),
                "scores": .init(lengths: [[1]], array: .float32([0.25])),
            ])
    }

    private func hook(_ steps: [RedistributionPlan.Step]) -> DataTransfer {
        RedistributionPlan(steps: steps).transfer(id: "t")
    }

    @Test func `tensors cross from one worker to another with their element types`() throws {
        let folder = TemporaryFolder(), context = ZeroMQContext()
        let runtime = RuntimeFolder(path: folder.path)
        let sender = try DataManager(worker: 0, context: context, runtime: runtime)
        let receiver = try DataManager(worker: 1, context: context, runtime: runtime)
        let here = SampleStorage(), there = SampleStorage()
        try here.add(sample("a"))
        let hook = hook([.init(from: 0, to: 1, ids: ["a"], keys: ["scores", "tokens"])])
        try sender.send(hook, from: here)
        try receiver.receive(hook, into: there)
        #expect(try there.batch(ids: ["a"], keys: ["tokens", "scores"]) == sample("a"))
    }

    @Test func `garbage on the data plane is counted and changes nothing`() throws {
        let folder = TemporaryFolder(), context = ZeroMQContext()
        let runtime = RuntimeFolder(path: folder.path)
        let receiver = try DataManager(worker: 1, context: context, runtime: runtime)
        let noise = try ZeroMQSocket.open(context, .push)
        try noise.connect(runtime.data(1))
        for frames: [[UInt8]] in [[[]], [[0xff]], [[1, 2, 3], [4]]] { _ = try noise.send(frames) }
        let sender = try DataManager(worker: 0, context: context, runtime: runtime)
        let here = SampleStorage(), there = SampleStorage()
        try here.add(sample("a"))
        let hook = hook([.init(from: 0, to: 1, ids: ["a"], keys: ["scores", "tokens"])])
        while receiver.refusedMessages < 3 {
            try sender.send(hook, from: here)
            try receiver.receive(hook, into: there)
        }
        #expect(try there.batch(ids: ["a"], keys: ["tokens", "scores"]) == sample("a"))
        #expect(receiver.lastRefusal.contains("TensorHeader"))
    }

    @Test func `a sender that does not send is named when patience ends`() throws {
        let folder = TemporaryFolder(), context = ZeroMQContext()
        let receiver = try DataManager(
            worker: 1, context: context, runtime: RuntimeFolder(path: folder.path), patience: .milliseconds(1))
        let error = #expect(throws: WorkerError.self) {
            try receiver.receive(hook([.init(from: 3, to: 1, ids: ["a"], keys: ["x"])]), into: SampleStorage())
        }
        #expect(error?.code == .transfer)
        #expect(error?.summary.contains("model_worker/3") == true)
    }

    @Test func `data that comes before anybody waits for it is kept`() {
        var inbox = TransferInbox()
        let slots = [TransferInbox.Slot(transfer: "t", step: 0), .init(transfer: "t", step: 1)]
        #expect(inbox.missing(slots) == slots)
        if let sample = try? sample("a") { inbox.receive(sample, for: slots[1]) }
        #expect(inbox.missing(slots) == [slots[0]])
        #expect(inbox.take(slots[1])?.ids == ["a"])
        #expect(inbox.take(slots[1]) == nil)
    }
}

@Suite struct SampleStorageTests {
    @Test func `keys of an item come together from several samples`() throws {
        let storage = SampleStorage()
        try storage.add(SequenceSample(ids: ["a"], columns: ["x": .init(lengths: [[1]], array: .int32([1]))]))
        try storage.add(SequenceSample(ids: ["a"], columns: ["y": .init(lengths: [[1]], array: .int32([2]))]))
        #expect(try storage.batch(ids: ["a"], keys: ["x", "y"]).keys == ["x", "y"])
    }

    @Test func `a batch has the order it was asked in`() throws {
        let storage = SampleStorage()
        try storage.add(
            SequenceSample(ids: ["a", "b"], columns: ["x": .init(lengths: [[1], [1]], array: .int32([1, 2]))]))
        #expect(try storage.batch(ids: ["b", "a"], keys: ["x"]).columns["x"]?.array == .int32([2, 1]))
    }

    @Test func `an item that is gone is an error with its id`() throws {
        let storage = SampleStorage()
        #expect(throws: WorkerError(.storage, "item 'a' is not on this worker")) {
            try storage.batch(ids: ["a"], keys: ["x"])
        }
    }
}
