import Foundation
import Protocol
import Store
import TestSupport
import Testing

@testable import Cockpit

/// `list`, `show` and `doctor` on trials that were recorded before.
@Suite struct ShowAndListTests {
    private let stored = StoredHome()

    @Test func `show prints state, workers and last values`() throws {
        try stored.add("first")
        let result = try stored.program.run("show", "-e", "sft", "-f", "first")
        #expect(result.status == 0, "\(result.errors)")
        #expect(
            result.output == """
                sft/first  completed  step 3/3
                started 2026-11-19 09:00:00

                worker           state      pid  restarts
                master_worker/0  completed  -    0
                model_worker/0   completed  -    0

                metric             last
                sft/loss           2
                tokens_per_second  1234

                """)
        #expect(result.errors == "")
    }

    @Test func `show --json has the documented shape and no process id where none lives`() throws {
        try stored.add("first", losses: [3, .nan])
        let text = try stored.program.run("show", "-e", "sft", "-f", "first", "--json").output
        let shown = try JSONShape.object(text)
        #expect(
            Set(shown.keys) == [
                "experiment", "trial", "status", "statusDetail", "step", "totalSteps", "started", "orchestrator",
                "workers", "metrics",
            ])
        #expect(shown["experiment"] as? String == "sft")
        #expect(shown["status"] as? String == "completed")
        #expect(shown["step"] as? Int == 2)
        #expect(shown["totalSteps"] as? Int == 3)
        #expect(shown["started"] as? Double == 1_795_078_800)
        #expect(JSONShape.keys(shown["orchestrator"]) == [])
        let workers = shown["workers"] as? [[String: Any]] ?? []
        #expect(workers.map { $0["id"] as? String } == ["master_worker/0", "model_worker/0"])
        #expect(workers.map(JSONShape.keys) == Array(repeating: ["id", "pid", "state", "restarts"], count: 2))
        #expect((shown["metrics"] as? [String: Any])?["sft/loss"] as? String == "nan")
        #expect(text.filter { $0 == "\n" }.count == 1, "one line where nobody reads it on a terminal")
    }

    @Test func `list --json is an array of what show --json prints, newest first`() throws {
        try stored.add("old", startedWall: StoredHome.started - StoredHome.second)
        try stored.add("new", status: .failed, detail: "model_worker/0: out of memory")
        let listed = try JSONShape.array(try stored.program.run("list", "--json").output)
        let shown = try ["new", "old"].map { trial in
            try JSONShape.object(try stored.program.run("show", "-e", "sft", "-f", trial, "--json").output)
        }
        #expect(listed as NSArray == shown as NSArray)
    }

    @Test func `a list has a line a trial with columns below each other`() throws {
        try stored.add("a", startedWall: StoredHome.started - StoredHome.second)
        try stored.add("long-name-of-a-trial", status: .failed, detail: "out of memory\nat step 2")
        #expect(
            try stored.program.run("list").output == """
                trial                     status     step  started              detail
                sft/long-name-of-a-trial  failed     3/3   2026-11-19 09:00:00  out of memory
                sft/a                     completed  3/3   2026-11-19 08:59:59  \("")

                """)
    }

    private static let ofEvil = ["-e", "sft", "-f", "evil"]

    @Test(
        arguments: [
            ["show"] + ofEvil, ["show", "--json"] + ofEvil, ["list"], ["list", "--json"], ["logs"] + ofEvil,
            ["logs", "--json"] + ofEvil,
        ])
    func `what a worker said cannot reach the terminal's controls`(command: [String]) throws {
        let attack = "boom\u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}31m\r\u{202e}txt.exe\u{2066}\u{200f}\u{7f}"
        try stored.add("evil", status: .failed, detail: attack, logs: [StoredHome.log(attack, .error, at: 1)])
        let result = try stored.program.run(command)
        #expect(result.output.contains(command.contains("--json") ? "boom\\u001b]0;owned" : "boom\u{241b}]0;owned"))
        let acted = result.output.unicodeScalars.filter { $0 != "\n" && CharacterWidth.printable($0) != $0 }
        #expect(acted.isEmpty)
        if command.contains("--json") {
            #expect(
                result.output.contains("\\u009b31m") && result.output.contains("\\u202etxt"),
                "the same text all the same")
        }
    }

    @Test func `names of series and workers cannot either`() throws {
        let id = try stored.add("evil")
        let name = "'w' || char(27) || '[2J' || char(10)"
        // Without a checksum they count as what a version before wrote.
        try stored.damage(id, "UPDATE worker SET id = \(name) || id, crc = NULL")
        try stored.damage(id, "UPDATE log SET worker = \(name), crc = NULL")
        for command in ["show", "logs"] {
            let output = try stored.program.run([command] + Self.ofEvil).output
            #expect(output.contains("w\u{241b}[2J"), "\(output)")
            #expect(!output.contains("\u{1b}"))
        }
    }

    @Test(arguments: [
        ["show", "-e", "sft", "-f", "x\u{1b}[2J"], ["start", "-e", "\u{1b}]0;x\u{7}", "-f", "a"], ["\u{1b}[2J"],
        ["list", "--\u{1b}[2J"],
    ])
    func `an error that quotes what was typed cannot either`(command: [String]) throws {
        let result = try stored.program.run(command)
        #expect(result.status != 0)
        #expect(
            !result.errors.unicodeScalars.contains { $0 != "\n" && CharacterWidth.printable($0) != $0 },
            "\(result.errors)")
    }

    @Test(arguments: [("strat", "start"), ("lst", "list"), ("metric", "metrics")])
    func `a mistyped command is met with the one that was meant`(typed: String, meant: String) throws {
        let result = try stored.program.run(typed, "-e", "sft", "-f", "first")
        #expect(result.status == 2)
        #expect(
            result.errors
                == "cockpit: there is no command '\(typed)'. Did you mean '\(meant)'?\nhint: list the commands with: cockpit --help\n"
        )
    }

    @Test func `a run that nobody ended is lost, not running`() throws {
        try stored.add("gone", status: .running)
        #expect(
            try stored.program.run("show", "-e", "sft", "-f", "gone").output.hasPrefix("sft/gone  lost  step 3/3\n"))
    }

    @Test func `an empty home is no error and says how to begin`() throws {
        let result = try stored.program.run("list")
        #expect(result.status == 0)
        #expect(result.output == "")
        #expect(result.errors == "no trials yet; try: cockpit demo, or: cockpit start -e grpo-arith -f first\n")
        #expect(try stored.program.run("list", "--json").output == "[]\n")
    }

    @Test(arguments: [["list"], ["list", "--json"], ["snap", "--txt", "-"]])
    func `a home that cannot be read is not taken for an empty one`(command: [String]) throws {
        let path = stored.folder.write("not a folder", to: "file")
        let result = try CockpitProgram(home: path).run(command)
        #expect(result.status == 1)
        #expect(result.output == "")
        #expect(
            result.errors
                == "cockpit: \(path) is not a folder\nhint: set COCKPIT_HOME to a folder that you may read\n")
    }

    @Test func `commands that only read write nothing`() throws {
        try stored.add("first")
        func names() -> [String] { (FileManager.default.subpaths(atPath: stored.folder.path) ?? []).sorted() }
        let before = names(), trial = ["-e", "sft", "-f", "first"]
        let commands = [
            ["list"], ["list", "--json"], ["show"] + trial, ["logs"] + trial, ["logs", "--follow"] + trial,
            ["metrics"] + trial, ["metrics", "--name", "sft/loss"] + trial, ["snap", "--txt", "-"],
            ["snap", "--txt", "-"] + trial, ["doctor"], ["experiments"],
        ]
        for command in commands {
            #expect(try stored.program.run(command).status == 0, "\(command)")
            #expect(names() == before, "\(command)")
        }
        let nowhere = CockpitProgram(home: stored.folder.file("nowhere"))
        for command in [["list"], ["doctor"], ["snap", "--txt", "-"]] { _ = try nowhere.run(command) }
        #expect(names() == before, "a home that is not there is not made")
    }

    @Test func `a trial is archived, and a copy of the file alone of a live one does not look whole`() throws {
        let id = try stored.add("first")
        let copied = try stored.program.run("archive", "sft/first", stored.folder.file("copy"), "--json")
        #expect(copied.status == 0, "\(copied.errors)")
        #expect(
            Set(try JSONShape.object(copied.output).keys) == ["trial", "folder", "files", "bytes", "vanished"])
        let again = try stored.program.run("archive", "sft/first", stored.folder.file("copy"))
        #expect(again.status == 2)
        #expect(again.errors.contains("is there already"))
        let wrong = try stored.program.run("archive", "first", stored.folder.file("other"))
        #expect(wrong.status == 2 && wrong.errors.contains("'first' names no trial"))
        try stored.damage(id, "UPDATE run SET closed = 0")
        for command in ["show", "metrics"] {
            let result = try stored.program.run(command, "-e", "sft", "-f", "first")
            #expect(result.status == 1)
            #expect(result.errors.contains("run.sqlite-wal) is missing"), "\(result.errors)")
        }
        #expect(try stored.program.run("doctor").output.contains("✗ sft/first  its log"))
        #expect(try stored.program.run("--ascii", "doctor").output.contains("x sft/first  its log"))
    }

    @Test func `doctor finds every trial sound`() throws {
        try stored.add("first")
        let result = try stored.program.run("doctor")
        #expect(result.status == 0, "\(result.output)")
        // The home, the terminal, the devices, four tries of the place, and the trial.
        #expect(result.output.split(separator: "\n").map { $0.prefix(1) } == Array(repeating: "✓", count: 8))
        #expect(result.output.contains("✓ sft/first  sound\n"))
    }

    @Test func `doctor names the one trial that is damaged and fails`() throws {
        try stored.add("good")
        let bad = try stored.add("bad")
        let handle = try #require(FileHandle(forUpdatingAtPath: stored.home.trial(bad).database))
        try handle.truncate(atOffset: 9_000)
        try handle.close()
        let result = try stored.program.run("doctor", "--json")
        #expect(result.status == 1)
        let findings = try JSONShape.array(result.output).compactMap { $0 as? [String: Any] }
        #expect(findings.allSatisfy { Set($0.keys) == ["subject", "isGood", "detail"] })
        #expect(findings.filter { $0["isGood"] as? Bool == false }.map { $0["subject"] as? String } == ["sft/bad"])
        #expect(try stored.program.run("doctor").output.contains("✗ sft/bad  "))
    }

    @Test(arguments: ["DELETE FROM run", "UPDATE run SET header = '{}'", "UPDATE run SET header = x'ff'"])
    func `doctor finds what no command can open`(sql: String) throws {
        let id = try stored.add("first")
        try stored.damage(id, sql)
        let shown = try stored.program.run("show", "-e", "sft", "-f", "first")
        #expect(shown.status == 1)
        #expect(shown.errors.contains("is damaged"), "\(shown.errors)")
        let doctor = try stored.program.run("doctor")
        #expect(doctor.status == 1)
        #expect(doctor.output.contains("✗ sft/first  "), "\(doctor.output)")
    }

    @Test func `doctor says when the home is no folder`() throws {
        let path = stored.folder.write("", to: "file")
        let result = try CockpitProgram(home: path).run("doctor")
        #expect(result.status == 1)
        #expect(result.output.hasPrefix("✗ home  \(path) is not a folder\n"))
    }

    @Test func `doctor finds what start finds of a home that others may write in`() throws {
        try stored.add("first")
        chmod(stored.home.path, 0o770)
        let result = try stored.program.run("doctor")
        #expect(result.status == 1)
        #expect(result.output.contains("✗ home  other users may write in the home \(stored.home.path)"))
        #expect(result.output.contains("keep it yours with: chmod go-w \(stored.home.path)"))
        chmod(stored.home.path, 0o700)
        #expect(try stored.program.run("doctor").status == 0)
    }

    @Test func `what ended cannot be stopped`() throws {
        try stored.add("first")
        let result = try stored.program.run("stop", "-e", "sft", "-f", "first")
        #expect(result.status == 1)
        #expect(result.output == "")
        #expect(result.errors == "cockpit: sft/first is not running: it is completed\n")
    }

    @Test(arguments: ["show", "logs", "metrics", "stop", "attach", "replay"])
    func `a slip in a trial's name is met with the name that was meant`(command: String) throws {
        try stored.add("first")
        let result = try stored.program.run(command, "-e", "sft", "-f", "frist")
        #expect(result.status == 2)
        #expect(result.output == "")
        #expect(result.errors.contains("there is no trial sft/frist. Did you mean 'sft/first'?"), "\(result.errors)")
        #expect(result.errors.contains("hint: list what there is with: cockpit list"))
    }
}
