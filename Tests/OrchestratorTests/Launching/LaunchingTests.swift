import Glibc
import Protocol
import Store
import Synchronization
import TestSupport
import Testing
import Workers

@testable import Orchestrator

@Suite struct `Preparing a trial` {
    private let folder = TemporaryFolder()

    /// As if the trial had run.
    private func leaveRun(_ trial: TrialFolder) {
        folder.write("", to: String(trial.database.dropFirst(folder.path.count + 1)))
    }

    @Test func `freezes its configuration and makes its folders`() throws {
        let prepared = try PreparedTrial.prepare(Samples.request(), launching: Samples.launching(folder))
        let lines = LogTail.lines(of: prepared.folder.configuration, count: 1000)
        #expect(lines.first == "# cockpit trial sft/first")
        #expect(lines.contains("  path: \"\(folder.path)/rows.jsonl\""))
        #expect(FileFacts.system.kind(prepared.folder.logs) == .folder)
        #expect(FileFacts.system.kind(prepared.folder.checkpoints) == .folder)
        #expect(!prepared.isResumed)
    }

    @Test func `opens what the plan names once a start, before there is an orchestrator`() throws {
        let plain = Samples.launching(folder), opened = Mutex(0)
        var machine = plain.check.machine
        machine.rehearse = { _ in
            opened.withLock { $0 += 1 }
            return TrialRehearsal()
        }
        let launching = Launching(
            home: plain.home, paths: plain.paths, check: PlanCheck(names: plain.check.names, machine: machine))
        try launching.refuseEarly(Samples.request())
        #expect(opened.withLock { $0 } == 1)
        _ = try PreparedTrial.prepare(Samples.request(), launching: launching)
        #expect(opened.withLock { $0 } == 1)
    }

    @Test func `refuses a plan that does not fit itself, whoever looked at it before`() throws {
        let error = #expect(throws: ConfigurationError.self) {
            try PreparedTrial.prepare(
                Samples.request("first", ["model.heads=7"]), launching: Samples.launching(folder))
        }
        #expect(error?.summary == "model.width=256 is not divisible by model.heads=7")
    }

    @Test func `writes what lies under the home so that a moved home still has it`() throws {
        let launching = Samples.launching(folder)
        let row = #"{"prompt":"1+1=","answer":"2"}"# + "\n"
        try FolderFiles.makeFolder(launching.home.data)
        let rows = "\(launching.home.data)/rows.jsonl"
        try FolderFiles.replace(rows, with: Array(String(repeating: row, count: 200).utf8))
        let request = LaunchRequest(
            experiment: "sft", trial: "first", overrides: ["dataset.path=$COCKPIT_HOME/data/rows.jsonl"])
        let prepared = try PreparedTrial.prepare(request, launching: launching)
        let lines = LogTail.lines(of: prepared.folder.configuration, count: 1000)
        #expect(lines.contains(#"  path: "$COCKPIT_HOME/data/rows.jsonl""#))
        let moved = HomeFolder(path: folder.file("moved"))
        let settings = try Experiments.resolve(
            Experiments.find("sft"), configFile: prepared.folder.configuration, overrides: [],
            paths: PathExpansion(workingFolder: "/", userHome: "/", home: moved))
        #expect(settings.text("dataset.path") == "\(moved.path)/data/rows.jsonl")
    }

    @Test func `never takes over weights that another run left in its folder`() throws {
        let launching = Samples.launching(folder)
        let trial = launching.home.trial(try Samples.id("sft"))
        try FolderFiles.makeFolder("\(trial.checkpoints(of: .actor))/step-10")
        let error = #expect(throws: LaunchError.self) {
            try PreparedTrial.prepare(Samples.request(), launching: launching)
        }
        #expect(error?.code == .foreignCheckpoints)
        #expect(FolderFiles.exists("\(trial.checkpoints(of: .actor))/step-10"), "nothing is removed unasked")
        var request = Samples.request()
        request.existing = .replace
        _ = try PreparedTrial.prepare(request, launching: launching)
        #expect(!FolderFiles.exists("\(trial.checkpoints(of: .actor))/step-10"))
    }

    @Test func `refuses a second start while the first holds the lock, naming its process`() throws {
        let launching = Samples.launching(folder)
        let first = try PreparedTrial.prepare(Samples.request(), launching: launching)
        let error = #expect(throws: LaunchError.self) {
            try PreparedTrial.prepare(Samples.request(), launching: launching)
        }
        #expect(error?.code == .alreadyRunning)
        #expect(error?.summary == "trial sft/first is already running (orchestrator pid \(getpid()))")
        #expect(TrialLock.holder(of: first.folder) == getpid())
        _ = consume first
    }

    @Test func `frees the lock with its holder`() throws {
        let launching = Samples.launching(folder)
        do { _ = try PreparedTrial.prepare(Samples.request(), launching: launching) }
        #expect(TrialLock.holder(of: launching.home.trial(try Samples.id("sft"))) == nil)
        #expect(throws: Never.self) { try PreparedTrial.prepare(Samples.request(), launching: launching) }
    }

    @Test func `refuses to overwrite a trial and says what can be done`() throws {
        let launching = Samples.launching(folder)
        leaveRun(try PreparedTrial.prepare(Samples.request(), launching: launching).folder)
        let error = #expect(throws: LaunchError.self) {
            try PreparedTrial.prepare(Samples.request(), launching: launching)
        }
        #expect(error?.code == .alreadyExists)
        #expect(error?.hint?.contains("--recover-mode resume") == true)
        #expect(throws: LaunchError.self) { try launching.refuseEarly(Samples.request()) }
    }

    @Test func `replaces a trial when told to, with everything in it`() throws {
        let launching = Samples.launching(folder)
        let trial = try PreparedTrial.prepare(Samples.request(), launching: launching).folder
        leaveRun(trial)
        try FolderFiles.makeFolder("\(trial.checkpoints)/actor/step-3")
        var request = Samples.request()
        request.existing = .replace
        _ = try PreparedTrial.prepare(request, launching: launching)
        #expect(!FolderFiles.exists(trial.database))
        #expect((FolderListing.names(in: trial.checkpoints) ?? []).isEmpty)
    }

    @Test func `resumes with what was frozen, whatever the defaults are now`() throws {
        let launching = Samples.launching(folder)
        leaveRun(try PreparedTrial.prepare(Samples.request("first", ["seed=42"]), launching: launching).folder)
        let request = LaunchRequest(experiment: "sft", trial: "first", recoverMode: .resume)
        let prepared = try PreparedTrial.prepare(request, launching: launching)
        #expect(prepared.isResumed)
        #expect(prepared.plan.seed == 42)
    }

    @Test func `refuses a resume that would change the configuration`() throws {
        let launching = Samples.launching(folder)
        leaveRun(try PreparedTrial.prepare(Samples.request(), launching: launching).folder)
        let request = LaunchRequest(
            experiment: "sft", trial: "first", overrides: ["seed=2", "sft.lr=0.5"], recoverMode: .resume)
        let error = #expect(throws: LaunchError.self) { try launching.resolve(request) }
        #expect(error?.summary == "a resumed trial keeps its configuration; these differ: sft.lr, seed")
    }

    @Test func `refuses to resume what is not there`() {
        let request = LaunchRequest(experiment: "sft", trial: "first", recoverMode: .resume)
        let error = #expect(throws: LaunchError.self) { try Samples.launching(folder).resolve(request) }
        #expect(error?.code == .nothingToResume)
    }

    @Test func `refuses to resume a trial that has completed`() throws {
        let launching = Samples.launching(folder)
        let trial = try PreparedTrial.prepare(Samples.request(), launching: launching).folder
        leaveRun(trial)
        try record(.completed, trial).write(trial)
        let request = LaunchRequest(experiment: "sft", trial: "first", recoverMode: .resume)
        let error = #expect(throws: LaunchError.self) { try launching.resolve(request) }
        #expect(error?.code == .alreadyCompleted)
    }

    @Test(arguments: [("a_b", "sft"), ("a/b", "sft"), ("ok", "s_ft")])
    func `refuses names that break the rules`(trial: String, experiment: String) {
        let request = LaunchRequest(experiment: experiment, trial: trial)
        #expect(throws: NameError.self) { try Samples.launching(folder).resolve(request) }
    }
}

private func record(_ status: TrialStatus, _ trial: TrialFolder, pid: Int32 = 1) -> RunRecord {
    RunRecord(
        id: trial.id, orchestrator: ProcessIdentity(pid: pid, startTicks: 1), runtimeFolder: "/run", status: status,
        attempt: 2, startedWall: 5, totalSteps: 9, workers: [RunRecord.Worker(id: .master)])
}

@Suite struct `The run record` {
    private let folder = TemporaryFolder()

    @Test func `comes back as it was written`() throws {
        let trial = HomeFolder(path: folder.path).trial(try Samples.id())
        try FolderFiles.makeFolder(trial.path)
        try record(.running, trial).write(trial)
        #expect(RunRecord.read(trial) == record(.running, trial))
    }

    @Test func `that is damaged counts as missing`() throws {
        let trial = HomeFolder(path: folder.path).trial(try Samples.id())
        try FolderFiles.makeFolder(trial.path)
        try FolderFiles.replace(trial.runFile, with: Array("{\"id\"".utf8))
        #expect(RunRecord.read(trial) == nil)
    }

    @Test(arguments: [
        (TrialStatus.running, false, TrialStatus.lost), (.running, true, .running), (.completed, false, .completed),
        (.starting, false, .lost), (.failed, false, .failed),
    ])
    func `says lost when it claims a life that is over`(stored: TrialStatus, isAlive: Bool, seen: TrialStatus) throws {
        let trial = HomeFolder(path: folder.path).trial(try Samples.id())
        #expect(record(stored, trial).observedStatus(isAlive ? .here(pid: 1) : .gone) == seen)
    }
}

@Suite struct `The threads of a plan` {
    @Test func `are every core for workers that ask for no number, and what was asked for otherwise`() throws {
        var plan = try Samples.plan("grpo-arith")
        plan.modelWorkers[1].threads = 3
        plan.fillThreads(cores: 8)
        #expect(plan.modelWorkers.map(\.threads) == [8, 3])
    }
}

@Suite struct `The resume point` {
    @Test(arguments: [
        ([20, 40], [20, 40], 999, 40), ([], [], 999, 0), ([270, 280], [280], 999, 280), ([260], [260], 999, 260),
        ([9999], [9999], 9999, 0), ([20, 40], [20, 40], 39, 20), ([260, 280], [260, 280], 279, 260),
    ])
    func `is the newest step whose setup's roles are all saved and whose metrics are stored`(
        actor: [Int], critic: [Int], recorded: Int, expected: Int
    ) throws {
        var plan = try Samples.plan("grpo-arith", ["sft.steps=260", "grpo.steps=300"])
        var second = plan.setups[1].calls[3]
        second.name = "critic_train"
        second.model = ModelName(ModelRole("critic"))
        plan.setups[1].calls.append(second)
        #expect(
            ResumePoint.newest(of: plan, recorded: recorded) { $0 == .actor ? Set(actor) : Set(critic) } == expected)
    }

    @Test func `counts only checkpoints whose manifest is written`() throws {
        let folder = TemporaryFolder()
        let trial = HomeFolder(path: folder.path).trial(try Samples.id())
        for (step, file) in [(20, "manifest.json"), (40, "model.safetensors")] {
            let path = "\(trial.checkpoints(of: .actor))/step-\(step)"
            try FolderFiles.makeFolder(path)
            try FolderFiles.replace("\(path)/\(file)", with: [])
        }
        #expect(ResumePoint.savedSteps(in: trial.checkpoints(of: .actor)) == [20])
    }
}

@Suite struct `What an orchestrator says when it is ready` {
    private func crossing(_ readiness: Readiness) -> Readiness? {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return nil }
        readiness.send(to: ends[1])
        defer { close(ends[0]) }
        return Readiness.receive(from: ends[0])
    }

    @Test func `carries a started trial across a pipe`() throws {
        let started = StartedTrial(id: try Samples.id(), pid: 12, attempt: 3, resumeStep: 40)
        #expect(crossing(.ready(started)) == .ready(started))
    }

    @Test func `carries an error that reads the same on the other side`() throws {
        let error = LaunchError(.alreadyExists, "it exists", detail: "really", hint: "do this", exitCode: 2)
        guard case .refused(let refusal) = crossing(Readiness(refusing: error)) else {
            Issue.record("an error arrives as a refusal")
            return
        }
        #expect(refusal.report == error.report)
        #expect(refusal.exitCode == 2)
    }

    @Test func `is nothing when the other end closes without a word`() {
        var ends: [Int32] = [-1, -1]
        #expect(pipe(&ends) == 0)
        close(ends[1])
        #expect(Readiness.receive(from: ends[0]) == nil)
        close(ends[0])
    }
}

@Suite struct `Starting an orchestrator` {
    @Test func `that dies without a word reports its exit status`() throws {
        let folder = TemporaryFolder()
        let launching = Samples.launching(folder)
        var request = Samples.request()
        request.overrides = ["dataset.path=\(folder.path)/rows.jsonl"]
        let error = #expect(throws: LaunchError.self) {
            try TrialLauncher.start(request, home: launching.home, program: "/bin/false")
        }
        #expect(error?.summary == "the orchestrator left with exit status 1 before it was ready")
    }

    @Test func `passes its arguments through one word`() throws {
        let arguments = OrchestratorArguments(request: Samples.request(), home: "/h", readiness: 3)
        #expect(try OrchestratorArguments.decode(arguments.encoded()) == arguments)
    }
}
