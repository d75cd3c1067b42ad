import Protocol
import TestSupport
import Testing

@testable import Cockpit
@testable import Store

/// Anything a cat on the keyboard, a torn line and a busy trial can do together: nothing traps, and what must always
/// hold holds after every event.
@Suite struct KeyStormTests {
    enum Start: String, CaseIterable, Sendable {
        case empty, home, live, replay, timeline, form

        func state() throws -> AppState {
            switch self {
            case .empty: return StateFixtures.empty()
            case .home: return try StateFixtures.home()
            case .live: return try StateFixtures.live()
            case .replay: return try StateFixtures.replay()
            case .timeline:
                var state = try StateFixtures.live()
                ScreenPicture.press("3ll", on: &state)
                return state
            case .form: return try StateFixtures.form()
            }
        }
    }

    @Test(arguments: Start.allCases, [1, 2] as [UInt64])
    func `a storm of events on any screen breaks nothing`(start: Start, seed: UInt64) throws {
        var state = try start.state()
        var storm = try EventStorm(seed: seed &* 7_919 &+ UInt64(start.rawValue.utf8.count))
        var now: Int64 = 0
        var history: [String] = []
        for count in 0..<500 {
            now += Int64.random(in: 0...400_000_000, using: &storm.random)
            let event = storm.next()
            history = history.suffix(12) + ["\(event)".prefix(60).description]
            let before = state
            let effects = Reducer.reduce(&state, event, now: now)
            let broken = Invariants.broken(in: state) + Invariants.broken(effects, by: event, in: before)
            #expect(broken == [], "\(start) \(seed) \(count): \(history)")
            if !broken.isEmpty { return }
            if count % 30 == 0 {
                let surface = DashboardRenderer.render(state, glyphs: .unicode, now: now, wall: RunFixtures.started)
                #expect(surface.size == state.size)
            }
            // The person who left begins again where they were.
            if count % 25 == 0 { Self.expectWaysOut(of: state, now: now) }
        }
    }

    /// esc closes what lies over the screen, q leads out from anywhere, and so does ctrl-c twice.
    private static func expectWaysOut(of state: AppState, now: Int64) {
        var closed = state
        ScreenPicture.press(KeyStroke(.escape), on: &closed, now: now)
        #expect(state.overlay == nil || closed.overlay == nil)

        var left = state
        var effects: [Effect] = []
        var at = now
        for _ in 0..<8 where left.form != nil {
            at += 1_000_000_000
            let wasClear = left.overlay == nil
            effects += ScreenPicture.press(KeyStroke(.escape), on: &left, now: at)
            // A form in which something was typed asks; the answer counts once the question could be read.
            guard wasClear, left.overlay != nil else { continue }
            at += 1_000_000_000
            effects += ScreenPicture.press("y", on: &left, now: at)
        }
        for _ in 0..<4 { effects += ScreenPicture.press(KeyStroke(.escape), on: &left, now: at) }
        at += 1_000_000_000
        if left.overlay != nil { effects += ScreenPicture.press("y", on: &left, now: at) }
        for _ in 0..<(left.screens.count + 3) where !effects.contains(where: \.isQuit) {
            effects += ScreenPicture.press(KeyStroke("q"), on: &left, now: at)
        }
        #expect(effects.contains { $0.isQuit }, "q from \(Look.of(state))")

        var interrupted = state
        let twice = (1...2).flatMap {
            ScreenPicture.press(.control("c"), on: &interrupted, now: now + 2_000_000_000 + Int64($0))
        }
        #expect(twice.contains { $0.isQuit }, "ctrl-c from \(Look.of(state))")
    }
}

extension Effect {
    fileprivate var isQuit: Bool { if case .quit = self { true } else { false } }
}

/// What must hold of any state, whatever led there.
private enum Invariants {
    static func broken(in state: AppState) -> [String] {
        var broken: [String] = []
        func require(_ holds: Bool, _ text: String) { if !holds { broken.append(text) } }
        require(!state.screens.isEmpty, "there is a screen")
        require(Set(state.screens.map { "\($0)" }).count == state.screens.count, "no screen is entered twice")
        let needsRun = state.screen == .dashboard || state.screen == .timeline
        require(!needsRun || state.run != nil, "a run's screen has a run")
        require((state.screen == .launch) == (state.form != nil), "the form is there with its screen")
        require(state.toasts.count <= 3, "three messages at most")
        require(state.themes.contains(state.theme), "the theme is one of the themes")
        let visible = state.trials.visible
        require(state.trials.selectedItem.map(visible.contains) ?? visible.isEmpty, "the selected trial is shown")
        if let run = state.run { broken += self.broken(in: run) }
        if let form = state.form {
            require(form.rows.indices.contains(form.focus), "the form's cursor is on a row")
            if form.editing != nil {
                switch form.focusedRow {
                case .trial, .setting: break
                case .experiment, .group: broken.append("what is edited is a text")
                }
            }
        }
        if let input = state.filterInput {
            let hasList =
                switch input.target {
                case .trials: state.screen == .trials
                case .form: state.form != nil
                case .panel: state.run != nil
                }
            require(hasList, "a filter has its list")
        }
        return broken
    }

    private static func broken(in run: RunView) -> [String] {
        var broken: [String] = []
        func require(_ holds: Bool, _ text: String) { if !holds { broken.append(text) } }
        require(TimelineView.windows.indices.contains(run.timeline.zoom), "a window's length")
        require(run.timeline.offset >= 0, "the window is not in the future")
        require(run.timeline.lane >= 0, "a lane")
        require(
            run.charts.selected >= 0 && run.workers.selected >= 0 && run.logs.scroll >= 0, "cursors are not negative")
        require(ChartsView.smoothings.indices.contains(run.charts.smoothing), "a smoothing")
        require((1...32).contains(run.charts.zoom), "a zoom")
        require(run.charts.end <= 1 && run.charts.end * Double(run.charts.zoom) >= 0.999, "the window is on the curve")
        require(run.moves.count <= ReplayMove.limit, "moves are bounded")
        require(Transport.speeds.indices.contains(run.transport.speedIndex), "a speed")
        return broken
    }

    /// What an event may ask for: a worker is only ever touched after an answer of yes, or by the two harmless keys.
    static func broken(_ effects: [Effect], by event: AppEvent, in before: AppState) -> [String] {
        var isYes = false
        if case .key(KeyStroke("y")) = event, case .confirm = before.overlay { isYes = true }
        return effects.compactMap { effect in
            switch effect {
            case .command(.saveNow, nil, _), .command(.evaluateNow, nil, _): nil
            case .command: isYes ? nil : "a command without a yes"
            case .launch: isYes || before.form != nil ? nil : "a launch that nobody asked for"
            default: nil
            }
        }
    }
}

/// Seeded events of every kind, keys most of all.
private struct EventStorm {
    var random: SplitMix
    private let keys: [KeyStroke]
    private let snapshots: [RunSnapshot]
    private let trials: [TrialItem]

    init(seed: UInt64) throws {
        random = SplitMix(seed: seed)
        let bound = Keymap.actions.flatMap(\.keys)
        let typed = "abcxyz0159 -_/.é训👍".map { KeyStroke($0) }
        let edits: [Key] = [
            .escape, .enter, .backspace, .delete, .tab, .up, .down, .left, .right, .insert, .function(5),
        ]
        keys = bound + typed + edits.map { KeyStroke($0) } + [.alt("x"), KeyStroke(.up, .control)]
        var small = try RunFixtures.snapshot(at: 3, end: 1_000)
        (small.workers, small.series, small.logs, small.spans) = ([], [], [], [])
        snapshots = [
            try RunFixtures.snapshot(), try RunFixtures.snapshot(at: 100, end: 1_000, status: .paused), small,
            try RunFixtures.snapshot(at: 1_000, end: 1_000, status: .completed),
        ]
        trials = try StateFixtures.trials()
    }

    mutating func next() -> AppEvent {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<78: .key(keys.randomElement(using: &random) ?? KeyStroke("q"))
        case 78..<85: .mouse(mouse())
        case 85..<87:
            .paste(
                ["", "a\nb", "\u{1b}[A\u{7}", "训练 e\u{301}", String(repeating: "x", count: 300)].randomElement(
                    using: &random) ?? "")
        case 87..<89:
            .resize(
                Size(width: Int.random(in: 0...180, using: &random), height: Int.random(in: 0...60, using: &random)))
        case 89..<92: .tick
        default: answer()
        }
    }

    private mutating func mouse() -> MouseEvent {
        let kinds: [MouseEvent.Kind] = [
            .press(.left), .press(.right), .drag(.left), .release(.left), .move, .wheelUp, .wheelDown, .wheelLeft,
        ]
        let place = Point(x: Int.random(in: -1...250, using: &random), y: Int.random(in: -1...80, using: &random))
        return MouseEvent(kind: kinds.randomElement(using: &random) ?? .move, position: place)
    }

    private mutating func answer() -> AppEvent {
        let id = trials[Int.random(in: 0..<trials.count, using: &random)].id
        let refusal = Refusal(summary: "no", hint: "try again")
        switch Int.random(in: 0..<12, using: &random) {
        case 0..<4: return .snapshot(id, RunQuery(), snapshots.randomElement(using: &random) ?? snapshots[0])
        case 4:
            return .trialsListed(Array(trials.shuffled(using: &random).dropLast(Int.random(in: 0...4, using: &random))))
        case 5:
            return .soughtTime(
                id, Bool.random(using: &random) ? nil : Int64.random(in: 0...2_000, using: &random) * 1_000_000_000)
        case 6: return .runFailed(id, "damaged")
        case 7: return .experimentsLoaded(StateFixtures.experiments)
        case 8: return .launchFailed(refusal)
        case 9: return .launched(id)
        case 10: return .commandFailed(refusal)
        default: return .trialsFailed("no home")
        }
    }
}
