import Glibc
import Protocol
import Store
import TestSupport
import Testing

@testable import Orchestrator

@Suite struct `Trials seen from outside` {
    private let folder = TemporaryFolder()
    private var home: HomeFolder { HomeFolder(path: folder.path) }

    @discardableResult
    private func leaveTrial(
        _ name: String, status: TrialStatus, orchestrator: ProcessIdentity, started: Int64 = 1
    ) throws -> TrialFolder {
        let trial = home.trial(try Samples.id("sft", name))
        try FolderFiles.makeFolder(trial.path)
        try RunRecord(
            id: trial.id, orchestrator: orchestrator, runtimeFolder: RuntimeFolder.expected(for: trial).path,
            status: status, attempt: 1,
            startedWall: started, totalSteps: 10,
            workers: [RunRecord.Worker(id: .master, pid: 77, state: .running, restarts: 2)]
        ).write(trial)
        return trial
    }

    private static let gone = ProcessIdentity(pid: 1, startTicks: 0)

    @Test func `are lost when their orchestrator is gone, and so are their workers`() throws {
        try leaveTrial("a", status: .running, orchestrator: Self.gone)
        let overview = try TrialList.one(Samples.id("sft", "a"), home: home)
        #expect(overview.status == .lost)
        #expect(overview.orchestratorPID == nil)
        #expect(overview.workers == [.init(id: "master_worker/0", pid: 0, state: .stopped, restarts: 2)])
    }

    @Test func `are what they say while their orchestrator lives`() throws {
        let own = try #require(ProcessIdentity.current())
        try leaveTrial("a", status: .running, orchestrator: own)
        let overview = try TrialList.one(Samples.id("sft", "a"), home: home)
        #expect(overview.status == .running)
        #expect(overview.orchestratorPID == getpid())
        #expect(overview.workers == [.init(id: "master_worker/0", pid: 77, state: .running, restarts: 2)])
    }

    @Test func `are listed with the newest first`() throws {
        try leaveTrial("old", status: .completed, orchestrator: Self.gone, started: 1)
        try leaveTrial("new", status: .failed, orchestrator: Self.gone, started: 2)
        #expect(TrialList.all(home: home).map(\.id.trial.description) == ["new", "old"])
    }

    @Test func `are none in an empty home`() throws {
        #expect(TrialList.all(home: home).isEmpty)
    }

    @Test func `that do not exist are suggested`() throws {
        try leaveTrial("first", status: .completed, orchestrator: Self.gone)
        let error = #expect(throws: ControlError.self) { try TrialList.one(Samples.id("sft", "firts"), home: home) }
        #expect(error?.summary == "there is no trial sft/firts. Did you mean 'sft/first'?")
    }

    @Test func `that do not run cannot be told anything`() throws {
        try leaveTrial("a", status: .running, orchestrator: Self.gone)
        let error = #expect(throws: ControlError.self) {
            try TrialControl.send(.stop, to: Samples.id("sft", "a"), home: home)
        }
        #expect(error?.code == .notRunning)
        #expect(error?.summary == "trial sft/a is not running: lost")
        #expect(error?.hint == "continue it with: cockpit start -e sft -f a --recover-mode resume")
    }

    @Test func `whose orchestrator does not answer are stopped by a signal to its process`() throws {
        // It stands for an orchestrator whose loop hangs.
        let hung = try ChildProcess.spawn(
            ChildProcess.Command(path: "/bin/sleep", arguments: ["60"], detachment: .ownGroup))
        let identity = try #require(ProcessIdentity.of(hung.pid))
        try leaveTrial("a", status: .running, orchestrator: identity)
        let id = try Samples.id("sft", "a")
        let answer = try TrialControl.send(.stop, to: id, home: home, timeout: .milliseconds(50))
        #expect(answer == "the orchestrator did not answer; sent SIGTERM to its process \(hung.pid)")
        #expect(try TrialControl.waitForEnd(of: id, home: home, patience: .seconds(120)).status == .lost)
        #expect(hung.exitStatus() == .signalled(SIGTERM))
    }

    @Test func `whose orchestrator does not answer cannot be paused`() throws {
        let own = try #require(ProcessIdentity.current())
        try leaveTrial("a", status: .running, orchestrator: own)
        let error = #expect(throws: ControlError.self) {
            try TrialControl.send(.pause, to: Samples.id("sft", "a"), home: home, timeout: .milliseconds(50))
        }
        #expect(error?.code == .noAnswer)
    }
}
