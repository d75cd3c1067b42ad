import Foundation
import TestSupport
import Testing

/// Everything wrong that can be asked for: a clear error, at once, and nothing left behind.
@Suite struct WrongInputTests {
    private let small = SmallTrial()

    private func refusal(_ arguments: [String]) throws -> CockpitProgram.Result {
        let result = try small.program.run(arguments)
        #expect(result.status == 2, "\(arguments): \(result.status) \(result.errors)")
        return result
    }

    @Test func `an unknown experiment is refused with a suggestion`() throws {
        #expect(try refusal(["start", "-e", "grpo-artih", "-f", "x"]).errors.contains("Did you mean 'grpo-arith'?"))
    }

    @Test func `a trial name with an underscore is refused with a repaired one`() throws {
        #expect(try refusal(["start", "-e", "sft", "-f", "my_trial"]).errors.contains("my-trial"))
    }

    @Test func `an unknown setting is refused with a suggestion`() throws {
        let result = try refusal(["check", "-e", "sft", "-f", "x", "dataset.path=\(small.dataset)", "sft.stesp=3"])
        #expect(result.errors.contains("sft.steps"), "\(result.errors)")
    }

    @Test func `a check for a program prints what is wrong as JSON, with the same exit status`() throws {
        let result = try refusal(
            ["check", "-e", "sft", "-f", "x", "dataset.path=\(small.dataset)", "sft.stesp=3", "--json"])
        #expect(result.output.contains(#""valid":false"#), "\(result.output)")
        #expect(result.output.contains("sft.steps"), "\(result.output)")
    }

    @Test func `an unreadable configuration names the file, a wrong key its line`() throws {
        let missing = small.folder.file("missing.yaml")
        #expect(try refusal(["check", "-e", "sft", "-f", "x", "--config", missing]).errors.contains(missing))
        let path = small.folder.write("seed: 1\nsft:\n  steps: many\n", to: "wrong.yaml")
        #expect(try refusal(["check", "-e", "sft", "-f", "x", "--config", path]).errors.contains("wrong.yaml:3"))
    }

    @Test func `a missing dataset and an empty one are refused before anything starts`() throws {
        #expect(
            try refusal(["start", "-e", "sft", "-f", "x", "dataset.path=/nowhere.jsonl"]).errors.contains(
                "/nowhere.jsonl"))
        let empty = small.folder.write("", to: "empty.jsonl")
        #expect(try refusal(["start", "-e", "sft", "-f", "x", "dataset.path=\(empty)"]).errors.contains("empty.jsonl"))
        #expect(try small.program.run("list", "--json").output == "[]\n")
    }

    @Test func `a trial that does not exist is named, with what there is`() throws {
        for command in ["show", "stop", "attach", "replay", "logs", "metrics"] {
            let result = try small.program.run(command, "-e", "sft", "-f", "nothing")
            #expect(result.status == 2)
            #expect(result.errors.contains("sft/nothing"), "\(command): \(result.errors)")
        }
    }

    @Test func `a truncated run database is reported and the list still works`() throws {
        let trained = try small.program.run(["start", "-e", "sft", "-f", "cut"] + small.sft(steps: 3))
        #expect(trained.status == 0, "\(trained.errors)")
        let path = small.folder.file("home/trials/sft/cut/run.sqlite")
        let handle = try #require(FileHandle(forWritingAtPath: path))
        try handle.truncate(atOffset: 5000)
        try handle.close()
        let shown = try small.program.run("replay", "-e", "sft", "-f", "cut")
        #expect(shown.status != 0)
        let doctor = try small.program.run("doctor")
        #expect(doctor.status == 1)
        #expect(doctor.output.contains("✗ sft/cut"), "\(doctor.output)")
        #expect(try small.program.run("list", "--json").status == 0)
        for format in [[], ["--json"]] {
            let told = try small.program.run(["show", "-e", "sft", "-f", "cut"] + format)
            #expect(told.output.contains("completed"), "what run.json knows is shown")
            #expect(told.errors.contains("run.sqlite is damaged") && told.errors.contains("cockpit doctor"))
            #expect(told.status == 1)
        }
    }

    @Test func `without a terminal the dashboard says what to use instead`() throws {
        #expect(try refusal([]).errors.contains("cockpit list --json"))
    }

    @Test(arguments: [
        "experiments", "list", "doctor", "check", "start", "stop", "attach", "replay", "show", "logs", "metrics",
        "data", "demo", "snap", "archive",
    ])
    func `every command explains itself`(command: String) throws {
        let result = try small.program.run(command, "--help")
        #expect(result.status == 0)
        #expect(result.output.contains("OVERVIEW"))
    }
}
