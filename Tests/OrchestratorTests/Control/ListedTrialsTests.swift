import Foundation
import Glibc
import Protocol
import Store
import TestSupport
import Testing

@testable import Orchestrator

/// What a person sees of trials whose files are not as they should be.
@Suite struct `Trials in a damaged home` {
    private let folder = TemporaryFolder()
    private var home: HomeFolder { HomeFolder(path: folder.path) }

    /// A closed run without its `run.json`, as an archive or a copy has it.
    private func archive(_ name: String, _ status: TrialStatus, detail: String = "") throws -> TrialFolder {
        let trial = home.trial(try Samples.id("sft", name))
        let header = RunHeader(
            id: trial.id, startedWall: 5, seed: 1, totalSteps: 12, settings: [:], workers: ["master_worker/0"],
            lanes: [])
        let writer = try RunWriter.create(trial, header: header)
        try writer.beginAttempt(3, resumeStep: 0, time: 1, reason: "started")
        let change = WorkerChange(worker: .master, state: .completed, pid: 9, restarts: 2)
        try writer.append(local: LocalRecords(states: [WireWorkerStateRecord(change, time: 2)]))
        try writer.setStatus(status, detail: detail, time: 3, orchestrator: nil)
        try writer.close()
        return trial
    }

    @Test(arguments: [
        (TrialStatus.completed, TrialStatus.completed), (.failed, .failed), (.stopped, .stopped), (.running, .lost),
        (.starting, .lost),
    ])
    func `without run.json are what their runs say`(stored: TrialStatus, shown: TrialStatus) throws {
        _ = try archive("a", stored, detail: "why")
        let overview = try TrialList.one(Samples.id("sft", "a"), home: home)
        #expect(overview.status == shown)
        #expect(overview.statusDetail == "why")
        #expect(overview.attempt == 3)
        #expect(overview.orchestratorPID == nil)
        #expect(overview.totalSteps == 12)
        #expect(overview.workers == [.init(id: "master_worker/0", pid: 0, state: .completed, restarts: 2)])
    }

    @Test func `that run are not lost while their run.json is missing`() throws {
        let trial = try archive("a", .running)
        let lock = try TrialLock.take(trial)
        #expect(try TrialList.one(trial.id, home: home).status == .running)
        withExtendedLifetime(lock) {}
    }

    @Test func `with a run.json that is garbage are what their runs say`() throws {
        let trial = try archive("a", .completed)
        try FolderFiles.replace(trial.runFile, with: Array("garbage".utf8))
        #expect(try TrialList.one(trial.id, home: home).status == .completed)
        #expect(TrialList.all(home: home).map(\.status) == [.completed])
    }

    @Test func `that have neither are left out, and hide no other`() throws {
        _ = try archive("good", .completed)
        let bad = home.trial(try Samples.id("sft", "bad"))
        try FolderFiles.makeFolder(bad.path)
        try FolderFiles.replace(bad.database, with: Array("garbage".utf8))
        try FolderFiles.makeFolder("\(home.trials)/sft/a_b")
        try FolderFiles.makeFolder("\(home.trials)/.hidden/x")
        folder.write("", to: "trials/file")
        #expect(TrialList.all(home: home).map(\.id.trial.description) == ["good"])
        let error = #expect(throws: StoreError.self) { try TrialList.one(bad.id, home: home) }
        #expect(error?.code == .damaged)
        let empty = home.trial(try Samples.id("sft", "empty"))
        try FolderFiles.makeFolder(empty.path)
        let none = #expect(throws: ControlError.self) { try TrialList.one(empty.id, home: home) }
        #expect(none?.summary == "there is no trial sft/empty.", "not 'did you mean' itself")
    }

    @Test func `without run.json are told from the catalogue, unless they are gone`() throws {
        let trial = try archive("a", .completed), gone = home.trial(try Samples.id("sft", "gone"))
        let catalog = try RunCatalog.open(home: home)
        var entry = try StoredRun.open(path: trial.database).catalogEntry()
        entry.statusDetail = "as the catalogue says"
        try catalog.upsert(entry)
        entry.id = gone.id
        try catalog.upsert(entry)
        try FolderFiles.makeFolder(gone.path)
        for detail in [RunCatalog.Detail.states, .everything] {
            #expect(TrialList.all(home: home, detail).map(\.statusDetail) == ["as the catalogue says"])
        }
    }

    @Test func `that are lost are told from their runs, which know more than the catalogue`() throws {
        let trial = try archive("a", .running)
        let catalog = try RunCatalog.open(home: home)
        var entry = try StoredRun.open(path: trial.database).catalogEntry()
        let recorded = entry.updatedWall
        entry.step = 7
        entry.updatedWall -= 2
        try catalog.upsert(entry)
        for detail in [RunCatalog.Detail.states, .everything] {
            let found = TrialList.all(home: home, detail)
            #expect(found.map(\.status) == [.lost])
            #expect(found.map(\.step) == [0])
            #expect(found.map(\.updatedWall) == [recorded])
        }
        #expect(TrialIndex(home: home).all().trials.map(\.step) == [0])
    }

    @Test func `are looked at again only where something changed`() throws {
        let trial = try archive("a", .completed)
        let index = TrialIndex(home: home, wholeInterval: .seconds(3600))
        #expect(index.all().trials.map(\.status) == [.completed])
        let generation = index.all().generation
        #expect(index.all().generation == generation)
        // Another trial, a record, a line in the catalogue, and the end of a trial: each is seen at the next look.
        _ = try archive("b", .failed)
        #expect(index.all().trials.count == 2)
        let catalog = try RunCatalog.open(home: home)
        var entry = try StoredRun.open(path: trial.database).catalogEntry()
        entry.step = 7
        entry.updatedWall = 99
        try catalog.upsert(entry)
        #expect(index.all().trials.map(\.step).contains(7))
        let dead = ProcessIdentity(pid: 1, startTicks: .max)
        try RunRecord(
            id: trial.id, orchestrator: dead, runtimeFolder: "/r", status: .running, attempt: 1, startedWall: 5,
            totalSteps: 1, workers: []
        ).write(trial)
        entry.step = 8
        entry.updatedWall = 100
        try catalog.upsert(entry)
        #expect(index.all().trials.map(\.status).contains(.lost))
        try FolderFiles.empty(trial.path, keeping: [])
        rmdir(trial.path)
        #expect(index.all().trials.map(\.id.trial.description) == ["b"])
        let last = index.all().generation
        #expect(index.all().generation == last)
    }

    @Test func `are listed although the catalogue is garbage`() throws {
        _ = try archive("a", .completed)
        folder.write(String(repeating: "garbage", count: 2000), to: "catalog.sqlite")
        #expect(TrialList.all(home: home).map(\.status) == [.completed])
    }

    @Test func `that do not exist can be told nothing, and what was meant is suggested`() throws {
        _ = try archive("first", .completed)
        let error = #expect(throws: ControlError.self) {
            try TrialControl.send(.stop, to: Samples.id("sft", "frist"), home: home)
        }
        #expect(error?.code == .unknownTrial)
        #expect(error?.summary == "there is no trial sft/frist. Did you mean 'sft/first'?")
        #expect(error?.hint == "list what there is with: cockpit list")
    }

    @Test func `that have completed are not to be continued`() throws {
        let trial = try archive("a", .completed)
        try RunRecord(
            id: trial.id, orchestrator: ProcessIdentity(pid: 1, startTicks: 0), runtimeFolder: "/r", status: .completed,
            attempt: 1, startedWall: 0, totalSteps: 1, workers: []
        ).write(trial)
        let error = #expect(throws: ControlError.self) { try TrialControl.send(.pause, to: trial.id, home: home) }
        #expect(error?.summary == "trial sft/a is not running: completed")
        #expect(error?.hint == nil)
    }

    @Test func `whose orchestrator's number belongs to another process now are lost`() throws {
        let own = try #require(ProcessIdentity.current())
        let reused = ProcessIdentity(pid: own.pid, startTicks: own.startTicks + 1)
        let trial = home.trial(try Samples.id("sft", "a"))
        try FolderFiles.makeFolder(trial.path)
        try RunRecord(
            id: trial.id, orchestrator: reused, runtimeFolder: "/r", status: .running, attempt: 1, startedWall: 0,
            totalSteps: 1, workers: []
        ).write(trial)
        #expect(try TrialList.one(trial.id, home: home).status == .lost)
        // No signal goes to whoever has that number.
        let error = #expect(throws: ControlError.self) { try TrialControl.send(.stop, to: trial.id, home: home) }
        #expect(error?.code == .notRunning)
    }
}
