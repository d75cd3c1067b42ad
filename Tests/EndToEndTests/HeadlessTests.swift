import Foundation
import TestSupport
import Testing

/// A trial without a terminal, on a file that nobody prepared for it.
@Suite(.serialized) struct HeadlessTests {
    private let small = SmallTrial()

    @Test func `a trial on any jsonl file runs to its end and leaves every step in the store`() throws {
        let result = try small.program.run(["start", "-e", "sft", "-f", "mine"] + small.sft(steps: 12))
        #expect(result.status == 0, "\(result.output)\n\(result.errors)")
        #expect(result.output.contains("sft/mine completed at step 12/12"))
        let losses = try small.metric("sft/loss", "sft", "mine")
        #expect(losses.map(\.step) == Array(1...12))
        let shown = try small.show("sft", "mine")
        #expect(shown.status == "completed")
        #expect(shown.orchestrator.pid == nil)
        #expect(small.survivors.isEmpty)
    }

    @Test func `one command begins a trial, goes on with it and has nothing left to do`() throws {
        let command = ["start", "-e", "sft", "-f", "again", "--recover-mode", "auto"] + small.sft(steps: 400)
        let process = try small.program.start(command)
        #expect(small.waitFor(step: 3, "sft", "again"))
        kill(process.processIdentifier, SIGTERM)
        process.waitUntilExit()
        #expect(process.terminationStatus == 3)
        let second = try small.program.run(command)
        #expect(second.status == 0, "\(second.errors)")
        #expect(second.errors.contains("sft/again goes on from step"), "\(second.errors)")
        #expect(try small.metric("sft/loss", "sft", "again").map(\.step) == Array(1...400))
        let third = try small.program.run(command)
        #expect(third.status == 0)
        #expect(third.errors.contains("has completed"), "\(third.errors)")
    }

    @Test func `two setups run one after another and tensors cross workers`() throws {
        let result = try small.program.run(
            ["start", "-e", "grpo", "-f", "both", "--json"] + small.grpo(sftSteps: 3, steps: 4))
        #expect(result.status == 0, "\(result.output)\n\(result.errors)")
        #expect(try small.metric("sft/loss", "grpo", "both").map(\.step) == [1, 2, 3])
        #expect(try small.metric("grpo_actor/reward", "grpo", "both").map(\.step) == [4, 5, 6, 7])
        let accuracy = try small.metric("eval/accuracy", "grpo", "both")
        #expect(accuracy.map(\.step).contains(3), "the curve has the point where GRPO begins")
        let last = try #require(result.output.split(separator: "\n").last)
        #expect(last.contains(#""event":"end""#))
        #expect(last.contains(#""status":"completed""#))
    }

    @Test func `the log of a healthy trial is its story, and screens find the series that they look for`() throws {
        let result = try small.program.run(
            ["start", "-e", "grpo", "-f", "told"] + small.grpo(sftSteps: 3, steps: 4))
        #expect(result.status == 0, "\(result.output)\n\(result.errors)")
        let log = try small.program.run("logs", "-e", "grpo", "-f", "told").output
        for sentence in ["step 3/7 (sft)", "step 7/7 (grpo): reward", "evaluated after step", "saved actor after step"]
        {
            #expect(log.contains(sentence), "\(sentence) in\n\(log)")
        }
        for word in ["WARN", "ERROR", "{\""] { #expect(!log.contains(word), "\(word) in\n\(log)") }
        let series = try small.show("grpo", "told").metrics.keys
        for name in [
            "timeperf/e2e", "tokens_per_second", "generated_tokens_per_second", "buffer/size", "eval/accuracy",
            "sft/loss", "grpo_actor/reward", "grpo_actor/kl_ref", "grpo_actor/actor_loss", "grpo_actor/reward_std",
            "grpo_actor/equal_reward_groups",
        ] { #expect(series.contains(name), "\(name) in \(series.sorted())") }
        let snap = try small.program.run(
            "snap", "-e", "grpo", "-f", "told", "--width", "160", "--txt", "-"
        ).output
        #expect(snap.contains("done at step 7"), "\(snap)")
    }

    @Test func `one seed gives one curve`() throws {
        for trial in ["a", "b"] {
            let result = try small.program.run(
                ["start", "-e", "grpo", "-f", trial, "seed=5"] + small.grpo(sftSteps: 3, steps: 3))
            #expect(result.status == 0, "\(result.errors)")
        }
        for metric in ["sft/loss", "grpo_actor/reward", "grpo_actor/actor_loss", "eval/accuracy"] {
            #expect(try small.metric(metric, "grpo", "a") == small.metric(metric, "grpo", "b"), "\(metric)")
        }
    }

    @Test func `a broken row is skipped and counted, or ends the trial with its line number`() throws {
        let rows = #"{"prompt":"1+1=","answer":"2"}"# + "\n{broken\n" + #"{"prompt":"2+2=","answer":"4"}"# + "\n"
        let path = small.folder.write(rows, to: "broken.jsonl")
        let common = ["dataset.path=\(path)", "sft.steps=2", "sft.batch_size=2"] + SmallTrial.model
        let strict = try small.program.run(["start", "-e", "sft", "-f", "strict", "dataset.bad_row=fail"] + common)
        #expect(strict.status == 2)
        #expect((strict.output + strict.errors).contains("broken.jsonl:2"), "\(strict.output)\n\(strict.errors)")
        let lenient = try small.program.run(
            ["start", "-e", "sft", "-f", "lenient", "dataset.bad_row_limit=0.4"] + common)
        #expect(lenient.status == 0, "\(lenient.output)\n\(lenient.errors)")
        #expect(lenient.output.contains("data/rows_left_out 1"), "\(lenient.output)")
        #expect(try small.program.run("show", "-e", "sft", "-f", "lenient").output.contains("data/rows_left_out"))
        let log = try small.program.run("logs", "-e", "sft", "-f", "lenient", "--level", "warning")
        #expect(log.output.contains("broken.jsonl:2"), "\(log.output)")
        let screen = try small.program.run("snap", "-e", "sft", "-f", "lenient", "--txt", "-")
        #expect(screen.output.contains("1 row left out"), "\(screen.output)")
    }

    @Test func `Ctrl-C on a headless trial stops it in order`() throws {
        let process = try small.program.start(["start", "-e", "sft", "-f", "long"] + small.sft(steps: 100_000))
        #expect(small.waitFor(step: 3, "sft", "long"))
        kill(process.processIdentifier, SIGINT)
        process.waitUntilExit()
        #expect(process.terminationStatus == 3)
        #expect(try small.show("sft", "long").status == "stopped")
        #expect(eventually { small.survivors.isEmpty })
    }

    @Test func `stop works from any shell and a second start is refused while it runs`() throws {
        let started = try small.program.run(
            ["start", "-e", "sft", "-f", "once", "--detach"] + small.sft(steps: 100_000))
        #expect(started.status == 0, "\(started.errors)")
        let second = try small.program.run(["start", "-e", "sft", "-f", "once", "--detach"] + small.sft(steps: 5))
        #expect(second.status != 0)
        #expect(second.errors.contains("running"), "\(second.errors)")
        let stopped = try small.program.run("stop", "-e", "sft", "-f", "once")
        #expect(stopped.status == 0, "\(stopped.errors)")
        #expect(try small.show("sft", "once").status == "stopped")
        #expect(eventually { small.survivors.isEmpty })
    }

    @Test func `what a trial leaves can be begun with, adapters and a policy of its own included`() throws {
        func checkpoint(_ experiment: String, _ trial: String, _ step: Int) -> String {
            "\(small.folder.path)/home/trials/\(experiment)/\(trial)/checkpoints/actor/step-\(step)"
        }
        func complete(_ experiment: String, _ trial: String, _ settings: [String]) throws {
            let result = try small.program.run(["start", "-e", experiment, "-f", trial] + settings)
            #expect(result.status == 0, "\(result.output)\n\(result.errors)")
        }
        try complete("sft", "base", small.sft(steps: 3, "model.dropout=0.1", "sft.schedule=cosine"))
        let base = "model.checkpoint=\(checkpoint("sft", "base", 3))"
        try complete("grpo", "alone", small.grpo(sftSteps: 0, steps: 2, base, "grpo.temperature=0.7"))
        let ratios = try small.metric("grpo_actor/importance_weight", "grpo", "alone")
        #expect(ratios.allSatisfy { abs($0.value - 1) < 1e-5 })
        try complete("grpo", "adapted", small.grpo(sftSteps: 2, steps: 2, base, "sft.lora_rank=2", "grpo.lora_rank=2"))
        let adapted = checkpoint("grpo", "adapted", 4)
        #expect(FileManager.default.fileExists(atPath: "\(adapted)/adapter/adapter_model.safetensors"))
        try complete("sft", "again", small.sft(steps: 2, "model.checkpoint=\(adapted)"))
    }

    @Test func `rows longer than the model in a folder takes are refused before anything starts`() throws {
        #expect(try small.program.run(["start", "-e", "sft", "-f", "base"] + small.sft(steps: 1)).status == 0)
        let path = "\(small.folder.path)/home/trials/sft/base/checkpoints/actor/step-1"
        let result = try small.program.run(
            ["check", "-e", "sft", "-f", "long"]
                + small.sft(steps: 1, "model.checkpoint=\(path)", "dataset.max_length=17"))
        #expect(result.status == 2)
        #expect(
            result.errors.contains("dataset.max_length=17 is above the context of 16 tokens of the model in \(path)"))
    }
}
