import Protocol
import Testing

@testable import Cockpit

@Suite("The launch form on the screen")
struct LaunchScreenTests {
    private func text(_ size: Size = StateFixtures.middle, _ change: (inout LaunchForm) -> Void) throws -> String {
        var state = try StateFixtures.form(size)
        if var form = state.form {
            change(&form)
            state.form = form
        }
        return ScreenPicture.text(state)
    }

    @Test(
        arguments: [
            (.pending, "working out the plan…", "checking…"),
            (.refused(Refusal(summary: "no room", hint: "free some")), "hint: free some", "✗ refused"),
        ] as [(LaunchForm.Check, String, String)])
    func `says what the check found`(check: LaunchForm.Check, report: String, state: String) throws {
        let text = try text { $0.check = check }
        #expect(text.contains(report))
        #expect(text.contains(state))
    }

    @Test func `names the models, who holds them and which train`() throws {
        let text = try text(StateFixtures.large) { form in
            if let plan = try? ManyTrials.plan() { form.check = .ready(plan) }
        }
        #expect(text.contains("  actor     llama 4x128 on"))
        #expect(text.contains("  reward    rules on model_worker/1"))
        #expect(text.contains("✓ ready, ctrl-s"))
    }

    @Test func `what is wrong is told before the command where there is little room`() throws {
        let text = try text(Size(width: 60, height: 16)) { $0.check = .refused(Refusal(summary: "no room for it")) }
        #expect(text.contains("│ no room for it"))
    }

    @Test func `what has no room in the plan's pane is counted, and a cut command has a mark`() throws {
        let text = try text(StateFixtures.small) { form in
            form.values["dataset.path"] = "/a/long/way/to/" + String(repeating: "folders/", count: 12) + "rows.jsonl"
            form.values["seed"] = "77"
        }
        #expect(text.contains("… 7 more lines"))
        #expect(text.contains("grpo.group_size=16 …"))
    }

    @Test func `a problem in the form outweighs a plan that was ready`() throws {
        let text = try text { $0.values["actor.layers"] = "99" }
        #expect(text.contains("✗ not ready"))
        #expect(text.contains("actor.layers: must be 1…48"))
        #expect(text.contains("✗ must be 1…48"))
    }

    @Test func `without experiments says so, and that it reads them before`() throws {
        #expect(try text { $0.experiments = [] }.contains("no experiment is registered"))
        #expect(try text { $0.phase = .loading }.contains("reading the experiments…"))
        #expect(try text { $0.phase = .launching }.contains("launching…"))
    }

    @Test func `a changed setting has a mark, also while it is typed, and the help line says what it means`() throws {
        let meaning = "* not the default"
        #expect(try !text { $0.values = [:] }.contains(meaning))
        let changed = try text { form in
            form.focus = form.rows.firstIndex(of: .setting("actor.layers")) ?? 0
        }
        #expect(changed.contains(meaning))
        let typed = try text { form in
            form.values = [:]
            form.focus = form.rows.firstIndex(of: .setting("actor.layers")) ?? 0
            form.editing = TextField("12")
        }
        #expect(typed.contains("▸* layers"))
        #expect(typed.contains(meaning))
    }

    @Test func `the default written otherwise is no change`() throws {
        var state = try StateFixtures.form()
        state.form?.values = [:]
        let row = try #require(state.form?.rows.firstIndex(of: .setting("grpo.lr")))
        state.form?.focus = row
        state.form?.editing = TextField("3e-4")
        _ = Reducer.reduce(&state, .key(KeyStroke(.enter)), now: 0)
        #expect(state.form?.values == [:])
        #expect(state.form?.editing == nil)
    }

    @Test func `the field under the cursor is in sight at every size`() throws {
        for size in [Size(width: 60, height: 16), StateFixtures.small, StateFixtures.middle] {
            var state = try StateFixtures.form(size)
            let rows = try #require(state.form?.rows.count)
            for focus in 0..<rows {
                state.form?.focus = focus
                let lines = ScreenPicture.surface(state).lines
                let name: String =
                    switch try #require(state.form?.focusedRow) {
                    case .experiment: "experiment"
                    case .trial: "trial name"
                    case .group(let name): "▾ \(name)"
                    case .setting(let path): String(path.drop { $0 != "." }.drop { $0 == "." }.prefix(11))
                    }
                #expect(lines.contains { $0.contains(name) }, "\(name) at \(size.width)x\(size.height)")
            }
        }
    }

    @Test(
        arguments: [
            ("cockpit start -e a -f b", 80, ["cockpit start -e a -f b"]),
            ("cockpit start -e a -f b", 16, ["cockpit start \\", "  -e a -f b"]),
            ("x 'a b' c", 6, ["x \\", "  'a b' \\", "  c"]), ("x 'a  b'", 40, ["x 'a  b'"]),
            ("x 'it'\\''s  so' y", 8, ["x \\", "  'it'\\''s  so' \\", "  y"]), ("", 10, [""]),
            ("a b c", 1, ["a \\", "  b \\", "  c"]),
        ] as [(String, Int, [String])])
    func `the equal command is broken between words, not in quotes`(command: String, width: Int, lines: [String]) {
        #expect(PlanPane.broken(command, width: width).map(\.text) == lines)
    }

    @Test(arguments: ["plain", "two words", "it's  two", "a\\b", "' '", "\\' \\'", "训 练"])
    func `the equal command survives being broken and joined by a shell`(value: String) {
        let draft = LaunchDraft(experiment: "e", trial: "t", overrides: ["dataset.path=\(value)", "seed=1"])
        for width in 1...60 {
            let lines = PlanPane.broken(draft.commandLine, width: width).map(\.text)
            // A shell takes a backslash and the line end away; the indent is a blank between words.
            let joined = lines.enumerated().map { index, line in
                let body = index == 0 ? line : String(line.dropFirst(2))
                return index == lines.count - 1 ? body : String(body.dropLast(2))
            }.joined(separator: " ")
            #expect(joined == draft.commandLine)
        }
    }
}

@Suite("A question over the screen")
struct ConfirmScreenTests {
    @Test(arguments: [Size(width: 60, height: 16), Size(width: 80, height: 24), Size(width: 300, height: 80)])
    func `shows what happens and opens on No at every size`(size: Size) throws {
        var state = try StateFixtures.live(size)
        ScreenPicture.press("s", on: &state)
        let surface = ScreenPicture.surface(state)
        let answers = try #require(surface.lines.first { $0.contains("n No") })
        #expect(answers.contains("[ n No ]"))
        #expect(answers.contains("y Yes"))
        let row = try #require(surface.lines.firstIndex(of: answers))
        let column = try #require((0..<size.width).first { surface[$0, row]?.background == .selectionBackground })
        #expect(surface[column, row]?.scalar == "[")
        #expect(surface[0, 0]?.attributes.contains(.dim) ?? false)
    }

    @Test func `wraps a question as long as a hostile name makes it`() throws {
        var state = try StateFixtures.live(StateFixtures.small)
        let id = try RunFixtures.id("first")
        state.overlay = .confirm(
            Confirmation(
                question: "Stop " + String(repeating: "训", count: 100) + "?", details: HostileFixtures.texts,
                consequence: .command(.stop, nil, id)))
        let lines = ScreenPicture.surface(state).lines
        #expect(lines.contains { $0.contains("[ n No ]") })
        #expect(lines.allSatisfy { $0.cellWidth <= 80 })
    }
}
