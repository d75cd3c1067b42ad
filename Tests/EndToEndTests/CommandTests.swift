import Foundation
import TestSupport
import Testing

/// The commands that need no trial, as a shell sees them: what goes to which stream, and the exit status.
@Suite struct CommandTests {
    private let folder = TemporaryFolder()
    private var program: CockpitProgram { CockpitProgram(home: folder.file("home")) }

    private struct Experiment: Decodable {
        struct Setting: Decodable {
            let path: String
            let kind: String
            let help: String
        }
        let name: String
        let summary: String
        let settings: [Setting]
    }

    private struct Dataset: Decodable {
        let train: String
        let heldout: String
        let trainRows: Int
        let heldoutRows: Int
    }

    private struct Plan: Decodable {
        let trial: String
        let steps: Int
        let workers: [String]
        let setups: [String]
    }

    // MARK: Experiments

    @Test func `experiments are listed with a sentence each, and as JSON with their settings`() throws {
        let text = try program.run("experiments")
        let listed = try program.run("experiments", "--json").json([Experiment].self)
        #expect(text.output.split(separator: "\n").map { $0.prefix { $0 != "\t" } } == listed.map { $0.name[...] })
        #expect(Set(listed.map(\.name)).isSuperset(of: ["sft", "grpo", "grpo-arith"]))
        for setting in listed.flatMap(\.settings) { #expect(!setting.help.isEmpty && !setting.kind.isEmpty) }
    }

    @Test(arguments: ["^sft", "arith$", "^grpo$", "", ".", "zebra"])
    func `-r keeps the experiments whose names match`(pattern: String) throws {
        let found = try program.run("experiments", "-r", pattern, "--json").json([Experiment].self).map(\.name)
        let all = try program.run("experiments", "--json").json([Experiment].self).map(\.name)
        let expected = all.filter { $0.range(of: pattern, options: .regularExpression) != nil || pattern.isEmpty }
        #expect(found == expected)
    }

    @Test func `one match is shown with its settings, none is said on the error stream`() throws {
        #expect(try program.run("experiments", "-r", "^sft$").output.contains("sft.steps"))
        #expect(try program.run("experiments", "--settings").output.contains("grpo.group_size"))
        let page = try program.run("experiments", "--settings", "--markdown")
        #expect(page.output == (try SourceTree.text("docs/guide/settings.md")))
        let none = try program.run("experiments", "-r", "zebra")
        #expect(none.status == 0)
        #expect(none.output == "")
        #expect(none.errors == "no experiment matches 'zebra'\n")
        #expect(try program.run("experiments", "-r", "zebra", "--json").output == "[]\n")
    }

    @Test(arguments: ["[", "(", "*", "a{2,1}"])
    func `a broken pattern is refused`(pattern: String) throws {
        let result = try program.run("experiments", "-r", pattern)
        #expect(result.status == 2)
        #expect(result.output == "")
        #expect(result.errors.hasPrefix("cockpit: '\(pattern)' is no regular expression\n"))
    }

    // MARK: Data and check

    @Test func `data is split into two files, the same for the same seed`() throws {
        let made = try program.run(
            "data", "arithmetic", "--out", folder.file("a"), "--held-out", "100", "--seed", "7", "--json"
        ).json(Dataset.self)
        #expect(made.trainRows == 8_000)
        #expect(made.heldoutRows == 100)
        let rows = try [made.train, made.heldout].map { try String(contentsOfFile: $0, encoding: .utf8) }
        #expect(rows.map { $0.split(separator: "\n").count } == [8_000, 100])
        #expect(Set((rows[0] + rows[1]).split(separator: "\n")).count == 8_100, "no row is in both")
        let again = try program.run(
            "data", "arithmetic", "--out", folder.file("b"), "--held-out", "100", "--seed", "7")
        #expect(
            again.output == "\(folder.file("b/train.jsonl"))\t8000 rows\n\(folder.file("b/heldout.jsonl"))\t100 rows\n")
        #expect(try String(contentsOfFile: folder.file("b/train.jsonl"), encoding: .utf8) == rows[0])
    }

    @Test(arguments: [(["--held-out", "0"], "0 held-out rows"), (["--held-out", "8100"], "8100 held-out rows")])
    func `a split that leaves a part empty is refused with the range`(options: [String], message: String) throws {
        let result = try program.run(["data", "arithmetic", "--out", folder.file("a")] + options)
        #expect(result.status != 0)
        #expect(result.output == "")
        #expect(result.errors.contains(message))
        #expect(result.errors.contains("hint: choose between 1 and 8099"))
    }

    @Test func `data that cannot be written names the folder`() throws {
        let file = folder.write("", to: "file")
        let result = try program.run("data", "arithmetic", "--out", "\(file)/a")
        #expect(result.status == 1)
        #expect(result.errors.hasPrefix("cockpit: the dataset cannot be written to \(file)/a\n"))
    }

    @Test func `check says what would run and leaves no trace`() throws {
        let dataset = folder.write(#"{"prompt":"1+1=","answer":"2"}"# + "\n", to: "rows.jsonl")
        let arguments = ["check", "-e", "sft", "-f", "x", "dataset.path=\(dataset)", "sft.steps=3", "sft.batch_size=1"]
        let text = try program.run(arguments)
        #expect(text.status == 0, "\(text.errors)")
        #expect(text.output.hasPrefix("sft/x is valid: 3 steps on "))
        let plan = try program.run(arguments + ["--json"]).json(Plan.self)
        #expect(plan.trial == "sft/x")
        #expect(plan.steps == 3)
        #expect(plan.workers.first == "master_worker/0")
        #expect(!plan.setups.isEmpty)
        #expect(try program.run("list", "--json").output == "[]\n")
    }

    // MARK: What every command has in common

    @Test(arguments: [
        ["frobnicate"], ["list", "--bogus"], ["show"], ["show", "-e", "sft"], ["metrics", "-e"],
        ["start", "-e", "sft", "-f", "x", "--mode", "slurm"],
        ["start", "-e", "sft", "-f", "x", "--detach", "--headless"],
        ["stop", "-e", "sft", "-f", "x", "--timeout", "soon"], ["data"],
        ["stop", "-e", "sft", "-f", "x", "--stop-within", "now"], ["stop", "-e", "sft", "-f", "x", "--mode", "slurm"],
        ["start", "-e", "sft", "-f", "x", "--resume-from", "3"], ["data", "geometry"],
        ["data", "arithmetic", "--out", "x", "--seed", "many"],
        ["show", "-e", "a_b", "-f", "x"], ["show", "-e", "", "-f", "x"], ["show", "-e", "sft", "-f", "../../etc"],
        ["start", "-e", "sft", "-f", "x", "--recover-mode", "resmue"],
        ["worker", "--id", "x", "--attempt", "1", "--runtime", "r"],
    ])
    func `a request that is wrong ends with status 2, a word on the error stream and nothing else`(
        arguments: [String]
    ) throws {
        let result = try program.run(arguments)
        if arguments == ["data"] {
            #expect(result.status == 0, "a group of commands explains itself")
            return
        }
        #expect(result.status == 2, "\(result.errors)")
        #expect(result.output == "")
        #expect(!result.errors.isEmpty)
        #expect(!FileManager.default.fileExists(atPath: folder.file("home")))
    }

    @Test func `help and version go to standard output`() throws {
        let help = try program.run("--help")
        #expect(help.status == 0)
        #expect(help.errors == "")
        for word in ["start", "attach", "replay", "list", "metrics", "snap", "doctor", "COCKPIT_HOME"] {
            #expect(help.output.contains(word))
        }
        for hidden in ["orchestrate", "worker ", "bench"] { #expect(!help.output.contains(hidden), "\(hidden)") }
        #expect(try program.run("help", "list").output == program.run("list", "--help").output)
        #expect(try program.run("--version").output == "0.1.0\n")
    }

    @Test func `internal commands that are called by hand fail and say so`() throws {
        for arguments in [
            ["orchestrate", "{}"], ["orchestrate", "no json"],
            ["worker", "--id", "model_worker/0", "--attempt", "1", "--runtime", folder.file("nowhere")],
        ] {
            let result = try program.run(arguments)
            #expect(result.status == 1, "\(arguments)")
            #expect(!result.errors.isEmpty)
        }
    }

    @Test func `benchmarks are found by suite and case, and the known ones are named`() throws {
        let help = try program.run("bench", "--help")
        #expect(help.status == 0)
        for word in [
            "training: tiny, small, gpt2-124m-b4t64", "generation: tiny-b1", "rl: grpo-tiny", "store", "--case",
        ] {
            #expect(help.output.contains(word), "\(word)")
        }
        let suite = try program.run("bench", "trainign", "--case", "tiny")
        #expect(suite.status == 2)
        #expect(
            suite.errors == """
                cockpit: there is no benchmark 'trainign'. Did you mean 'training'?
                hint: choose one of training, generation, rl, kernels, store, transport

                """)
        let unknown = try program.run("bench", "generation", "--case", "tiny")
        #expect(unknown.status == 2)
        #expect(
            unknown.errors == """
                cockpit: The generation benchmark has no case 'tiny'.
                hint: Choose one of tiny-b1, tiny-b32, small-b1, small-b32, ragged.

                """)
        let kernel = try program.run("bench", "kernels", "--case", "attention-tiny", "--threads", "1", "--seconds", "0")
        #expect(kernel.status == 0, "\(kernel.errors)")
        #expect(kernel.output.hasPrefix("{") && kernel.output.contains("\"attention-tiny\""))
    }

    @Test func `a demo is not replaced without a word`() throws {
        try FileManager.default.createDirectory(
            atPath: folder.file("home/trials/grpo-arith/demo"), withIntermediateDirectories: true)
        let result = try program.run("demo", "--headless")
        #expect(result.status == 1)
        #expect(
            result.errors == """
                cockpit: there is a demo already
                hint: replace it with --replace, or look at it with: cockpit replay -e grpo-arith -f demo

                """)
        #expect(!FileManager.default.fileExists(atPath: folder.file("home/data")), "asked before anything is made")
    }
}
