import Foundation
import TestSupport
import Testing

/// Every process may die at any moment.
@Suite(.serialized) struct KillTests {
    private let small = SmallTrial()

    /// Starts a detached trial and waits until it is under way.
    private func begin(_ trial: String, steps: Int = 60) throws {
        let result = try small.program.run(
            ["start", "-e", "grpo", "-f", trial, "--detach"] + small.grpo(sftSteps: 10, steps: steps))
        #expect(result.status == 0, "\(result.errors)")
        #expect(small.waitFor(step: 12, "grpo", trial))
    }

    /// Every step once, in both phases, whatever happened in between.
    private func expectWholeCurve(_ trial: String, steps: Int = 60) throws {
        #expect(try small.metric("sft/loss", "grpo", trial).map(\.step) == Array(1...10))
        #expect(try small.metric("grpo_actor/reward", "grpo", trial).map(\.step) == Array(11...(10 + steps)))
    }

    @Test(arguments: ["model_worker/0", "model_worker/1", "master_worker/0"])
    func `a killed worker leads to a restart from the last checkpoint and a whole curve`(worker: String) throws {
        let trial = "kill-" + worker.prefix(6).replacingOccurrences(of: "_", with: "") + worker.suffix(1)
        try begin(trial)
        let victim = try #require(try small.show("grpo", trial).pid(of: worker))
        kill(victim, SIGKILL)
        #expect(try small.waitForEnd("grpo", trial) == "completed")
        let shown = try small.show("grpo", trial)
        #expect(shown.workers.first { $0.id == worker }?.restarts == 1)
        try expectWholeCurve(trial)
        #expect(eventually { small.survivors.isEmpty })
    }

    @Test func `a killed orchestrator leaves no orphan, is shown as lost, and the trial is resumed`() throws {
        try begin("lost")
        let pid = try #require(try small.show("grpo", "lost").orchestrator.pid)
        kill(pid, SIGKILL)
        #expect(eventually { small.survivors.isEmpty })
        #expect(try small.show("grpo", "lost").status == "lost")
        let resumed = try small.program.run(
            ["start", "-e", "grpo", "-f", "lost", "--recover-mode", "resume"] + small.grpo(sftSteps: 10, steps: 60))
        #expect(resumed.status == 0, "\(resumed.output)\n\(resumed.errors)")
        try expectWholeCurve("lost")
    }

    @Test func `a trial that was killed and resumed has the same curve as one that was not`() throws {
        let settings = small.grpo(sftSteps: 10, steps: 30)
        #expect(try small.program.run(["start", "-e", "grpo", "-f", "straight"] + settings).status == 0)
        try begin("bent", steps: 30)
        kill(try #require(try small.show("grpo", "bent").pid(of: "model_worker/0")), SIGKILL)
        #expect(try small.waitForEnd("grpo", "bent") == "completed")
        for metric in ["sft/loss", "grpo_actor/actor_loss", "grpo_actor/reward"] {
            #expect(try small.metric(metric, "grpo", "straight") == small.metric(metric, "grpo", "bent"), "\(metric)")
        }
    }

    @Test func `a trial whose newest checkpoint is damaged goes on from the one before`() throws {
        try begin("damaged", steps: 100_000)
        #expect(small.waitFor(step: 27, "grpo", "damaged"))
        #expect(try small.program.run("stop", "-e", "grpo", "-f", "damaged").status == 0)
        let folder = URL(fileURLWithPath: small.folder.file("home/trials/grpo/damaged/checkpoints/actor"))
        let steps = try FileManager.default.contentsOfDirectory(atPath: folder.path).compactMap {
            $0.hasPrefix("step-") ? Int($0.dropFirst(5)) : nil
        }.sorted()
        let newest = try #require(steps.last), before = try #require(steps.dropLast().last)
        let weights = folder.appending(path: "step-\(newest)/model.safetensors")
        var bytes = try Data(contentsOf: weights)
        bytes[bytes.count - 2] ^= 1
        try bytes.write(to: weights)

        let resume = ["start", "-e", "grpo", "-f", "damaged", "--recover-mode", "resume", "--detach"]
        #expect(try small.program.run(resume).status == 0)
        #expect(small.waitFor(step: newest + 5, "grpo", "damaged"))
        let log = try small.program.run("logs", "-e", "grpo", "-f", "damaged", "--lines", "1000").output
        #expect(log.contains("the next attempt goes on from step \(before)"), "\(log)")
        #expect(try small.program.run("stop", "-e", "grpo", "-f", "damaged").status == 0)
        let points = try small.metric("grpo_actor/reward", "grpo", "damaged").map(\.step)
        #expect(points == Array(11..<(11 + points.count)))
    }

    @Test func `a killed dashboard changes nothing`() throws {
        try begin("watched")
        let session = try TerminalSession(small.program, ["attach", "-e", "grpo", "-f", "watched"])
        #expect(session.waitFor("watched") != nil, "\(session.screen.text)")
        kill(session.programPid, SIGKILL)
        #expect(try small.waitForEnd("grpo", "watched") == "completed")
        #expect(try small.show("grpo", "watched").workers.allSatisfy { $0.restarts == 0 })
        try expectWholeCurve("watched")
    }

    @Test func `where restarts are not allowed the first death ends the trial and is the reason given`() throws {
        let settings = small.grpo(sftSteps: 10, steps: 100_000, "restart.limit=0")
        #expect(try small.program.run(["start", "-e", "grpo", "-f", "once", "--detach"] + settings).status == 0)
        #expect(small.waitFor(step: 12, "grpo", "once"))
        kill(try #require(try small.show("grpo", "once").pid(of: "model_worker/1")), SIGKILL)
        #expect(try small.waitForEnd("grpo", "once") == "failed")
        #expect(try small.show("grpo", "once").statusDetail.contains("model_worker/1"))
        #expect(eventually { small.survivors.isEmpty })
    }
}
