import Compute
import Foundation
import Protocol
import Synchronization
import TestSupport
import Testing

@testable import Workers

@Suite struct `The newest whole step of a worker` {
    private let fixture: ExecutorFixture
    private var steps: WholeSteps { fixture.executor.wholeSteps }
    private var folder: String { fixture.folder.file("checkpoints/actor") }

    init() throws {
        fixture = try ExecutorFixture()
        try fixture.open()
        steps.setCheckpoints(fixture.folder.file("checkpoints"))
    }

    private func train(_ ids: [String], step: UInt64) {
        #expect(fixture.run([fixture.call(ids: ids, step: step)])[0].failure == nil)
    }

    private func bytes(_ step: Int) throws -> [Data] {
        try ["model.safetensors", "optimizer.safetensors", "state.json"].map {
            try Data(contentsOf: URL(filePath: "\(folder)/step-\(step)/\($0)"))
        }
    }

    @Test func `is saved from another thread as the worker itself would have saved it`() throws {
        train(try fixture.fetch(), step: 1)
        try steps.saveInBackground()
        steps.join()
        let saved = try bytes(1)
        try FileManager.default.removeItem(atPath: "\(folder)/step-1")
        _ = try fixture.executor.model(of: .actor).save(to: folder, step: 1)
        #expect(try bytes(1) == saved)
    }

    @Test func `is nothing before the first step`() {
        #expect(steps.save() == .saved(step: 0))
    }

    @Test func `is left as it is where it is on the disk already`() throws {
        train(try fixture.fetch(), step: 1)
        #expect(steps.save() == .saved(step: 1))
        let before = try bytes(1)
        #expect(steps.save() == .saved(step: 1))
        #expect(try bytes(1) == before)
    }

    @Test func `is there for nobody while the weights change, and is saved when the step is done`() throws {
        let ids = try fixture.fetch()
        train(ids, step: 1)
        steps.changes(.actor)
        #expect(steps.save() == nil)
        #expect(!CheckpointOnDisk.isWhole("\(folder)/step-1"))
        train(ids, step: 2)
        #expect(CheckpointOnDisk.isWhole("\(folder)/step-2"))
    }

    @Test func `that cannot be saved is told with its reason`() throws {
        train(try fixture.fetch(), step: 1)
        fixture.folder.write("a file", to: "checkpoints")
        guard case .failed(let reason)? = steps.save() else {
            Issue.record("it said that it had saved")
            return
        }
        #expect(reason.hasPrefix("Cannot "))
    }
}

@Suite struct `The work of a process` {
    private static let second: Int64 = 1_000_000_000

    @Test(
        arguments: [
            // Processor time and bytes in half a second; whether it is more than heartbeats make.
            (0, 0, false), (20_000_000, 0, false), (26_000_000, 0, true), (0, 65_536, false), (0, 65_537, true),
        ] as [(Int64, Int64, Bool)])
    func `is more than its heartbeats make`(processor: Int64, bytes: Int64, isWork: Bool) {
        let before = ProcessWork(processor: 5, bytes: 7)
        let now = ProcessWork(processor: 5 + processor, bytes: 7 + bytes)
        #expect(now.isMore(than: before, after: Self.second / 2) == isWork)
    }

    @Test func `keeps a worker from being quiet although its main loop says nothing`() {
        let progress = WorkerProgress(now: 0)
        var work = ProcessWork()
        for beat in Int64(1)...20 {
            work.processor += Self.second / 2
            #expect(progress.heartbeat(now: beat * Self.second / 2, work: work).quietNs == 0)
        }
        #expect(progress.heartbeat(now: 13 * Self.second, work: work).quietNs == 3 * Self.second)
        progress.moved(now: 14 * Self.second)
        #expect(progress.heartbeat(now: 14 * Self.second, work: work).quietNs == 0)
    }

    @Test func `of this process can be counted`() {
        let before = ProcessWork.now()
        #expect(before.processor > 0)
        #expect(before.bytes >= 0)
    }
}
