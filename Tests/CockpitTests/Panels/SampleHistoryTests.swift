import Protocol
import Testing

@testable import Cockpit
@testable import Store

@Suite("Samples over time")
struct SampleHistoryTests {
    /// A digit is a sample, a dot a column without one.
    private func columns(_ text: String) -> [ReducedColumn] {
        text.map { character in
            guard let value = character.wholeNumberValue.map(Double.init) else { return ReducedColumn() }
            return ReducedColumn(count: 1, low: value, high: value, mean: value, last: value)
        }
    }

    private func text(_ values: [Double]) -> String {
        values.map { $0.isNaN ? "." : "\(Int($0))" }.joined()
    }

    @Test(
        arguments: [
            // Twelve columns over four seconds are three a second: a sample holds for four columns.
            ("1..2..3..4..", 4, "111222333444"), (".1..........", 4, ".11111......"),
            ("1.....2.....", 4, "11111.22222."),
            // One column a second or longer: nothing to hold but the next column, then nothing.
            ("1.2..3", 6, "1122.3"), ("1..2", 8, "1..2"), ("....", 1, "...."), ("", 5, ""), ("1...", 0, "1..."),
        ] as [(String, Int64, String)])
    func `of a device hold until the next is overdue`(samples: String, seconds: Int64, held: String) {
        #expect(text(SampleHistory.sampled(columns(samples), over: seconds * 1_000_000_000)) == held)
    }

    @Test func `of the buffer hold until the next event`() {
        #expect(text(SampleHistory.stepped(columns("..3......1."))) == "..333333311")
    }

    @Test func `leave no hole in a short window that is sampled once a second`() throws {
        var run = try #require(try StateFixtures.live().run)
        run.timeline.zoom = try #require(TimelineView.windows.firstIndex(of: 10))
        // 60 columns over 10 s: five of six have no sample.
        let history = (0..<60).map { $0 % 6 == 0 ? ReducedColumn(count: 1, mean: 0.5, last: 0.5) : ReducedColumn() }
        for index in run.snapshot?.devices.indices ?? 0..<0 { run.snapshot?.devices[index].history = history }
        let context = PanelContext(
            run: run, snapshot: try #require(run.snapshot), utcOffset: 0, glyphs: .unicode)
        var surface = Surface(width: 60, height: 9)
        DevicesPanel().draw(in: &surface, area: surface.bounds, context: context, focus: .unfocused)
        let spark = try #require(surface.lines.first { $0.contains("⣤") || $0.contains("⣶") })
        #expect(spark.count { ("\u{2801}"..."\u{28FF}").contains($0) } == 51)
    }
}

@Suite("The devices panel")
struct DevicesPanelTests {
    private func lines(gpus: Int, width: Int, height: Int, _ change: (inout RunSnapshot) -> Void = { _ in }) throws
        -> [String]
    {
        let run = try #require(try StateFixtures.live().run)
        var snapshot = try #require(run.snapshot)
        snapshot.devices += (0..<gpus).map { RunFixtures.gpu($0, time: 0) }
        change(&snapshot)
        let context = PanelContext(run: run, snapshot: snapshot, utcOffset: 0, glyphs: .unicode)
        var surface = Surface(width: width, height: height)
        DevicesPanel().draw(in: &surface, area: surface.bounds, context: context, focus: .unfocused)
        return surface.lines
    }

    @Test(arguments: [1, 2, 8])
    func `shows each GPU once, in order, before the host`(count: Int) throws {
        let labels = try lines(gpus: count, width: 70, height: 40).compactMap { line in
            ["GPU", "CPU", "RAM"].first { line.hasPrefix("│ \($0)") }.map { _ in String(line.dropFirst(2).prefix(4)) }
        }
        #expect(labels == (0..<count).map { "GPU\($0)" } + ["CPU ", "RAM "])
    }

    @Test func `keeps the first GPUs where there is no room for all`() throws {
        let found = try lines(gpus: 8, width: 70, height: 6)
        #expect(found[1].hasPrefix("│ GPU0") && found[4].hasPrefix("│ GPU3"))
        #expect(found[5].hasPrefix("└"))
    }

    @Test(
        arguments: [
            (0.5, 71.4, 640.6, "50%", "71°C  641W"), (.nan, .nan, .nan, "-", ""),
            (1e300, .infinity, 1e300, "1e3…", "inf°C"),
            (-1, -4, 0, "-10…", ""),
        ] as [(Double, Double, Double, String, String)])
    func `survives a GPU that reports nonsense`(
        share: Double, temperature: Double, power: Double, percent: String, facts: String
    ) throws {
        let line = try lines(gpus: 1, width: 90, height: 12) { snapshot in
            let index = snapshot.devices.count - 1
            snapshot.devices[index].utilisation = share
            (snapshot.devices[index].temperature, snapshot.devices[index].power) = (temperature, power)
        }[1]
        #expect(line.contains(" \(percent) "))
        #expect(line.contains(facts))
        #expect(facts.isEmpty == !line.contains("°C"))
    }

    @Test func `names what each worker takes of the processor and the memory`() throws {
        let found = try lines(gpus: 0, width: 80, height: 14)
        let worker = try #require(found.first { $0.contains("model/0") })
        #expect(worker.contains("1.62 cores"))
        #expect(worker.contains("298M"))
        #expect(found.contains { $0.contains("AMD EPYC, 2 cores") })
    }

    @Test func `without any sample says that there is no GPU and nothing more`() throws {
        let found = try lines(gpus: 0, width: 40, height: 5) { $0.devices = [] }
        #expect(found[1] == "│ GPU  no GPU found                    │")
        #expect(found[2].allSatisfy { $0 == "│" || $0 == " " })
    }
}
