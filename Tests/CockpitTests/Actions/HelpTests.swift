import Protocol
import Testing

@testable import Cockpit

/// The combinations of scopes that screens have, the most special first.
private let situations: [[Scope]] = [
    [.trials, .global], [.form], [.run, .global], [.timeline, .run, .global], [.charts, .run, .global],
    [.workers, .run, .global], [.logs, .run, .global], [.timeline, .replay, .run, .global],
    [.charts, .replay, .run, .global], [.logs, .replay, .run, .global], [.replay, .run, .global],
]

@Suite("The help")
struct HelpTests {
    /// What each key does in a situation.
    private func effective(_ scopes: [Scope]) -> [KeyStroke: Action] {
        var table: [KeyStroke: Action] = [:]
        for action in scopes.flatMap(Keymap.actions(in:)) {
            for key in action.keys where table[key] == nil { table[key] = action }
        }
        return table
    }

    private func lines(_ scopes: [Scope]) -> [HelpSection.Line] {
        let titles = scopes.map(\.title)
        return HelpOverlay.sections(for: scopes).filter { titles.contains($0.title) }.flatMap(\.lines)
    }

    @Test(arguments: situations)
    func `never names a key that does something else here`(scopes: [Scope]) {
        let table = effective(scopes)
        let byName = Dictionary(table.map { ($0.key.description, $0.value) }, uniquingKeysWith: { $1 })
        for line in lines(scopes) {
            // A line of one action carries that action's title.
            guard let named = Keymap.actions.first(where: { scopes.contains($0.scope) && $0.title == line.text }) else {
                continue
            }
            for key in line.key.split(separator: " ") {
                #expect(byName[String(key)]?.id == named.id, "\(key) is said to be '\(line.text)'")
            }
        }
    }

    @Test(arguments: situations)
    func `lists everything that a key does here`(scopes: [Scope]) {
        let lines = lines(scopes)
        let keys = Set(lines.flatMap { $0.key.split(separator: " ").map(String.init) })
        let table = effective(scopes)
        for action in Set(table.values.map(\.id)) {
            let strokes = table.filter { $0.value.id == action }.map(\.key)
            let isListed = strokes.contains { keys.contains($0.description) }
            let isDigit = strokes.contains { if case .character(let digit) = $0.key { digit.isNumber } else { false } }
            let isInRange = isDigit && (keys.contains("1-8") || keys.contains("0-9"))
            #expect(isListed || isInRange, "\(action) in \(scopes)")
        }
    }

    @Test(arguments: situations)
    func `says no line twice`(scopes: [Scope]) {
        let lines = lines(scopes)
        for (index, line) in lines.enumerated() {
            #expect(!lines[..<index].contains(line), "\(line)")
        }
        let keys = lines.flatMap { $0.key.split(separator: " ") }
        #expect(Set(keys).count == keys.count)
    }

    @Test func `in a replay leaves the digits to the replay`() {
        let lines = lines([.replay, .run, .global])
        #expect(lines.contains(HelpSection.Line(key: "0-9", text: "jump to 0 to 90 % of the run")))
        #expect(!lines.contains { $0.key == "1-8" })
        #expect(self.lines([.run, .global]).contains { $0.key == "1-8" })
    }

    @Test func `on the charts leaves s to the smoothing`() {
        let lines = lines([.charts, .run, .global])
        #expect(lines.contains(HelpSection.Line(key: "S s", text: "smooth more / less")))
        #expect(!lines.contains { $0.text == "stop the trial" })
        #expect(self.lines([.workers, .run, .global]).contains { $0.text == "stop the trial" })
    }

    @Test func `a search shows matches, and says when there is none`() throws {
        var state = try StateFixtures.live()
        ScreenPicture.press("?freeze", on: &state)
        let found = ScreenPicture.text(state)
        #expect(found.contains("▸ p               freeze the display; recording goes on   Global"))
        ScreenPicture.press("qqq", on: &state)
        #expect(ScreenPicture.text(state).contains("no action matches"))
    }

    @Test(arguments: situations)
    func `every line can be reached at every size`(scopes: [Scope]) {
        for size in [Size(width: 60, height: 16), StateFixtures.small, StateFixtures.middle, StateFixtures.large] {
            let layout = HelpLayout(size: size, scopes: scopes)
            var seen: [String] = []
            for scroll in Array(stride(from: 0, to: layout.lastScroll, by: layout.height)) + [layout.lastScroll] {
                var surface = Surface(size: size)
                HelpScreen(help: HelpOverlay(scroll: scroll), scopes: scopes).render(in: &surface)
                seen += surface.lines
            }
            for line in layout.lines where !line.text.isEmpty {
                #expect(seen.contains { $0.contains(line.text) }, "\(line.text) at \(size)")
            }
        }
    }

    @Test func `its columns go on in each other, so that none has blanks while lines are out of sight`() throws {
        var state = try StateFixtures.live(StateFixtures.small)
        ScreenPicture.press("?", on: &state)
        let layout = HelpLayout(size: state.size, scopes: state.scopes)
        #expect(layout.columns.count == 2)
        #expect(layout.height == layout.body.height)
        let lines = ScreenPicture.surface(state).lines
        let left = layout.lines[layout.height - 1].text, right = layout.lines[layout.height].text
        #expect(left.isEmpty || lines[layout.body.maxY - 1].contains(left))
        #expect(right.isEmpty || lines[layout.body.y].contains(right))
    }

    @Test(arguments: situations)
    func `where all of it fits no column tears an entry, and the box is no higher`(scopes: [Scope]) {
        let layout = HelpLayout(size: StateFixtures.large, scopes: scopes)
        #expect(layout.lastScroll == 0)
        #expect(layout.columns.count == 3)
        #expect(layout.body.height == max(layout.height, 12))
        for column in 1..<3 where column * layout.height < layout.lines.count {
            let first = layout.lines[column * layout.height]
            // What goes on from the column before begins below its text.
            #expect(!first.text.hasPrefix(String(repeating: " ", count: 11)) || first.text.isEmpty, "\(first.text)")
        }
    }

    @Test func `scrolled too far comes back with the first key`() throws {
        var state = try StateFixtures.live(StateFixtures.small)
        ScreenPicture.press("?", on: &state)
        for _ in 0..<20 { ScreenPicture.press(KeyStroke(.pageDown), on: &state) }
        let end = ScreenPicture.text(state)
        ScreenPicture.press(KeyStroke(.up), on: &state)
        #expect(ScreenPicture.text(state) != end)
    }

    @Test func `scrolled to its end shows its last line at every size`() throws {
        for size in [Size(width: 60, height: 16), StateFixtures.small, StateFixtures.middle, StateFixtures.large] {
            var state = try StateFixtures.live(size)
            ScreenPicture.press("?", on: &state)
            for _ in 0..<12 { ScreenPicture.press(KeyStroke(.pageDown), on: &state) }
            #expect(ScreenPicture.text(state).contains(" hb  "), "\(size.width)x\(size.height)")
        }
    }
}

@Suite("The footer of a screen")
struct FooterLineTests {
    private func states() throws -> [AppState] {
        var states = [try StateFixtures.home(), try StateFixtures.form(), StateFixtures.empty()]
        for focus in PaneID.allCases {
            for var state in [try StateFixtures.live(), try StateFixtures.replay()] {
                state.run?.focus = focus
                states.append(state)
            }
        }
        for var state in [try StateFixtures.live(), try StateFixtures.replay()] {
            ScreenPicture.press("3", on: &state)
            state.screens = [.trials, .timeline]
            states.append(state)
        }
        return states
    }

    /// `key label` pairs, which stand two blanks apart.
    private func hints(_ state: AppState) -> [String] {
        let line = ScreenPicture.surface(state).lines.last ?? ""
        var hints: [String] = []
        var rest = line[...]
        while let gap = rest.firstRange(of: "  ") {
            hints.append(String(rest[..<gap.lowerBound]))
            rest = rest[gap.upperBound...]
        }
        hints.append(String(rest))
        return hints.map { String($0.drop { $0 == " " }) }.filter { !$0.isEmpty }
    }

    @Test func `names only keys that do what it says, each once`() throws {
        for width in [60, 80, 100, 120, 200, 300] {
            for var state in try states() {
                state.size = Size(width: width, height: 36)
                var labels = Set<String>()
                for hint in hints(state) {
                    #expect(labels.insert(hint).inserted, "\(hint) twice at \(width)")
                    let known = state.scopes.flatMap(Keymap.actions(in:)).first { action in
                        let isItsHint = hint.hasSuffix(" " + (action.hint.isEmpty ? "\u{0}" : action.hint))
                        let isItsKey = hint.hasPrefix(action.keyLabel + " ") || hint.hasPrefix("\(action.keys[0]) ")
                        return isItsHint && isItsKey
                            && Keymap.action(for: action.keys[0], in: state.scopes) == action.id
                            && Availability.reason(against: action.id, in: state) == nil
                    }
                    let fixed = ["E live", "q back", "q detach", "q quit", "? help"]
                    #expect(known != nil || fixed.contains(hint), "'\(hint)' at \(width) in \(state.scopes)")
                }
                #expect(!labels.isEmpty)
            }
        }
    }

    @Test func `while a filter is typed says how to keep and how to clear it`() throws {
        for width in [60, 80, 200] {
            var state = try StateFixtures.home(Size(width: width, height: 24))
            ScreenPicture.press("/gr", on: &state)
            let line = try #require(ScreenPicture.surface(state).lines.last)
            #expect(line.hasPrefix(" /[gr"))
            #expect(line.hasSuffix("enter keep  esc clear"))
        }
    }

    @Test func `while a value is typed in the form names only keys that type nothing`() throws {
        var state = try StateFixtures.form()
        #expect(hints(state).last == "esc leave")
        state.form?.editing = TextField("first-2")
        #expect(
            hints(state) == [
                "tab field", "enter esc end typing", "ctrl-s launch", "ctrl-r reset", "ctrl-o only changed",
                "ctrl-y copy command",
            ])
        let row = try #require(state.form?.rows.firstIndex(of: .setting("dataset.path")))
        state.form?.focus = row
        state.form?.editing = TextField("data/tr")
        #expect(hints(state).first == "tab complete")
    }

    @Test func `in the form says what a key does in the row under the cursor`() throws {
        var state = try StateFixtures.form(Size(width: 200, height: 36))
        func move(to row: LaunchForm.Row) throws {
            let place = try #require(state.form?.rows.firstIndex(of: row))
            state.form?.focus = place
        }
        #expect(!hints(state).contains("space choice"))
        #expect(hints(state).contains("ctrl-r reset"))
        try move(to: .setting("grpo.schedule"))
        #expect(hints(state).contains("space choice"))
        try move(to: .group("grpo"))
        #expect(hints(state).contains("enter fold"))
        #expect(!hints(state).contains("ctrl-r reset"))
        try move(to: .setting("dataset.path"))
        #expect(hints(state).contains("ctrl-f find"))
    }

    @Test func `on the timeline's screen names no filter, whatever pane had the focus before`() throws {
        var state = try StateFixtures.live(StateFixtures.large)
        state.run?.focus = .charts
        #expect(hints(state).contains("/ filter"))
        ScreenPicture.press("3", on: &state)
        #expect(!hints(state).contains("/ filter"))
        #expect(hints(state).contains("enter details"))
        ScreenPicture.press("h", on: &state)
        #expect(!hints(state).contains("enter details"), "they are there")
    }

    @Test func `calls the newest record live only while the trial is`() throws {
        var state = try StateFixtures.replay()
        #expect(hints(state).contains("E end"))
        state.run?.item?.status = .running
        #expect(hints(state).contains("E live"))
    }

    @Test func `says detach while anything runs and quit when nothing does`() throws {
        var state = try StateFixtures.home()
        #expect(hints(state).last == "q detach")
        state.trials.items = state.trials.items?.filter(\.status.isTerminal)
        #expect(hints(state).last == "q quit")
        #expect(hints(try StateFixtures.live()).last == "q back")
    }
}

@Suite("The order of the palette")
struct PaletteOrderTests {
    @Test func `whatever is typed in full comes first`() throws {
        for state in [try StateFixtures.live(), try StateFixtures.home(), try StateFixtures.replay()] {
            for entry in Palette.all(in: state) {
                #expect(Palette.entries(for: entry.title, in: state).first?.title == entry.title)
            }
        }
    }

    @Test func `typing more never adds an entry`() throws {
        let state = try StateFixtures.live()
        for entry in Palette.all(in: state) {
            var before = Palette.entries(for: "", in: state).map(\.title)
            for length in 1...min(8, entry.title.count) where !entry.title.hasPrefix("go") {
                let now = Palette.entries(for: String(entry.title.prefix(length)), in: state).map(\.title)
                #expect(Set(now).isSubset(of: Set(before)))
                #expect(now.contains(entry.title))
                before = now
            }
        }
    }

    @Test func `of equal matches what can be done now stands first`() throws {
        for query in ["", "a", "t", "st", "pane"] {
            let state = try StateFixtures.live()
            var last: (score: Int, isOff: Bool)?
            for entry in Palette.entries(for: query, in: state) {
                let score = try #require(FuzzyMatch.score(query, in: "\(entry.title) \(entry.scope)"))
                if let last {
                    #expect(score <= last.score)
                    if score == last.score { #expect(!last.isOff || entry.disabled != nil) }
                }
                last = (score, entry.disabled != nil)
            }
        }
    }

    @Test(
        arguments: [
            ("go 12", 12), ("goto step 0", 0), (":goto 7", 7), ("step 120", 120), ("  go to 5", 5), ("step -4", nil),
            ("goto", nil), ("go 1 2", nil), ("step 99999999999999999999", nil), ("step 1e3", nil), ("12", nil),
        ] as [(String, Int?)])
    func `a step is gone to by its number and by nothing else`(query: String, step: Int?) throws {
        let deeds = Palette.entries(for: query, in: try StateFixtures.live()).map(\.deed)
        if let step {
            #expect(deeds == [.step(step)])
        } else {
            #expect(!deeds.contains { if case .step = $0 { true } else { false } })
        }
    }

    @Test func `an entry shows only keys that would do it from here`() throws {
        var state = try StateFixtures.live()
        state.run?.focus = .charts
        let onCharts = Palette.all(in: state)
        #expect(onCharts.first { $0.deed == .action(.stopTrial) }?.keys == "")
        #expect(onCharts.first { $0.deed == .action(.smoothLess) }?.keys == "s")
        state.run?.focus = .workers
        #expect(Palette.all(in: state).first { $0.deed == .action(.stopTrial) }?.keys == "s")
        // What belongs to another screen shows the key it has there.
        #expect(Palette.all(in: state).first { $0.deed == .action(.newTrial) }?.keys == "N n")
    }

    @Test func `the whole list can be walked through and stays in sight`() throws {
        var state = try StateFixtures.live(StateFixtures.small)
        ScreenPicture.press(":", on: &state)
        let entries = Palette.entries(for: "", in: state)
        for entry in entries {
            let row = ScreenPicture.surface(state).lines.first { $0.contains("▸") && $0.contains(entry.title) }
            #expect(row != nil, "\(entry.title)")
            ScreenPicture.press(KeyStroke(.down), on: &state)
        }
    }
}
