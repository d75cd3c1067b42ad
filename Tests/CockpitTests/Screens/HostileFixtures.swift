import Protocol

@testable import Cockpit
@testable import Store

/// States full of what a broken or hostile program may write.
enum HostileFixtures {
    /// Control characters, escape sequences, wide and combining characters, overrides, nothing, and far too much.
    static let texts: [String] = [
        "\u{1B}[2J\u{1B}[1;1H\u{1B}]0;owned\u{7}", "a\r\nb\nc\td", "训练训练训练训练训练", "e\u{301}\u{302}x\u{200D}y\u{FE0F}",
        "\u{301}leads", "\u{202E}desrever\u{2066}", "\u{9B}31m\u{85}\u{7F}\u{0}", "👩‍👩‍👧🚀🇩🇪", "",
        String(repeating: "long ", count: 400), String(repeating: "训", count: 300), "│┌┐└┘─", "\u{FFFD}\u{FFFF}",
        String(repeating: "\u{300}", count: 50), "\u{1B}P\u{1B}\\\u{1B}_x\u{1B}^",
    ]

    static func text(_ index: Int) -> String { texts[index % texts.count] }

    static func snapshot(status: TrialStatus = .running) throws -> RunSnapshot {
        var snapshot = try RunFixtures.snapshot(status: status)
        snapshot.header.settings = Dictionary(
            texts.enumerated().map { ("\($0.offset).\($0.element)", text($0.offset + 1)) }, uniquingKeysWith: { $1 })
        for index in snapshot.header.lanes.indices {
            let old = snapshot.header.lanes[index].mfc
            let name = text(index) + "#\(index)"
            snapshot.header.lanes[index].mfc = name
            snapshot.header.lanes[index].role = text(index + 3)
            for span in snapshot.spans.indices where snapshot.spans[span].mfc == old { snapshot.spans[span].mfc = name }
        }
        for span in snapshot.spans.indices where span % 5 == 0 {
            snapshot.spans[span].role = text(span)
            snapshot.spans[span].phase = text(span + 1)
            snapshot.spans[span].worker = text(span + 2)
        }
        snapshot.workers = texts.enumerated().map { index, text in
            RunFixtures.worker(
                text, WorkerState.allCases[index % WorkerState.allCases.count], self.text(index + 5), index, 1, 0,
                detail: self.text(index + 7))
        }
        snapshot.logs = texts.enumerated().map { index, text in
            LogRow(
                id: Int64(index), time: 1, worker: self.text(index + 1), level: LogLevel.allCases[index % 4],
                message: text)
        }
        snapshot.series = texts.enumerated().map { index, text in
            SeriesRow(key: text, count: 100, lastStep: 9, lastTime: 9, last: index % 3 == 0 ? .nan : 1)
        }
        let curves = Array(snapshot.curves.values)
        snapshot.curves = Dictionary(
            texts.enumerated().map { ($0.element, curves[$0.offset % curves.count]) }, uniquingKeysWith: { $1 })
        snapshot.devices = texts.enumerated().map { index, text in
            var row = RunFixtures.gpu(index, time: 1)
            row.name = text
            if index % 2 == 0 { (row.device, row.worker) = (self.text(index), text) }
            return row
        }
        snapshot.buffer?.ready = Dictionary(texts.map { ($0, 3) }, uniquingKeysWith: { $1 })
        snapshot.buffer?.event = text(0)
        snapshot.buffer?.mfc = text(2)
        snapshot.events = texts.enumerated().map {
            LifecycleRow(
                time: 595 * RunFixtures.second, kind: $0.element + "failed", worker: $0.element, detail: $0.element)
        }
        snapshot.damage = texts
        snapshot.statusDetail = texts.joined(separator: "\n")
        return snapshot
    }

    /// Numbers at the ends of their types; times stay within what clocks can add.
    static func hugeSnapshot() throws -> RunSnapshot {
        var snapshot = try RunFixtures.snapshot()
        snapshot.step = .max
        snapshot.totalSteps = 1
        snapshot.attempt = .max
        snapshot.time = 1 << 61
        snapshot.endTime = 1
        for span in snapshot.spans.indices {
            snapshot.spans[span].sequences = .max
            snapshot.spans[span].tokens = .max
            snapshot.spans[span].step = span % 2 == 0 ? .max : .min
            if span % 3 == 0 { (snapshot.spans[span].start, snapshot.spans[span].end) = (-(1 << 60), 1 << 61) }
        }
        snapshot.workers[0].restarts = .max
        snapshot.workers[1].time = -(1 << 61)
        snapshot.workers[2].weightVersion = .max
        snapshot.devices.append(RunFixtures.gpu(0, time: 0))
        for (index, value) in [Double.greatestFiniteMagnitude, .infinity, .nan, -1e300, 5e-324].enumerated() {
            let device = index % snapshot.devices.count
            snapshot.devices[device].utilisation = value
            snapshot.devices[device].temperature = value
            snapshot.devices[device].power = value
            snapshot.devices[device].memoryUsed = .max
            snapshot.series[index].last = value
            snapshot.series[index].lastStep = .max
        }
        let ends = [-Double.greatestFiniteMagnitude, .greatestFiniteMagnitude, 5e-324, 0]
        for key in snapshot.curves.keys {
            snapshot.curves[key]?.columns = ends.map {
                ReducedColumn(count: .max, low: $0, high: $0, mean: $0, last: $0, nonFinite: .max)
            }
            snapshot.curves[key]?.lastStep = .max
        }
        snapshot.buffer = BufferRow(
            time: 0, step: .max, event: "put", mfc: "", count: .max, size: .max, capacity: 1, beingRead: .max,
            ready: ["a": .max, "b": .min], staleness: Array(repeating: .max, count: 40))
        snapshot.droppedRecords = .max
        return snapshot
    }
}
