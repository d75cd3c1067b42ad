import Foundation
import Glibc
import Protocol
import Store
import Synchronization
import TestSupport
import Testing

@testable import Orchestrator

/// Runs the hidden command's body on a thread of its own, whose signal mask it changes, with a pipe for its readiness.
private func orchestrate(_ request: LaunchRequest, home: HomeFolder) throws -> (status: Int32, said: Readiness?) {
    var ends: [Int32] = [-1, -1]
    try #require(pipe(&ends) == 0)
    defer { close(ends[0]) }
    let arguments = try OrchestratorArguments(request: request, home: home.path, readiness: ends[1]).encoded()
    let status = try onThread { OrchestratorMain.run(arguments) }
    return (status, Readiness.receive(from: ends[0]))
}

private func onThread(_ body: @escaping @Sendable () -> Int32) throws -> Int32 {
    let status = Mutex<Int32>(-1)
    let thread = try TestThread {
        let result = body()
        status.withLock { $0 = result }
    }
    thread.join()
    return status.withLock { $0 }
}

@Suite struct `The orchestrator's process` {
    private let folder = TemporaryFolder()
    private var home: HomeFolder { HomeFolder(path: folder.file("home")) }

    private func refusal(_ request: LaunchRequest) throws -> (status: Int32, refusal: Readiness.Refusal?) {
        let (status, said) = try orchestrate(request, home: home)
        guard case .refused(let refusal) = said else { return (status, nil) }
        return (status, refusal)
    }

    @Test(arguments: ["", "{", "[]", #"{"home":"/x"}"#, "\u{0}"])
    func `ends with a failure when its arguments are garbage`(arguments: String) throws {
        #expect(try onThread { OrchestratorMain.run(arguments) } == ExitCode.failure)
    }

    @Test func `tells whoever started it what is wrong with the request`() throws {
        let answer = try refusal(LaunchRequest(experiment: "sft", trial: "first", overrides: ["sft.stps=3"]))
        #expect(answer.status == ExitCode.usage)
        #expect(
            answer.refusal?.summary
                == "override 'sft.stps=3': there is no setting 'sft.stps'. Did you mean 'sft.steps'?")
        #expect(answer.refusal?.exitCode == ExitCode.usage)
        #expect(!FolderFiles.exists(home.path))
    }

    @Test func `tells that a trial of that name runs already, and leaves it alone`() throws {
        let row = #"{"prompt":"1+1=","answer":"2"}"# + "\n"
        let rows = folder.write(String(repeating: row, count: 200), to: "rows.jsonl")
        let request = LaunchRequest(experiment: "sft", trial: "first", overrides: ["dataset.path=\(rows)"])
        let trial = home.trial(try request.id())
        try FolderFiles.makeFolder(trial.path)
        let lock = try TrialLock.take(trial)
        let answer = try refusal(request)
        #expect(answer.refusal?.summary == "trial sft/first is already running (orchestrator pid \(getpid()))")
        #expect(answer.status == ExitCode.failure)
        #expect((FolderListing.names(in: trial.path) ?? []) == ["lock"])
        withExtendedLifetime(lock) {}
    }

    @Test func `tells that the run it is to resume is damaged, and changes nothing in it`() throws {
        let row = #"{"prompt":"1+1=","answer":"2"}"# + "\n"
        let rows = folder.write(String(repeating: row, count: 200), to: "rows.jsonl")
        var request = LaunchRequest(experiment: "sft", trial: "first", overrides: ["dataset.path=\(rows)"])
        let trial = home.trial(try request.id())
        try FolderFiles.makeFolder(trial.path)
        let settings = try Samples.settings("sft", ["dataset.path=\(rows)"])
        try FolderFiles.replace(trial.configuration, with: Array(SettingsFile.text(of: settings, title: "t").utf8))
        let damaged = Array(String(repeating: "no database ", count: 1000).utf8)
        try FolderFiles.replace(trial.database, with: damaged)
        request.recoverMode = .resume
        let answer = try refusal(request)
        #expect(answer.refusal?.summary == "the run database \(trial.database) is damaged")
        #expect(answer.refusal?.hint == "check it with: cockpit doctor")
        #expect(answer.status == ExitCode.failure)
        #expect([UInt8](try Data(contentsOf: URL(filePath: trial.database))) == damaged)
        // The lock went with it: the trial can be started again.
        #expect(TrialLock.holder(of: trial) == nil)
    }

    @Test func `tells that its sockets' folder is open to others`() throws {
        let row = #"{"prompt":"1+1=","answer":"2"}"# + "\n"
        let rows = folder.write(String(repeating: row, count: 200), to: "rows.jsonl")
        let request = LaunchRequest(experiment: "sft", trial: "first", overrides: ["dataset.path=\(rows)"])
        let trial = home.trial(try request.id())
        try FolderFiles.makeFolder(RuntimeFolder.expected(for: trial).path)
        chmod(RuntimeFolder.expected(for: trial).path, 0o777)
        let answer = try refusal(request)
        #expect(answer.refusal?.summary.contains("others may enter it") == true)
        #expect(answer.status == ExitCode.failure)
    }
}

@Suite struct `A run's header` {
    private func header(_ experiment: String, _ overrides: [String] = []) throws -> RunHeader {
        let folder = TemporaryFolder()
        let launching = Samples.launching(folder)
        let request = LaunchRequest(
            experiment: experiment, trial: "first", overrides: ["dataset.path=rows.jsonl"] + overrides)
        return RunHeader(try PreparedTrial.prepare(request, launching: launching))
    }

    @Test func `has a lane for each call on the worker that runs it, the last setup's first`() throws {
        let lanes = try header("grpo", ["sft.steps=3"]).lanes.map { "\($0.mfc) \($0.role) \($0.worker)" }
        #expect(
            lanes == [
                "actor_gen actor model_worker/0", "rew_inf reward model_worker/1", "ref_inf reference model_worker/1",
                "actor_train actor model_worker/0",
            ])
    }

    @Test func `knows the settings, the workers and how long the trial is`() throws {
        let header = try header("grpo", ["sft.steps=3", "grpo.steps=4", "seed=9", "workers.model_workers=1"])
        #expect(header.totalSteps == 7)
        #expect(header.seed == 9)
        #expect(header.workers == ["master_worker/0", "model_worker/0"])
        #expect(header.settings["grpo.steps"] == "4")
        #expect(header.settings["dataset.path"]?.hasSuffix("/rows.jsonl") == true)
    }
}
