import Foundation
import Glibc
import Protocol
import Store
import TestSupport
import Testing

@testable import Orchestrator

@Suite struct `Where a trial's orchestrator is` {
    private let folder = TemporaryFolder()
    private static let here = Machine(host: "ada", boot: "1")
    private let now = Date().timeIntervalSince1970

    private func trial(_ name: String = "first") throws -> TrialFolder {
        let trial = HomeFolder(path: folder.path).trial(try Samples.id("sft", name))
        try FolderFiles.makeFolder(trial.path)
        return trial
    }

    private func record(_ trial: TrialFolder, _ machine: Machine?, pid: Int32 = getpid()) throws -> RunRecord {
        let record = RunRecord(
            id: trial.id, orchestrator: try #require(ProcessIdentity.of(pid)),
            runtimeFolder: RuntimeFolder.expected(for: trial).path, status: .running,
            attempt: 1, startedWall: 5, totalSteps: 9, workers: [], machine: machine)
        try record.write(trial)
        return record
    }

    private func presence(_ record: RunRecord, _ trial: TrialFolder, later: Double = 0) -> TrialPresence {
        TrialPresence.of(record, in: trial, machine: Self.here, now: now + later)
    }

    @Test func `is here while it holds the lock of its folder`() throws {
        let trial = try trial(), lock = try TrialLock.take(trial)
        #expect(presence(try record(trial, Self.here), trial) == .here(pid: getpid()))
        withExtendedLifetime(lock) {}
    }

    @Test func `is nowhere for a copy of its folder, although its process lives`() throws {
        let original = try trial(), lock = try TrialLock.take(original)
        let record = try record(original, Self.here)
        let copy = HomeFolder(path: folder.path).trial(try Samples.id("sft", "copy"))
        try FileManager.default.copyItem(atPath: original.path, toPath: copy.path)
        #expect(presence(record, copy) == .gone)
        #expect(presence(record, original) == .here(pid: getpid()))
        withExtendedLifetime(lock) {}
    }

    @Test func `has ended as it wrote last, also where it ends between the two looks of a reader`() throws {
        let trial = try trial()
        var lock: TrialLock? = try TrialLock.take(trial)
        // It stands for the orchestrator.
        let process = try ChildProcess.spawn(
            ChildProcess.Command(path: "/bin/sleep", arguments: ["60"], detachment: .ownGroup))
        var record = try record(trial, Machine.current, pid: process.pid)
        let observed = TrialPresence.observed(in: trial) {
            record.status = .completed
            do { try record.write(trial) } catch { Issue.record(error) }
            process.signalGroup(SIGKILL)
            _ = try? Poller.wait([process.pollItem], timeout: .seconds(120))
            #expect(process.exitStatus() != nil)
            lock = nil
        }
        #expect(observed?.record.status == .completed)
        #expect(observed?.presence == .gone)
        withExtendedLifetime(lock) {}
    }

    @Test func `is where its process is when somebody has removed the lock's file`() throws {
        let trial = try trial()
        #expect(presence(try record(trial, Self.here), trial) == .here(pid: getpid()))
    }

    @Test func `is at its sockets when somebody has removed its lock and its record together`() throws {
        let trial = try trial(), runtime = try RuntimeFolder.create(for: trial), context = ZeroMQContext()
        #expect(throws: Never.self) { try Launching.refuseElsewhere(trial) }
        let commands = try ZeroMQSocket.open(context, .router)
        try commands.bind(runtime.commands())
        let error = #expect(throws: LaunchError.self) { try Launching.refuseElsewhere(trial) }
        #expect(error?.summary == "trial sft/first is already running")
        let said = try commands.receive()
        #expect(said == nil)
    }

    @Test func `is in another container of this machine where that holds the lock`() throws {
        let trial = try trial(), lock = try TrialLock.take(trial)
        let other = try record(trial, Machine(host: "container", boot: "1"))
        #expect(presence(other, trial) == .elsewhere(host: "container", quiet: 0))
        withExtendedLifetime(lock) {}
    }

    @Test func `is no longer in a container that has let go of the lock`() throws {
        let trial = try trial()
        do { _ = try TrialLock.take(trial) }
        #expect(presence(try record(trial, Machine(host: "container", boot: "1")), trial) == .gone)
    }

    @Test func `is on another machine as long as that gives signs`() throws {
        let trial = try trial()
        do { _ = try TrialLock.take(trial) }
        let other = try record(trial, Machine(host: "bob", boot: "2"))
        guard case .elsewhere("bob", _) = presence(other, trial, later: 100) else {
            Issue.record("\(presence(other, trial, later: 100))")
            return
        }
        #expect(presence(other, trial, later: 130) == .gone)
        let error = #expect(throws: LaunchError.self) { try Launching.refuseElsewhere(trial) }
        #expect(error?.summary.hasPrefix("trial sft/first is running on bob, last sign ") == true)
    }

    @Test func `is gone with the machine when that has been started again`() throws {
        let trial = try trial()
        do { _ = try TrialLock.take(trial) }
        #expect(presence(try record(trial, Machine(host: "ada", boot: "0")), trial) == .gone)
    }
}
