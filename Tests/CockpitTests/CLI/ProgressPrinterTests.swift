import Foundation
import Orchestrator
import Protocol
import Testing

@testable import Cockpit
@testable import Store

/// The lines of a headless run.
@Suite struct ProgressPrinterTests {
    private func snapshot(step: Int, seconds: Int64, events: [LifecycleRow] = [], total: Int = 460) throws
        -> RunSnapshot
    {
        var snapshot = try RunFixtures.snapshot(at: max(1, seconds))
        snapshot.step = step
        snapshot.time = seconds * RunFixtures.second
        snapshot.totalSteps = total
        snapshot.events = events
        snapshot.series = [
            SeriesRow(key: "sft/loss", count: 1, lastStep: step, lastTime: 0, last: 0.4212345),
            SeriesRow(key: "tokens_per_second", count: 1, lastStep: step, lastTime: 0, last: 12345.6),
        ]
        return snapshot
    }

    private func event(_ kind: String, at seconds: Int64, detail: String = "") -> LifecycleRow {
        LifecycleRow(time: seconds * RunFixtures.second, kind: kind, worker: "", detail: detail)
    }

    @Test func `a step is one line with the values that tell most and the time that is left`() throws {
        var printer = ProgressPrinter(format: .text, utcOffset: 0)
        #expect(
            try printer.lines(for: snapshot(step: 100, seconds: 200)) == [
                "  3:20  step 100/460  sft/loss 0.4212  tokens_per_second 12346  ETA 16m 09:18"
            ])
    }

    @Test func `there is no guess of the rest without a pace or after the last`() throws {
        var printer = ProgressPrinter(format: .text)
        for (step, total) in [(460, 460), (500, 460), (7, 0)] {
            let line = try printer.lines(for: snapshot(step: step, seconds: 60, total: total)).first
            #expect(line?.contains("ETA") == false, "\(step)/\(total)")
        }
        var young = try snapshot(step: 4, seconds: 60)
        #expect(try printer.lines(for: young).first?.contains("ETA") == true)
        young.pace = nil
        young.step = 5
        #expect(try printer.lines(for: young).first?.contains("ETA") == false)
    }

    @Test func `there is no guess of the rest once it has failed`() throws {
        var printer = ProgressPrinter(format: .text)
        var failed = try snapshot(step: 100, seconds: 200)
        failed.status = .failed
        #expect(try printer.lines(for: failed).first?.contains("ETA") == false)
    }

    @Test func `steps without end do not trap the guess of the rest`() throws {
        var printer = ProgressPrinter(format: .text)
        #expect(try printer.lines(for: snapshot(step: 5, seconds: 1_000_000_000, total: .max)).count == 1)
    }

    @Test func `a snapshot without news prints nothing`() throws {
        var printer = ProgressPrinter(format: .text)
        let view = try snapshot(step: 7, seconds: 9, events: [event("started", at: 0)])
        #expect(try printer.lines(for: view).count == 2)
        #expect(try printer.lines(for: view) == [])
    }

    @Test func `an event is told once, before the step that was done after it`() throws {
        var printer = ProgressPrinter(format: .text)
        let first = event("started", at: 0), second = event("worker_failed", at: 61, detail: "signal 9\u{1b}[2J")
        #expect(
            try printer.lines(for: snapshot(step: 1, seconds: 2, events: [first])).first == "  0:00  started")
        #expect(
            try printer.lines(for: snapshot(step: 1, seconds: 61, events: [first, second])) == [
                "  1:01  failed  signal 9\u{241b}[2J"
            ])
    }

    @Test func `events go on being told when a snapshot has only the newest of them`() throws {
        var printer = ProgressPrinter(format: .text)
        let all = (0..<40).map { event("restarting", at: Int64($0)) }
        var told: [String] = []
        for end in 1...all.count {
            told += try printer.lines(for: snapshot(step: 1, seconds: 2, events: Array(all[..<end].suffix(8))))
        }
        #expect(told.filter { $0.contains("restarting") }.count == 40)
        #expect(told.count == 41)
    }

    @Test func `values of a phase that is over are left out, held-out accuracy stays`() throws {
        var view = try snapshot(step: 300, seconds: 2)
        view.series = [
            SeriesRow(key: "sft/loss", count: 1, lastStep: 260, lastTime: 0, last: 0.4),
            SeriesRow(key: "eval/accuracy", count: 1, lastStep: 260, lastTime: 0, last: 0.25),
            SeriesRow(key: "grpo_actor/reward", count: 1, lastStep: 299, lastTime: 0, last: -0.5),
        ]
        view.pace = nil
        var printer = ProgressPrinter(format: .text)
        #expect(
            try printer.lines(for: view) == [
                "  0:02  step 300/460  eval/accuracy 0.25  grpo_actor/reward -0.5"
            ])
    }

    @Test func `JSON has an object a line with the documented events`() throws {
        var printer = ProgressPrinter(format: .json)
        let lines = try printer.lines(for: snapshot(step: 9, seconds: 3, events: [event("started", at: 0)]))
        #expect(lines.count == 2)
        #expect(lines.first == #"{"detail":"","event":"lifecycle","kind":"started","seconds":0,"worker":""}"#)
        let progress = try JSONShape.object(try #require(lines.last))
        #expect(Set(progress.keys) == ["event", "status", "step", "totalSteps", "seconds", "metrics"])
        #expect(progress["event"] as? String == "progress")
        #expect(progress["seconds"] as? Double == 3)
    }

    @Test(
        arguments: [
            (0, "  0:00"), (59_999_999_999, "  0:59"), (60_000_000_000, "  1:00"), (3_600_000_000_000, " 60:00"),
            (359_999_000_000_000, "5999:59"),
        ] as [(Int64, String)])
    func `clocks count minutes without end`(nanoseconds: Int64, text: String) {
        #expect(ProgressPrinter.clock(nanoseconds) == text)
    }

    @Test(
        arguments: [
            (0, "0"), (0.00001234, "1.234e-05"), (0.71349, "0.7135"), (999.96, "1000"), (1000.4, "1000"),
            (-123456.7, "-123457"), (.nan, "nan"), (-.infinity, "-inf"),
        ] as [(Double, String)])
    func `values are short`(value: Double, text: String) {
        #expect(ProgressPrinter.short(value) == text)
    }
}

/// Tables and texts of commands.
@Suite struct OutputTests {
    @Test func `columns stand below each other whatever their characters are`() {
        #expect(
            Output.aligned(["name", "n"], [["训练", "1"], ["e\u{301}te\u{301}", "2"], ["👍🏽", "3"], ["plain", "4"]]) == [
                "name   n", "训练   1", "e\u{301}te\u{301}    2", "👍🏽   3", "plain  4",
            ])
    }

    @Test func `a cell is one line, and no control of a terminal`() {
        #expect(
            Output.aligned(["a", "b"], [["x\ty", "one\ntwo\r\nthree\u{1b}[0m"]]) == [
                "a    b", "x y  one two three\u{241b}[0m",
            ])
    }

    @Test func `the last column is not padded and an empty table is its header`() {
        #expect(Output.aligned(["name", "x"], []) == ["name  x"])
        #expect(Output.aligned(["a"], [["long"], ["b"]]) == ["a", "long", "b"])
    }

    @Test func `text keeps its lines and tabs and loses every other control`() {
        let all = String(String.UnicodeScalarView((0...0xa0).compactMap(UnicodeScalar.init)))
        let kept = all.printableLines().unicodeScalars.filter { $0.value < 0x20 || (0x7f...0x9f).contains($0.value) }
        #expect(kept.map(\.value) == [9, 10])
        #expect(all.printableLines().unicodeScalars.count == 0xa1)
        #expect("é训👍🏽".printableLines() == "é训👍🏽")
    }

    @Test func `JSON is one line in the order of its keys, and has words for what is no number`() throws {
        #expect(
            try Output.text(of: ["b": Double.nan, "a/x": .infinity, "c": -.infinity])
                == #"{"a/x":"inf","b":"nan","c":"-inf"}"#)
        #expect(try Output.text(of: ["a": 1], isPretty: true) == "{\n  \"a\" : 1\n}")
    }
}
