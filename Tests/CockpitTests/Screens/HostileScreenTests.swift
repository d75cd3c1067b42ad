import Protocol
import Testing

@testable import Cockpit
@testable import Store

@Suite("A screen full of hostile data")
struct HostileScreenTests {
    enum Content: String, CaseIterable, Sendable {
        case hostile, hostileFailed, huge, bare

        func snapshot() throws -> RunSnapshot {
            switch self {
            case .hostile: return try HostileFixtures.snapshot()
            case .hostileFailed: return try HostileFixtures.snapshot(status: .failed)
            case .huge: return try HostileFixtures.hugeSnapshot()
            case .bare:
                return RunSnapshot(
                    header: try RunFixtures.header(), status: .pending, statusDetail: "", time: 0, endTime: 0, step: 0,
                    totalSteps: 0, attempt: 0, spans: [], buffer: nil, bufferHistory: [], devices: [], workers: [],
                    logs: [], series: [], curves: ["sft/loss": Curve(firstStep: 0, lastStep: 0, columns: [])],
                    checkpoints: [], events: [], droppedRecords: 0, damage: [])
            }
        }
    }

    private static let sizes = [
        Size(width: 80, height: 24), Size(width: 120, height: 36), Size(width: 300, height: 80),
        Size(width: 60, height: 16), Size(width: 20, height: 5), Size(width: 1, height: 1),
    ]

    /// Every pane by itself, the timeline, all overlays, a filter, replay, wrapped logs, and the list behind.
    private static let views = ["", "3ll", "4", "5", "6", "7w", "?", ":", "T", "s", "6/x", "7/long", "z", "30", "1"]

    private func state(_ content: Content, _ keys: String) throws -> AppState {
        var state = try StateFixtures.live()
        state.run?.snapshot = try content.snapshot()
        state.trials.preview = state.run?.snapshot
        state.trials.items?[0].statusDetail = HostileFixtures.text(1)
        state.trials.items?[0].notice = HostileFixtures.text(0)
        state.trials.items?[1].last = Dictionary(
            HostileFixtures.texts.map { ($0, Double.nan) }, uniquingKeysWith: { $1 })
        ScreenPicture.press(keys, on: &state)
        return state
    }

    /// What a terminal must never get: controls, directions, and halves of wide characters.
    private func faults(_ surface: Surface) -> [String] {
        var faults: [String] = []
        var isAfterWide = false
        for (index, cell) in surface.cells.enumerated() {
            if index % surface.width == 0 { isAfterWide = false }
            let scalars = [cell.scalar] + (cell.mark.map { [$0] } ?? [])
            for scalar in scalars where CharacterWidth.printable(scalar) != scalar {
                faults.append("U+\(String(scalar.value, radix: 16)) at \(index)")
            }
            let cells = CharacterWidth.cells(of: cell.scalar)
            if cell.kind != .trailing, cells != (cell.kind == .wide ? 2 : 1) { faults.append("width at \(index)") }
            if (cell.kind == .trailing) != isAfterWide { faults.append("half at \(index)") }
            isAfterWide = cell.kind == .wide
        }
        return faults
    }

    /// Corners and sides of a box; its top carries texts, its right side may carry a scroll bar.
    private func isWhole(_ box: Rect, in surface: Surface) -> Bool {
        let corners: [(Int, Int, Unicode.Scalar)] = [
            (box.x, box.y, "┌"), (box.maxX - 1, box.y, "┐"), (box.x, box.maxY - 1, "└"),
            (box.maxX - 1, box.maxY - 1, "┘"),
        ]
        guard corners.allSatisfy({ surface[$0, $1]?.scalar == $2 && surface[$0, $1]?.mark == nil }) else {
            return false
        }
        return (box.y + 1..<box.maxY - 1).allSatisfy { y in
            surface[box.x, y]?.scalar == "│" && ["│", "┃"].contains(surface[box.maxX - 1, y]?.scalar)
        }
    }

    @Test(arguments: Content.allCases, views)
    func `is drawn at every size without a control character`(content: Content, keys: String) throws {
        var state = try state(content, keys)
        for size in Self.sizes {
            state.size = size
            let surface = ScreenPicture.surface(state)
            #expect(surface.size == size)
            #expect(faults(surface) == [], "\(size.width)x\(size.height)")
        }
        // Other glyphs and the bar of a replay take the same way at any size.
        state.size = StateFixtures.small
        #expect(faults(ScreenPicture.surface(state, glyphs: .ascii)) == [])
        state.run?.transport.seek(to: 1, now: 0)
        #expect(faults(ScreenPicture.surface(state)) == [])
    }

    @Test(arguments: Content.allCases)
    func `keeps the borders of its panes`(content: Content) throws {
        for size in Self.sizes where size.width >= 60 {
            for focus in PaneID.allCases {
                var state = try state(content, "")
                state.size = size
                state.run?.focus = focus
                let layout = DashboardLayout(state: state)
                let surface = ScreenPicture.surface(state)
                var boxes = layout.panes.filter { $0.key != .charts }.map(\.value)
                let shown = layout.charts.page(of: try #require(state.run)).count
                boxes += layout.panes[.charts] == nil ? [] : layout.charts.boxes.prefix(shown)
                boxes += [layout.banner, layout.meters].compactMap(\.self)
                for box in boxes { #expect(isWhole(box, in: surface), "\(content) \(size) \(focus) \(box)") }
            }
        }
    }

    @Test func `an error that is all escape sequences is shown in pictures of them`() throws {
        var state = try StateFixtures.live()
        state.run?.snapshot = nil
        state.run?.failure = "cannot read \u{1B}]52;c;cHduZWQ=\u{7}\nsecond\u{9B}line"
        let text = ScreenPicture.text(state)
        #expect(text.contains("cannot read ␛]52;c;cHduZWQ=␇"))
        #expect(text.contains("second\u{FFFD}line"))
    }

    @Test(arguments: ["one\ntwo", "one\r\ntwo", "one\rtwo", "one\u{2028}two"])
    func `a message of several lines shows its first one`(text: String) throws {
        var state = try StateFixtures.live()
        state.toasts = [Toast(kind: .failure, text: text, expires: .max)]
        state.run?.snapshot?.damage = [text]
        let picture = ScreenPicture.text(state)
        #expect(picture.contains(" one "))
        #expect(picture.contains("1 damaged part left out: one"))
        #expect(!picture.contains("two"))
    }

    @Test func `every line of a failure's reason stands below the other, whatever ends them`() throws {
        var state = try StateFixtures.live()
        state.run?.snapshot?.status = .failed
        state.run?.snapshot?.statusDetail = "signal 9\r\nlast words: none"
        let lines = ScreenPicture.surface(state).lines
        #expect(lines.contains { $0.hasPrefix("│ signal 9  ") })
        #expect(lines.contains { $0.hasPrefix("│ last words: none ") })
    }

    @Test func `a mark without a letter does not mark its neighbour's border`() throws {
        var state = try StateFixtures.live()
        state.run?.focus = .workers
        state.run?.isZoomed = true
        state.run?.snapshot?.workers = [RunFixtures.worker("\u{301}", .failed, "", 1, 1, 1, detail: "\u{301}\u{302}")]
        let surface = ScreenPicture.surface(state)
        #expect(surface.cells.allSatisfy { $0.mark == nil || ($0.scalar != "│" && $0.scalar != "─") })
    }
}
