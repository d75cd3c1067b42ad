import Protocol
import Testing

@testable import Cockpit
@testable import Store

@Suite("The header line")
struct HeaderLineTests {
    private func line(_ width: Int, _ pieces: [HeaderLine.Piece], clock: String = "12:03:50") -> String {
        let first = [
            HeaderLine.brand, HeaderLine.Piece(TextLine("grpo-arith/demo")), HeaderLine.Piece(TextLine("● RUNNING")),
        ]
        let header = HeaderLine(pieces: first + pieces, trailing: TextLine(clock))
        return drawn(width, 1) { header.render(in: &$0, area: $1) }[0]
    }

    private func step(_ text: String) -> HeaderLine.Piece {
        HeaderLine.Piece(TextLine("step \(text)"), 1, short: TextLine(text))
    }

    @Test func `says how long it takes in few words where the many do not fit`() {
        let estimate = HeaderLine.Piece(
            TextLine("ETA sft 14s 12:04, then grpo"), 2, short: TextLine("ETA sft 14s"))
        let pieces = [step("63/630"), HeaderLine.Piece(TextLine("10%"), 4), estimate]
        #expect(line(80, pieces).contains(" grpo-arith/demo  ● RUNNING  step 63/630  10%  ETA sft 14s   "))
        #expect(line(81, pieces).hasPrefix(" grpo-arith/demo  ● RUNNING  step 63/630  ETA sft 14s 12:04, then grpo "))
        #expect(line(80, pieces).hasSuffix("12:03:50"))
    }

    @Test func `has room for the estimate beside what was left out`() {
        let pieces = [
            step("2011/3020"), HeaderLine.Piece(TextLine("ETA 3h12m 15:16"), 2, short: TextLine("ETA 3h12m")),
            HeaderLine.Piece(TextLine("4 rows left out"), 3, short: TextLine("4 left out")),
        ]
        #expect(line(80, pieces).hasPrefix(" grpo-arith/demo  ● RUNNING  step 2011/3020  ETA 3h12m  4 left out "))
        #expect(line(67, pieces).hasPrefix(" grpo-arith/demo  ● RUNNING  step 2011/3020  ETA 3h12m "))
    }

    @Test func `says no pace where no step is being done`() throws {
        var run = try #require(try StateFixtures.live().run)
        let state = try StateFixtures.live()
        func texts() -> [String] {
            HeaderLine.of(run, screen: nil, state: state, glyphs: .unicode).pieces.map(\.text.text)
        }
        #expect(texts().contains("gen 2.14k tok/s"))
        #expect(texts().contains("train 590 tok/s"))
        run.snapshot?.status = .paused
        #expect(!texts().contains { $0.hasSuffix("tok/s") })
    }

    @Test func `names no speed of generation in a phase that trains only`() throws {
        var run = try #require(try StateFixtures.live().run)
        let generated = try #require(run.snapshot?.series.firstIndex { $0.key == "generated_tokens_per_second" })
        run.snapshot?.series[generated].lastStep = 60
        let pieces = HeaderLine.of(run, screen: nil, state: try StateFixtures.live(), glyphs: .unicode).pieces
        #expect(pieces.filter { $0.text.text.hasSuffix("tok/s") }.map(\.text.text) == ["train 590 tok/s"])
        #expect(pieces.first { $0.text.text.hasSuffix("tok/s") }?.priority == 5)
    }

    @Test func `keeps the step in a replay of eighty columns`() throws {
        var state = try StateFixtures.replay(StateFixtures.small)
        state.screens = [.trials, .timeline]
        let first = ScreenPicture.text(state).split(separator: "\n").first.map(String.init) ?? ""
        #expect(first.contains("● RUNNING  153/460  "))
        #expect(first.contains("09:06:40"))
    }
}
