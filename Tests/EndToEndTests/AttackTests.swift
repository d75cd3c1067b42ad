import Foundation
import TestSupport
import Testing

/// The short form of `scripts/attack`: real processes, and other programs in their files.
@Suite(.serialized) struct AttackTests {
    /// Runs the script and gives back what it said where something was lost.
    private func attack(_ words: String...) throws -> String? { try attack(words) }

    private func attack(_ words: [String]) throws -> String? {
        let files = TemporaryFolder()
        let path = files.write("", to: "said"), output = FileHandle(forWritingAtPath: path)
        let process = try SpawnedProcess(
            "\(SourceTree.root)/scripts/attack", words + ["--program", CockpitProgram.path],
            output: output?.fileDescriptor, errors: output?.fileDescriptor)
        process.waitUntilExit()
        return process.terminationStatus == 0 ? nil : try String(contentsOfFile: path, encoding: .utf8)
    }

    @Test func `programs that read, back up and vacuum a live run cost nothing of it`() throws {
        #expect(try attack("readers", "1", "--steps", "60") == nil)
    }

    @Test func `a run whose file, log or index is taken away is whole again before anything else is acknowledged`()
        throws
    {
        #expect(try attack("taken", "2", "--steps", "60") == nil)
    }

    /// It stands still for longer than the training takes to its end and the workers then wait for it.
    @Test func `an orchestrator that stands still loses no point`() throws {
        let words = ["--steps", "150", "--at", "begin", "--shortest", "16", "--longest", "17"]
        #expect(try attack(["stopped", "1"] + words) == nil)
    }

    @Test func `a full disk under the store, the logs and the checkpoints holds a trial up and changes nothing of it`()
        throws
    {
        #expect(try attack("full", "3", "--steps", "60", "--seconds", "4") == nil)
    }

    /// 400 kB are enough for a run of a few steps and not for this one.
    @Test func `a limit of the size of files is told, and the trial goes on when it is raised`() throws {
        let small = SmallTrial()
        let started = try small.program.start(
            ["start", "-e", "sft", "-f", "limited", "--detach"] + small.sft(steps: 400, "checkpoint.every=400"),
            through: ["prlimit", "--fsize=400000:"])
        started.waitUntilExit()
        #expect(started.terminationStatus == 0)
        let folder = small.folder.file("home/trials/sft/limited")
        let isTold = eventually {
            (try? String(contentsOfFile: "\(folder)/run.json", encoding: .utf8))?.contains("ulimit -f") == true
        }
        #expect(isTold)
        let shown = try small.show("sft", "limited")
        for pid in [shown.orchestrator.pid].compactMap(\.self) + shown.workers.map(\.pid) where pid > 0 {
            try Shell.run("prlimit", ["--fsize=unlimited:", "--pid", "\(pid)"])
        }
        #expect(try small.waitForEnd("sft", "limited") == "completed")
        #expect(try small.metric("sft/loss", "sft", "limited").map(\.step) == Array(1...400))
    }
}
