import Protocol
import Testing

@testable import Cockpit
@testable import Store

/// Help, palette, themes, filters and messages.
@Suite struct OverlayStoryTests {
    typealias Story = (keys: String, look: String, effects: [String])

    @Test(
        arguments: [
            // Help: letters search, enter does what was found.
            ("? s t o p", "[help stop]", []), ("? s t o p enter", "[Stop grpo-arith/first?]", []),
            ("? q", "", []), ("? x q", "[help xq]", []), ("? x ?", "[help x?]", []), ("? x esc", "", []),
            ("? enter", "[help ]", []), ("? x x x x enter", "[help xxxx]", []), ("? x backspace ?", "", []),
            ("? F1", "", []),
            // Palette: the first entry that can be done comes first.
            (": s t o p enter", "[Stop grpo-arith/first?]", []),
            (": s t o p enter y", "\"asked grpo-arith/first to stop…\"", ["stop grpo-arith/first"]),
            (": r e p a i n t enter", "", ["repaint"]), (": z z z z enter", "[palette zzzz]", []),
            (": s backspace", "[palette ]", []), (": s backspace backspace", "", []),
            (": : space r e p a i n t enter", "", ["repaint"]),
            (": s t e p space 2 3 enter", "", ["seek step 23"]), (": g o space 9 9 9 9 enter", "", ["seek step 9999"]),
            (": s t e p space - 5 enter", "[palette step -5]", []),
            (": r e l a u n c h enter", "\"it is running; stop it first\"", []),
            (": s o r t enter", "\"not on this screen\"", []),
            // Themes: the cursor shows, enter keeps, everything else goes back.
            ("T down enter", "", []), ("T j k enter", "", []), ("T x", "[theme 0]", []), ("T up up", "[theme 0]", []),
            ("T j j j j", "[theme 2]", []), ("T q", "", []),
        ] as [Story])
    func `what lies over the screen takes the keys`(story: Story) throws {
        var state = try StateFixtures.live()
        let effects = Look.press(story.keys, on: &state)
        let expected = "trials>dashboard timeline" + (story.look.isEmpty ? "" : " " + story.look)
        #expect(Look.of(state) == expected, "\(story.keys)")
        #expect(effects == story.effects, "\(story.keys)")
    }

    @Test(
        arguments: [
            ("T down enter", "default-light"), ("T down esc", "default-dark"), ("T down q", "default-dark"),
            ("T down ctrl-c", "default-dark"), ("T down down down enter", "mono"), ("t t t", "default-dark"),
            (": t h e m e space m o n o enter", "mono"),
        ])
    func `a theme that was only looked at is not kept`(keys: String, theme: String) throws {
        var state = try StateFixtures.live()
        _ = Look.press(keys, on: &state)
        #expect(state.theme == theme)
        #expect(state.overlay == nil)
    }

    @Test func `the palette's cursor stays on its entries and typing brings it back`() throws {
        var state = try StateFixtures.live()
        _ = Look.press(":", on: &state)
        for _ in 0..<500 { _ = Look.press("down", on: &state) }
        guard case .palette(let bottom) = state.overlay else { throw Missing() }
        #expect(bottom.selected == Palette.entries(for: "", in: state).count - 1)
        _ = Look.press("tab up up", on: &state)
        guard case .palette(let near) = state.overlay else { throw Missing() }
        #expect(near.selected == bottom.selected - 2)
        _ = Look.press("s", on: &state)
        guard case .palette(let typed) = state.overlay else { throw Missing() }
        #expect(typed.selected == 0)
    }

    private struct Missing: Error {}

    @Test func `every entry of the palette can be chosen on every screen`() throws {
        for start in KeyStormTests.Start.allCases where start != .form {
            let before = try start.state()
            for (index, entry) in Palette.entries(for: "", in: before).enumerated() {
                var state = before
                state.overlay = .palette(PaletteOverlay(selected: index))
                let effects = Look.press("enter", on: &state)
                if case .palette = state.overlay, entry.deed != .action(.palette) {
                    Issue.record("\(entry.title) stays")
                }
                guard let reason = entry.disabled else { continue }
                #expect(effects == [], "\(start) \(entry.title)")
                #expect(state.toasts.last?.text == reason, "\(start) \(entry.title)")
            }
        }
    }

    @Test(arguments: [
        ("8", "v v", "trials>dashboard log full"), ("7", "/ r u n", "trials>dashboard workers full /workers:run"),
    ])
    func `panes in full keep their own keys`(digit: String, keys: String, look: String) throws {
        var state = try StateFixtures.live()
        _ = Look.press(digit + " " + keys, on: &state)
        #expect(Look.of(state) == look)
    }

    @Test func `filters narrow while they are typed and esc takes them back, each in its pane`() throws {
        var state = try StateFixtures.live()
        _ = Look.press("7 / m a s t", on: &state)
        #expect(state.run?.visibleWorkers.map(\.id) == ["master_worker/0"])
        _ = Look.press("enter 8 /", on: &state)
        _ = Reducer.reduce(&state, .paste("ACCURACY"), now: 0)
        #expect(state.run?.visibleLogs.isEmpty == false)
        #expect(state.run?.visibleLogs.allSatisfy { $0.message.contains("accuracy") } == true)
        _ = Look.press("esc", on: &state)
        #expect(state.run?.visibleLogs.count == 40)
        #expect(state.run?.visibleWorkers.count == 1, "the workers' filter is another one")
        _ = Look.press("esc esc", on: &state)
        #expect(state.run?.visibleWorkers.count == 3)
    }

    @Test func `a filter of the charts begins at the first that is left`() throws {
        var state = try StateFixtures.live()
        state.run?.focus = .charts
        _ = Look.press("l l l / s f t", on: &state)
        #expect(state.run?.metrics == ["sft/loss"])
        #expect(state.run?.charts.selected == 0)
    }

    @Test func `a failure that was read goes away by esc, and the next one comes back`() throws {
        var state = try StateFixtures.live()
        state.run?.snapshot?.statusDetail = "model_worker/0: loss is nan"
        _ = Look.press("esc", on: &state)
        #expect(state.run?.dismissedFailure == "model_worker/0: loss is nan")
        state.run?.snapshot?.statusDetail = "model_worker/1: out of memory"
        #expect(state.run?.dismissedFailure != state.run?.snapshot?.statusDetail)
    }

    @Test func `messages live for their time, failures longer, the same one once and three at most`() throws {
        var state = try StateFixtures.live()
        Reducer.toast(&state, "a", now: 0)
        Reducer.toast(&state, "b", .failure, now: 0)
        Reducer.toast(&state, "a", now: 1_000_000_000)
        #expect(state.toasts.map(\.text) == ["b", "a"])
        #expect(state.toasts.map(\.expires) == [6_000_000_000, 4_000_000_000])
        for text in ["c", "d"] { Reducer.toast(&state, text, now: 1_000_000_000) }
        #expect(state.toasts.map(\.text) == ["a", "c", "d"])
        _ = Reducer.reduce(&state, .tick, now: 3_999_999_999)
        #expect(state.toasts.count == 3)
        _ = Reducer.reduce(&state, .tick, now: 4_000_000_000)
        #expect(state.toasts == [])
    }
}
