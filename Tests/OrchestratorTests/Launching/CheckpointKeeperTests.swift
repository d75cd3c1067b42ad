import Foundation
import Glibc
import Protocol
import Store
import TestSupport
import Testing

@testable import Orchestrator

/// SFT of steps 1 to 10, then GRPO of steps 11 to 30.
private func plan() throws -> TrialPlan {
    var plan = try Samples.plan("grpo-arith")
    plan.setups[0].steps = 10
    plan.setups[1].steps = 20
    return plan
}

@Suite struct `Checkpoints that newer ones have made useless` {
    @Test(
        arguments: [
            // Saved, recorded, gone. Nothing goes before two newer ones can be gone on from.
            ([2, 4, 6], 0, []), ([2, 4, 6], 5, []), ([2, 4, 6], 6, [2]), ([2, 4, 6], 600, [2]),
            // Those the store does not know yet do not count, however many they are.
            ([2, 12, 14, 16, 18], 13, []), ([2, 12, 14, 16, 18], 15, [2]), ([2, 12, 14, 16, 18], 18, [2, 12, 14]),
            // What the last step of a setup left stays.
            ([8, 10, 12, 14], 14, [8]), ([8, 10, 25, 30], 30, [8]), ([], 9, []), ([7], 9, []),
        ] as [([Int], Int, [Int])])
    func `go when the store has the step of the newer ones, and not before`(
        saved: [Int], recorded: Int, gone: [Int]
    ) throws {
        let doomed = CheckpointKeeper.superseded(try plan(), recorded: recorded, saved: [.actor: Set(saved)])
        #expect(doomed[.actor] ?? [] == gone)
    }
}

@Suite struct `The keeper of checkpoints` {
    private let temporary = TemporaryFolder()
    private let files = FileManager.default
    private let folder: TrialFolder

    init() throws { folder = HomeFolder(path: temporary.path).trial(try Samples.id("grpo-arith", "a")) }

    private var place: String { folder.checkpoints(of: .actor) }
    private var names: [String] { ((try? files.contentsOfDirectory(atPath: place)) ?? []).sorted() }

    private func make(_ names: String...) throws {
        for name in names {
            try FolderFiles.makeFolder("\(place)/\(name)")
            try FolderFiles.replace("\(place)/\(name)/manifest.json", with: Array("{}".utf8))
        }
    }

    @Test func `removes those of an orchestrator before it too`() throws {
        try make("step-2", "step-4", "step-6", "step-8")
        var keeper = CheckpointKeeper(plan: try plan(), folder: folder)
        keeper.prune(recorded: 0, now: 0)
        #expect(names == ["step-2", "step-4", "step-6", "step-8"])
        keeper.prune(recorded: 7, now: 2_000_000_000)
        #expect(names == ["step-4", "step-6", "step-8"])
        keeper.prune(recorded: 8, now: 2_500_000_000)
        #expect(names == ["step-4", "step-6", "step-8"], "it looks once a second")
        keeper.prune(recorded: 8, now: 3_000_000_000)
        #expect(names == ["step-6", "step-8"])
    }

    @Test func `leaves at the end what is kept and nothing else, also what was saved since it looked last`() throws {
        try make("step-2", "step-4")
        var keeper = CheckpointKeeper(plan: try plan(), folder: folder)
        keeper.prune(recorded: 8, now: 0)
        try make("step-6", "step-8", ".step-9.partial")
        keeper.prune(recorded: 8, now: 1)
        #expect(names == [".step-9.partial", "step-2", "step-4", "step-6", "step-8"])
        keeper.settle(recorded: 8)
        #expect(names == ["step-6", "step-8"])
    }

    @Test func `sweeps away what killed processes left, and nothing else`() throws {
        try make("step-4", ".step-6.partial", ".step-2.removed", "step-4.replaced", "step-8.replaced", "step-3.invalid")
        try make("mine")
        CheckpointKeeper(plan: try plan(), folder: folder).sweep()
        // The only checkpoint of step 8 had stepped aside for one that never came.
        #expect(names == ["mine", "step-3.invalid", "step-4", "step-8"])
    }

    @Test func `removes a checkpoint whole, also where an earlier removal was killed half way`() throws {
        try make("step-10", ".step-10.removed")
        CheckpointKeeper.remove(CheckpointPath(folder: place, step: 10))
        #expect(names == [])
        CheckpointKeeper.remove(CheckpointPath(folder: place, step: 10))
        #expect(names == [])
    }
}

@Suite struct `Where a trial that is asked to resume goes on` {
    private let temporary = TemporaryFolder()
    private let folder: TrialFolder

    init() throws {
        folder = HomeFolder(path: temporary.path).trial(try Samples.id("grpo-arith", "a"))
        for step in [4, 12] {
            let path = "\(folder.checkpoints(of: .actor))/step-\(step)"
            try FolderFiles.makeFolder(path)
            try FolderFiles.replace("\(path)/manifest.json", with: Array("{}".utf8))
        }
    }

    private func chosen(recorded: Int, asked: Int? = nil) throws -> Int {
        try ResumePoint.chosen(for: plan(), recorded: recorded, asked: asked, in: folder)
    }

    @Test func `is the newest that store and disk agree on`() throws {
        #expect(try chosen(recorded: 11) == 4)
        #expect(try chosen(recorded: 12) == 12)
    }

    @Test func `is a person's choice where they agree on none`() throws {
        let error = #expect(throws: LaunchError.self) { try chosen(recorded: 3) }
        #expect(error?.summary == "no checkpoint of grpo-arith/a fits what its store holds")
        #expect(error?.detail == "The store ends with step 3; there are checkpoints of steps 4, 12.")
        #expect(error?.hint?.contains("--recover-mode resume --resume-from 12; or begin anew") == true)
        #expect(try chosen(recorded: 3, asked: 12) == 12)
        #expect(try chosen(recorded: 3, asked: 0) == 0)
    }

    @Test func `is no step without a checkpoint`() throws {
        let error = #expect(throws: LaunchError.self) { try chosen(recorded: 12, asked: 9) }
        #expect(error?.summary == "grpo-arith/a has no checkpoint of step 9")
        #expect(error?.detail == "It has checkpoints of steps 4, 12.")
    }

    @Test func `is a person's choice where all that was saved is gone`() throws {
        let header = RunHeader(
            id: folder.id, startedWall: 5, seed: 1, totalSteps: 12, settings: [:], workers: [], lanes: [])
        let writer = try RunWriter.create(folder, header: header)
        var saved = WireCheckpointRecord()
        saved.step = 12
        saved.role = "actor"
        saved.path = "\(folder.checkpoints(of: .actor))/step-12"
        try writer.append(local: LocalRecords(checkpoints: [saved]))
        try writer.close()
        for step in [4, 12] { unlink("\(folder.checkpoints(of: .actor))/step-\(step)/manifest.json") }
        let error = #expect(throws: LaunchError.self) { try chosen(recorded: 12) }
        #expect(error?.summary == "no checkpoint of grpo-arith/a is there any more")
        #expect(error?.detail.hasPrefix("Checkpoints of steps 12 were saved") == true)
        #expect(try chosen(recorded: 12, asked: 0) == 0)
    }

    @Test func `is the beginning where nothing was ever saved`() throws {
        try FileManager.default.removeItem(atPath: folder.checkpoints)
        #expect(try chosen(recorded: 3) == 0)
    }
}

@Suite struct `The time of a run that is resumed` {
    private static let year: Int64 = 31_536_000_000_000_000
    private static let started: Int64 = 1_780_000_000_000_000_000

    @Test(
        arguments: [
            // Started, wall clock now, last stored, expected. An hour has passed.
            (started, started + 3_600, 100, 3_600),
            // The clock was put back: time goes on from what is stored.
            (started, started - 5, 100, 100), (started, started + 50, 100, 100),
            // It was not set when the run began, or is not now.
            (0, started, 100, 100), (started, 0, 100, 100), (started, started + 11 * year, 100, 100),
            (.min, .max, 7, 7),
        ] as [(Int64, Int64, Int64, Int64)])
    func `goes on after what is stored, as far as the wall clock can be believed`(
        started: Int64, wall: Int64, stored: Int64, expected: Int64
    ) {
        #expect(ResumedTime.age(startedWall: started, wall: wall, lastStored: stored) == expected)
    }
}
