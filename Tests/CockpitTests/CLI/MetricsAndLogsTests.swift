import Foundation
import Glibc
import Protocol
import Store
import TestSupport
import Testing

/// `metrics` and `logs` on a recorded trial, and what becomes of output that nobody takes.
@Suite struct MetricsAndLogsTests {
    private let stored = StoredHome()
    private let trial = ["-e", "sft", "-f", "first"]

    private func run(_ command: String, _ more: String...) throws -> CockpitProgram.Result {
        try stored.program.run([command] + trial + more)
    }

    // MARK: Metrics

    @Test func `a series called as the screens call it is told its whole name`() throws {
        try stored.add("first")
        #expect(
            try run("metrics", "--name", "loss").errors.contains(
                "sft/first has no metric 'loss'. Did you mean 'sft/loss'?"))
    }

    @Test func `a series is a line a step with its time`() throws {
        try stored.add("first", losses: [3, 2.5, .nan, -.infinity])
        let result = try run("metrics", "--name", "sft/loss")
        #expect(result.output == "1\t1.0\t3.0\n2\t2.0\t2.5\n3\t3.0\tnan\n4\t4.0\t-inf\n")
    }

    @Test func `a series as JSON has step, time and value, and words for what is no finite number`() throws {
        try stored.add("first", losses: [3, .nan, .infinity, -.infinity])
        let points = try JSONShape.array(try run("metrics", "--name", "sft/loss", "--json").output)
            .compactMap { $0 as? [String: Any] }
        #expect(points.allSatisfy { Set($0.keys) == ["step", "time", "value"] })
        #expect(points.map { $0["step"] as? Int } == [1, 2, 3, 4])
        #expect(points.map { $0["time"] as? Double } == [1, 2, 3, 4])
        #expect(points.first?["value"] as? Double == 3)
        #expect(points.dropFirst().map { $0["value"] as? String } == ["nan", "inf", "-inf"])
    }

    @Test func `without a name the series are listed`() throws {
        try stored.add("first")
        #expect(
            try run("metrics").output == """
                metric             points  last step  last
                sft/loss           3       3          2
                tokens_per_second  3       3          1234

                """)
        #expect(try run("metrics", "--json").output == #"["sft/loss","tokens_per_second"]"# + "\n")
    }

    @Test func `an unknown series is refused with the one that was meant`() throws {
        try stored.add("first")
        let result = try run("metrics", "--name", "sft/los")
        #expect(result.status == 2)
        #expect(result.output == "")
        #expect(
            result.errors == """
                cockpit: sft/first has no metric 'sft/los'. Did you mean 'sft/loss'?
                hint: list them with: cockpit metrics -e sft -f first

                """)
    }

    @Test func `more points than a page are all there, once each`() throws {
        try stored.add("first", losses: (1...40_000).map(Double.init))
        let lines = try run("metrics", "--name", "sft/loss").output.split(separator: "\n")
        #expect(lines.count == 40_000)
        #expect(lines.last?.hasPrefix("40000\t") == true)
        let points = try JSONShape.array(try run("metrics", "--name", "sft/loss", "--json").output)
            .compactMap { ($0 as? [String: Any])?["step"] as? Int }
        #expect(points == Array(1...40_000))
    }

    @Test func `what is damaged is left out, told on both streams, and fails`() throws {
        let id = try stored.add("first", losses: (1...600).map(Double.init))
        try stored.damage(id, "UPDATE chunk SET blob = x'00' WHERE id = 1")
        let text = try run("metrics", "--name", "sft/loss")
        #expect(text.status == 1)
        #expect(text.output.split(separator: "\n").count == 600 - 256)
        #expect(text.errors.contains("damaged: block 1: the values of series 1 are damaged\n"), "\(text.errors)")
        let json = try run("metrics", "--name", "sft/loss", "--json")
        #expect(json.status == 1)
        let elements = try JSONShape.array(json.output)
        #expect(elements.count == 600 - 256 + 1)
        #expect(JSONShape.keys(elements.last) == ["damage"])
        #expect(json.errors == text.errors)
        #expect(try run("metrics", "--name", "tokens_per_second").status == 0, "its own values are sound")
    }

    @Test func `a damaged row of the list of series is told too`() throws {
        let id = try stored.add("first")
        try stored.damage(id, "UPDATE series SET last = 7 WHERE key = 'sft/loss'")
        for format in [[], ["--json"]] {
            let result = try stored.program.run(["metrics"] + trial + format)
            #expect(result.status == 1)
            #expect(result.errors.contains("damaged: series 1: its row is damaged"), "\(result.errors)")
            #expect(result.output.contains("tokens_per_second"))
        }
        let shown = try stored.program.run(["show", "--json"] + trial)
        #expect(shown.status == 1)
        #expect(try JSONShape.object(shown.output)["damage"] as? [String] == ["series 1: its row is damaged"])
    }

    // MARK: Logs

    @Test(
        arguments: [
            ([], ["step 1 done", "a long answer was cut", "loss is odd"]),
            (["--level", "debug"], ["loaded 3 rows", "step 1 done", "a long answer was cut", "loss is odd"]),
            (["--level", "error"], ["loss is odd"]),
            (["--level", "warn"], ["a long answer was cut", "loss is odd"]),
            (["--worker", "master_worker/0"], ["a long answer was cut"]),
            (["--worker", "model_worker/7"], []),
            (["--lines", "1"], ["loss is odd"]),
            (["--lines", "0"], []),
            (["--lines", "1000000"], ["step 1 done", "a long answer was cut", "loss is odd"]),
            (["--follow"], ["step 1 done", "a long answer was cut", "loss is odd"]),
            (["--follow", "--lines", "0"], []),
            (["--follow", "--lines", "2", "--level", "warning"], ["a long answer was cut", "loss is odd"]),
        ] as [([String], [String])])
    func `logs prints what the options ask for`(options: [String], messages: [String]) throws {
        try stored.add("first")
        let result = try stored.program.run(["logs"] + trial + options + ["--json"])
        #expect(result.status == 0, "\(result.errors)")
        let lines = try result.output.split(separator: "\n").map { try JSONShape.object(String($0)) }
        #expect(lines.map { $0["message"] as? String } == messages)
        #expect(lines.allSatisfy { Set($0.keys) == ["time", "worker", "level", "message"] })
    }

    @Test func `logs for people have a clock, the worker and the level`() throws {
        try stored.add("first", logs: [StoredHome.log("two\nlines", .warning, at: 3_661)])
        #expect(try run("logs").output == " 61:01  model_worker/0  WARNING  two\n        lines\n")
    }

    @Test(arguments: [
        (["--level", "wrong"], "unknown level 'wrong'."), (["--level", "warnin"], "Did you mean 'warning'?"),
        (["--worker", "model"], "'model' is no worker id; one looks like model_worker/0."),
        (["--lines=-1"], "--lines must be 0 or more."), (["--lines", "many"], "The value 'many' is invalid"),
    ])
    func `logs refuses options that make no sense`(options: [String], message: String) throws {
        try stored.add("first")
        let result = try stored.program.run(["logs"] + trial + options)
        #expect(result.status == 2)
        #expect(result.output == "")
        #expect(result.errors.contains(message), "\(result.errors)")
    }

    // MARK: Readers that go away, disks that are full

    /// A log of some 200 KB, more than a pipe holds.
    private func addLongLog() throws -> Int {
        let lines = (0..<2_000).map { StoredHome.log("line \($0) " + String(repeating: "x", count: 80), .info, at: 1) }
        try stored.add("first", logs: lines)
        return lines.count
    }

    private func pipeEnds() -> (reading: FileHandle, writing: FileHandle) {
        var ends: [Int32] = [-1, -1]
        #expect(pipe(&ends) == 0)
        // Another test's child that held an end would keep the pipe alive.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (FileHandle(fileDescriptor: ends[0], closeOnDealloc: true), FileHandle(fileDescriptor: ends[1]))
    }

    @Test func `a reader that goes away ends the program quietly`() throws {
        _ = try addLongLog()
        let (reading, writing) = pipeEnds()
        let process = try stored.program.start(["logs"] + trial + ["--lines", "5000"], output: writing)
        try writing.close()
        let beginning = try reading.read(upToCount: 10)
        try reading.close()
        process.waitUntilExit()
        #expect(beginning?.count == 10)
        #expect(process.terminationReason == .exit, "no signal")
        #expect(process.terminationStatus == 0)
    }

    @Test func `a pipe that does not block loses nothing`() throws {
        let count = try addLongLog()
        let (reading, writing) = pipeEnds()
        _ = fcntl(writing.fileDescriptor, F_SETFL, O_NONBLOCK)
        let process = try stored.program.start(["logs"] + trial + ["--lines", "5000"], output: writing)
        try writing.close()
        let text = String(decoding: try #require(try reading.readToEnd()), as: UTF8.self)
        process.waitUntilExit()
        #expect(text.split(separator: "\n").count == count)
        #expect(process.terminationStatus == 0)
    }

    @Test(arguments: [["list"], ["list", "--json"], ["show", "-e", "sft", "-f", "first"], ["snap", "--txt", "-"]])
    func `a full disk is an error and no empty success`(command: [String]) throws {
        try stored.add("first")
        let full = try #require(FileHandle(forWritingAtPath: "/dev/full"))
        let process = try stored.program.start(command, output: full)
        process.waitUntilExit()
        #expect(process.terminationStatus == 1)
    }
}
