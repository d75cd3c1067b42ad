import Foundation
import TestSupport
import Testing

/// A stop loses nothing, whoever of a trial's processes is signalled, when, and how often.
@Suite(.serialized) struct StopTests {
    private let small = SmallTrial()

    enum Target: String, CaseIterable {
        case foreground, orchestrator, both, everybody, everybodyBackwards
    }

    /// A trial in the foreground whose only checkpoints are those of a stop.
    private func begin(_ trial: String, _ settings: [String]) throws -> SpawnedProcess {
        try small.program.start(["start", "-e", "sft", "-f", trial] + settings)
    }

    private func settings(_ more: String...) -> [String] {
        ["dataset.path=\(small.dataset)", "sft.steps=100000", "sft.batch_size=8", "checkpoint.every=100000"]
            + SmallTrial.model + more
    }

    /// The same with steps of seconds: as many rows a step as `rows`, in a file that has them.
    private func longSteps(rows: Int, width: Int) throws -> [String] {
        let few = try String(contentsOfFile: small.dataset, encoding: .utf8)
        let file = small.folder.write(String(repeating: few, count: rows / 100 + 1), to: "many.jsonl")
        return settings("dataset.path=\(file)", "sft.batch_size=\(rows)", "model.width=\(width)", "workers.threads=1")
    }

    private func pids(_ target: Target, _ trial: String, foreground: pid_t) throws -> [pid_t] {
        let shown = try small.show("sft", trial)
        let orchestrator = shown.orchestrator.pid.map { [$0] } ?? [],
            workers = shown.workers.map(\.pid).filter { $0 > 0 }
        return switch target {
        case .foreground: [foreground]
        case .orchestrator: orchestrator
        case .both: orchestrator + [foreground]
        case .everybody: workers + orchestrator + [foreground]
        case .everybodyBackwards: [foreground] + orchestrator + workers
        }
    }

    private func savedSteps(_ trial: String) -> [Int] {
        let path = small.folder.file("home/trials/sft/\(trial)/checkpoints/actor")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        return names.compactMap { name in
            FileManager.default.fileExists(atPath: "\(path)/\(name)/manifest.json") ? Int(name.dropFirst(5)) : nil
        }.sorted()
    }

    /// The end of a trial that was stopped: status 3, all that was trained is saved, nobody is left.
    private func expectNothingLost(_ trial: String, _ process: SpawnedProcess, since step: Int) throws {
        process.waitUntilExit()
        #expect(process.terminationStatus == 3)
        let shown = try small.show("sft", trial)
        #expect(shown.status == "stopped")
        let saved = try #require(savedSteps(trial).last, "\(shown.statusDetail)")
        #expect(saved >= step)
        #expect(shown.statusDetail.contains("a resume goes on from step"), "\(shown.statusDetail)")
        #expect(eventually { small.survivors.isEmpty })
    }

    @Test(arguments: Target.allCases, [SIGINT, SIGTERM, SIGUSR1])
    func `a signal to any of its processes is one stop`(target: Target, signal: Int32) throws {
        let trial = "\(target)\(signal)".lowercased()
        let process = try begin(trial, settings())
        #expect(small.waitFor(step: 3, "sft", trial))
        let step = try small.show("sft", trial).step
        for pid in try pids(target, trial, foreground: process.processIdentifier) { kill(pid, signal) }
        try expectNothingLost(trial, process, since: step)
        #expect(try small.show("sft", trial).step == savedSteps(trial).last, "the last step is the saved one")
    }

    @Test func `a stop waits for a long step and its save, and says so`() throws {
        let process = try begin("long", longSteps(rows: 4096, width: 64))
        #expect(small.waitFor(step: 1, "sft", "long"))
        let step = try small.show("sft", "long").step
        let stopped = try small.program.run("stop", "-e", "sft", "-f", "long")
        #expect(stopped.status == 0, "\(stopped.errors)")
        // Which step it is, is known once its worker has been heard in it.
        let waits = ["waits for step", "waits for the step under way"].contains { stopped.errors.contains($0) }
        #expect(waits, "\(stopped.errors)")
        try expectNothingLost("long", process, since: step)
    }

    @Test func `a second stop saves the newest whole step and leaves the one under way`() throws {
        let process = try begin("hurried", longSteps(rows: 8192, width: 128))
        #expect(small.waitFor(step: 1, "sft", "hurried"))
        let step = try small.show("sft", "hurried").step
        #expect(try small.program.run("stop", "-e", "sft", "-f", "hurried", "--stop-within", "3s").status == 0)
        try expectNothingLost("hurried", process, since: step)
    }

    @Test func `a stop while workers come up leaves nobody`() throws {
        let process = try begin("early", settings())
        let database = small.folder.file("home/trials/sft/early/run.sqlite")
        #expect(eventually { FileManager.default.fileExists(atPath: database) })
        kill(process.processIdentifier, SIGTERM)
        process.waitUntilExit()
        #expect(process.terminationStatus == 3)
        #expect(eventually { small.survivors.isEmpty })
    }

    @Test func `a trial that was stopped goes on from its last step to the same curve`() throws {
        let whole = try small.program.run(["start", "-e", "sft", "-f", "whole"] + small.sft(steps: 400))
        #expect(whole.status == 0, "\(whole.errors)")
        let process = try begin("halves", small.sft(steps: 400, "checkpoint.every=100000"))
        #expect(small.waitFor(step: 5, "sft", "halves"))
        kill(process.processIdentifier, SIGINT)
        process.waitUntilExit()
        let resumed = try small.program.run("start", "-e", "sft", "-f", "halves", "--recover-mode", "resume")
        #expect(resumed.status == 0, "\(resumed.errors)")
        #expect(resumed.errors.contains("sft/halves goes on from step"), "\(resumed.errors)")
        #expect(try small.metric("sft/loss", "sft", "halves") == small.metric("sft/loss", "sft", "whole"))
    }

    @Test func `a trial whose lock or folder is removed has one orchestrator all the same`() throws {
        let process = try begin("ours", settings())
        #expect(small.waitFor(step: 3, "sft", "ours"))
        let place = small.folder.file("home/trials/sft/ours")
        let first = try #require(try small.show("sft", "ours").orchestrator.pid)
        try FileManager.default.removeItem(atPath: "\(place)/lock")
        let refused = try small.program.run(["start", "-e", "sft", "-f", "ours", "--replace"] + small.sft(steps: 4))
        #expect(refused.status == 1)
        #expect(refused.errors.contains("already running"), "\(refused.errors)")
        for name in ["lock", "run.json"] { unlink("\(place)/\(name)") }
        let again = try small.program.run(["start", "-e", "sft", "-f", "ours", "--replace"] + small.sft(steps: 4))
        #expect(again.errors.contains("already running"), "\(again.errors)")
        // What is written meanwhile may stay.
        try Shell.run("rm", ["-rf", place])
        let anew = try small.program.run(["start", "-e", "sft", "-f", "ours"] + small.sft(steps: 40))
        if anew.status == 0 {
            // Nothing was there, so another was begun; the first saw that and left.
            #expect(eventually { kill(first, 0) != 0 })
            #expect(try small.metric("sft/loss", "sft", "ours").map(\.step) == Array(1...40))
        } else {
            // The first has put back what it can put back at once, the rest follows within a second.
            #expect(anew.errors.contains("already"), "\(anew.errors)")
            let stop = { try small.program.run("stop", "-e", "sft", "-f", "ours").status == 0 }
            #expect(try eventually { try stop() })
        }
        process.waitUntilExit()
        #expect(eventually { small.survivors.isEmpty })
        let names = try FileManager.default.contentsOfDirectory(atPath: place)
        #expect(!names.contains { $0.contains("aside") }, "\(names)")
    }

    @Test func `a copy of a running trial's folder stops only itself, and what was removed is made again`() throws {
        let process = try begin("original", settings())
        #expect(small.waitFor(step: 3, "sft", "original"))
        let trials = small.folder.file("home/trials/sft")
        try FileManager.default.copyItem(atPath: "\(trials)/original", toPath: "\(trials)/copy")
        let copied = try small.program.run("stop", "-e", "sft", "-f", "copy")
        #expect(copied.status == 1, "\(copied.output)")
        #expect(try small.show("sft", "original").status == "running")
        for name in ["run.json", "lock", "config.yaml", "inputs.json"] {
            try FileManager.default.removeItem(atPath: "\(trials)/original/\(name)")
        }
        try FileManager.default.removeItem(atPath: small.folder.file("home/sockets"))
        for name in ["run.json", "lock", "config.yaml", "inputs.json"] {
            #expect(eventually { FileManager.default.fileExists(atPath: "\(trials)/original/\(name)") }, "\(name)")
        }
        let stop = { try small.program.run("stop", "-e", "sft", "-f", "original").status == 0 }
        #expect(try eventually { try stop() })
        process.waitUntilExit()
        #expect(process.terminationStatus == 3)
    }
}
