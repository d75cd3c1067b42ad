import Foundation
import Glibc
import Protocol
import Store
import TestSupport
import Testing

@testable import Orchestrator

/// A home with a dataset and a shell script in the place of the program.
private struct LauncherBench {
    let folder = TemporaryFolder()
    var home: HomeFolder { HomeFolder(path: folder.file("home")) }
    let rows: String

    init() {
        rows = folder.write(
            String(repeating: #"{"prompt":"1+1=","answer":"2"}"# + "\n", count: 200), to: "rows.jsonl")
    }

    func request(_ trial: String = "first", _ overrides: [String] = []) -> LaunchRequest {
        LaunchRequest(experiment: "sft", trial: trial, overrides: ["dataset.path=\(rows)"] + overrides)
    }

    /// Starts `request` with an orchestrator that does what `script` says; its readiness pipe is descriptor 3.
    func start(_ request: LaunchRequest, script: String) throws -> StartedTrial {
        let program = folder.write("#!/bin/sh\n\(script)\n", to: "program")
        chmod(program, 0o700)
        return try TrialLauncher.start(request, home: home, program: program)
    }

    func launchError(_ body: () throws -> Void) -> LaunchError? {
        #expect(throws: LaunchError.self) { try body() }
    }
}

@Suite struct `Starting a trial` {
    private let bench = LauncherBench()

    @Test func `returns what the orchestrator says once it is ready`() throws {
        let started = StartedTrial(id: try bench.request().id(), pid: 77, attempt: 1, resumeStep: 0)
        let word = String(decoding: try JSONEncoder().encode(Readiness.ready(started)), as: UTF8.self)
        #expect(try bench.start(bench.request(), script: "printf '%s' '\(word)' >&3") == started)
    }

    @Test func `passes on why the orchestrator refused`() throws {
        let refusal = Readiness(
            refusing: LaunchError(.folder, "no room", detail: "none at all", hint: "tidy up", exitCode: 5))
        let word = String(decoding: try JSONEncoder().encode(refusal), as: UTF8.self)
        let error = #expect(throws: Readiness.Refusal.self) {
            try bench.start(bench.request(), script: "printf '%s' '\(word)' >&3")
        }
        #expect(error?.report == "no room\nnone at all\nhint: tidy up")
        #expect(error?.exitCode == 5)
    }

    @Test func `gives the orchestrator the request in one word, in a session of its own`() throws {
        let seen = bench.folder.file("seen")
        _ = try? bench.start(
            bench.request(), script: #"printf '%s\n' "$#" "$1" "$2" "$(cut -d' ' -f6 /proc/$$/stat)" "$$" >\#(seen)"#)
        let lines = LogTail.lines(of: seen)
        try #require(lines.count == 5)
        #expect(lines[0] == "2")
        #expect(lines[1] == "orchestrate")
        #expect(try OrchestratorArguments.decode(lines[2]).request == bench.request())
        #expect(lines[3] == lines[4])
    }

    @Test(arguments: [
        ("exit 9", "the orchestrator left with exit status 9 before it was ready"),
        ("kill -SEGV $$", "the orchestrator was killed by signal 11 (SIGSEGV) before it was ready"),
        ("printf 'not json' >&3; exit 0", "the orchestrator left with exit status 0 before it was ready"),
        ("printf '{\"ready\":{}}' >&3; exit 1", "the orchestrator left with exit status 1 before it was ready"),
    ])
    func `says how an orchestrator ended that never was ready`(script: String, summary: String) {
        let error = bench.launchError { _ = try bench.start(bench.request(), script: "echo last words; \(script)") }
        #expect(error?.summary == summary)
        #expect(error?.detail == "last words")
        #expect(error?.hint == "its log is \(bench.home.path)/trials/sft/first/logs/orchestrator.log")
    }

    @Test func `says when the program itself cannot be started`() throws {
        let error = #expect(throws: SpawnError.self) {
            try TrialLauncher.start(bench.request(), home: bench.home, program: "/nowhere/cockpit")
        }
        #expect(error?.summary == "could not start /nowhere/cockpit: No such file or directory")
    }

    @Test func `refuses a trial that exists before anything is spawned`() throws {
        let trial = bench.home.trial(try bench.request().id())
        try FolderFiles.makeFolder(trial.path)
        try FolderFiles.replace(trial.database, with: [])
        let error = bench.launchError {
            _ = try bench.start(bench.request(), script: "touch \(bench.folder.file("spawned"))")
        }
        #expect(error?.code == .alreadyExists)
        #expect(error?.exitCode == ExitCode.usage)
        #expect(!FolderFiles.exists(bench.folder.file("spawned")))
    }

    @Test func `refuses a trial that runs before anything is spawned, also when it is to be replaced`() throws {
        let trial = bench.home.trial(try bench.request().id())
        try FolderFiles.makeFolder(trial.path)
        let lock = try TrialLock.take(trial)
        for mode in [ExistingTrial.refuse, .replace] {
            var request = bench.request()
            request.existing = mode
            let error = bench.launchError {
                _ = try bench.start(request, script: "touch \(bench.folder.file("spawned"))")
            }
            #expect(error?.code == .alreadyRunning)
        }
        #expect(!FolderFiles.exists(bench.folder.file("spawned")))
        withExtendedLifetime(lock) {}
    }

    @Test func `checks a configuration without leaving a trace`() throws {
        let plan = try TrialLauncher.check(bench.request("first", ["sft.steps=7"]), home: bench.home).plan
        #expect(plan.totalSteps == 7)
        #expect(plan.modelWorkers.allSatisfy { $0.threads > 0 })
        #expect(!FolderFiles.exists(bench.home.path))
    }
}

@Suite struct `A trial that is to go on` {
    private let bench = LauncherBench()

    /// A trial of that name with its frozen configuration, as it was when it was left with `status`.
    private func leave(_ status: TrialStatus?, _ overrides: [String] = []) throws -> TrialFolder {
        let launching = Launching.current(home: bench.home)
        let trial = try PreparedTrial.prepare(bench.request("first", overrides), launching: launching).folder
        try FolderFiles.replace(trial.database, with: [])
        guard let status else { return trial }
        try RunRecord(
            id: trial.id, orchestrator: ProcessIdentity(pid: 1, startTicks: 0), runtimeFolder: "/r", status: status,
            attempt: 2, startedWall: 5, totalSteps: 9, workers: []
        ).write(trial)
        return trial
    }

    private func resume(_ overrides: [String] = []) throws -> TrialPlan {
        try Launching.current(home: bench.home).resolve(
            LaunchRequest(experiment: "sft", trial: "first", overrides: overrides, recoverMode: .resume)
        ).plan
    }

    @Test(arguments: [TrialStatus.pending, .starting, .running, .paused, .stopping, .failed, .stopped])
    func `may be left in any state but completed`(status: TrialStatus) throws {
        _ = try leave(status, ["sft.steps=12"])
        #expect(try resume().totalSteps == 12)
    }

    @Test func `says that there is nothing left once it has completed`() throws {
        _ = try leave(.completed)
        let error = bench.launchError { _ = try resume() }
        #expect(error?.summary == "trial sft/first has completed: there is nothing left to resume")
        #expect(error?.hint?.hasPrefix("replay it with: cockpit replay -e sft -f first; to train on, begin") == true)
    }

    @Test func `goes on without its run.json`() throws {
        let trial = try leave(nil)
        try FolderFiles.replace(trial.runFile, with: Array("{".utf8))
        #expect(try resume().totalSteps == 300)
    }

    @Test func `may be asked for with the settings it has, and no others`() throws {
        _ = try leave(.stopped, ["seed=3", "sft.lr=0.25"])
        #expect(try resume(["seed=3", "sft.lr=0.25"]).seed == 3)
        let error = bench.launchError { _ = try resume(["seed=4", "sft.lr=0.25", "sft.steps=1"]) }
        #expect(
            error?.summary == "a resumed trial keeps its configuration; these differ: sft.steps, seed")
        #expect(error?.code == .frozenDiffers)
    }

    @Test func `is stopped by a configuration that is damaged, at the line it is damaged in`() throws {
        let trial = try leave(.stopped)
        try FolderFiles.replace(trial.configuration, with: Array("seed: 1\nsft:\n  steps: many\n".utf8))
        let error = #expect(throws: ConfigurationError.self) { try resume() }
        #expect(
            error?.summary
                == "\(trial.configuration):3: sft.steps='many' must be a whole number from 1 to 100000000")
    }

    @Test func `is not begun anew while it exists without a run: only its folder was made`() throws {
        let trial = try leave(.stopped)
        unlink(trial.database)
        let error = bench.launchError { _ = try resume() }
        #expect(error?.code == .nothingToResume)
        #expect(error?.hint == "start it with: cockpit start -e sft -f first")
        // And a start takes the folder over.
        #expect(throws: Never.self) {
            try PreparedTrial.prepare(bench.request(), launching: Launching.current(home: bench.home))
        }
    }
}

@Suite struct `A damaged run.json` {
    private let folder = TemporaryFolder()

    private func written() throws -> (trial: TrialFolder, record: RunRecord, bytes: [UInt8]) {
        let trial = HomeFolder(path: folder.path).trial(try Samples.id())
        try FolderFiles.makeFolder(trial.path)
        let record = RunRecord(
            id: trial.id, orchestrator: ProcessIdentity(pid: 12, startTicks: .max), runtimeFolder: "/r \"ü\"\n",
            status: .running, statusDetail: "why", attempt: 2, startedWall: .max, totalSteps: 9,
            workers: [RunRecord.Worker(id: .master, pid: 3, state: .stalled, restarts: 1)])
        try record.write(trial)
        return (trial, record, [UInt8](try Data(contentsOf: URL(filePath: trial.runFile))))
    }

    @Test func `that is cut off anywhere is no record`() throws {
        let (trial, record, bytes) = try written()
        #expect(RunRecord.read(trial) == record)
        for length in stride(from: 0, to: bytes.count - 1, by: 7) {
            try FolderFiles.replace(trial.runFile, with: Array(bytes[..<length]))
            #expect(RunRecord.read(trial) == nil, "cut at \(length)")
        }
    }

    @Test func `with any byte changed is read without harm`() throws {
        let (trial, record, bytes) = try written()
        var harmless = 0
        for index in stride(from: 0, to: bytes.count, by: 3) {
            var changed = bytes
            changed[index] ^= 0x10
            try FolderFiles.replace(trial.runFile, with: changed)
            // Some changes make another record, such as one with another pid; none makes the same one.
            if let read = RunRecord.read(trial) { harmless += read == record ? 1 : 0 }
        }
        // White space between the fields is all that says nothing.
        #expect(harmless <= bytes.filter { $0 == 0x20 || $0 == 0x0a }.count)
    }

    @Test(arguments: [
        "", "null", "[]", "{}", #"{"id":7}"#, #"{"status":"dancing"}"#, "\u{feff}{}",
        "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
    ])
    func `that is something else is no record`(text: String) throws {
        let (trial, _, _) = try written()
        try FolderFiles.replace(trial.runFile, with: Array(text.utf8))
        #expect(RunRecord.read(trial) == nil)
    }

    @Test func `cannot be written where there is no folder, and says where`() throws {
        let (_, record, _) = try written()
        let gone = HomeFolder(path: folder.file("gone")).trial(try Samples.id())
        let error = #expect(throws: LaunchError.self) { try record.write(gone) }
        #expect(error?.summary == "\(gone.runFile).new cannot be written: No such file or directory")
    }

    @Test(arguments: ["step-", "step-0", "step--1", "step-+5", "step-05", "step-5.tmp", "xtep-5", "Step-5", "step-5 "])
    func `is as little a place to resume from as a folder that is no step's`(name: String) throws {
        try FolderFiles.makeFolder(folder.file("actor/\(name)"))
        folder.write("{}", to: "actor/\(name)/manifest.json")
        try FolderFiles.makeFolder(folder.file("actor/step-12"))
        folder.write("{}", to: "actor/step-12/manifest.json")
        #expect(ResumePoint.savedSteps(in: folder.file("actor")) == [12])
    }
}
