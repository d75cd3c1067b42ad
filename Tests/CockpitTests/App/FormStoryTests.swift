import Protocol
import Testing

@testable import Cockpit
@testable import Store

/// The launch form, key by key.
@Suite struct FormStoryTests {
    typealias Story = (keys: String, look: String, effects: [String])

    @Test(
        arguments: [
            ("tab", "<general>", []), ("tab tab", "seed", []), ("shift-tab", "experiment", []),
            ("up", "experiment", []),
            ("up up up", "experiment", []), ("down down down down", "actor.layers", []),
            ("enter", "trial=first-2", []),
            ("enter x", "trial=first-2x", ["check grpo-arith -f first-2x grpo.lr=0.001 grpo.group_size=16"]),
            (
                "enter ctrl-u n e w enter", "trial",
                [
                    "check grpo-arith -f n grpo.lr=0.001 grpo.group_size=16",
                    "check grpo-arith -f ne grpo.lr=0.001 grpo.group_size=16",
                    "check grpo-arith -f new grpo.lr=0.001 grpo.group_size=16",
                ]
            ),
            ("enter _", "trial=first-2_", []),
            ("tab enter tab", "<actor>", []), ("tab space", "<general>", []),
            ("tab tab enter 2 enter", "seed", ["check grpo-arith -f first-2 seed=12 grpo.lr=0.001 grpo.group_size=16"]),
            (
                "tab tab enter 2 tab", "<actor>",
                ["check grpo-arith -f first-2 seed=12 grpo.lr=0.001 grpo.group_size=16"]
            ),
            (
                "tab tab enter 2 up", "<general>",
                ["check grpo-arith -f first-2 seed=12 grpo.lr=0.001 grpo.group_size=16"]
            ),
            (
                "tab tab enter 2 esc", "seed", ["check grpo-arith -f first-2 seed=12 grpo.lr=0.001 grpo.group_size=16"]
            ),
            ("tab tab enter 2 ctrl-r", "seed", []),
            (
                "d ctrl-r", "trial",
                [
                    "check grpo-arith -f d grpo.lr=0.001 grpo.group_size=16",
                    "check grpo-arith -f first-2 grpo.lr=0.001 grpo.group_size=16",
                ]
            ),
            (
                "tab tab enter 2 ctrl-y", "seed",
                [
                    "copy cockpit start -e grpo-arith -f first-2 seed=12 grpo.lr=0.001 grpo.group_size=16",
                    "check grpo-arith -f first-2 seed=12 grpo.lr=0.001 grpo.group_size=16",
                ]
            ),
            ("tab tab enter x enter", "seed", []),
            ("up enter", "experiment", ["check sft -f first"]),
            (
                "up space space", "experiment",
                [
                    "check sft -f first", "check grpo-arith -f first-2 grpo.lr=0.001 grpo.group_size=16",
                ]
            ),
            ("ctrl-y", "trial", ["copy cockpit start -e grpo-arith -f first-2 grpo.lr=0.001 grpo.group_size=16"]),
            ("ctrl-o", "trial", []),
            ("d", "trial=d", ["check grpo-arith -f d grpo.lr=0.001 grpo.group_size=16"]),
            ("ctrl-o down down ctrl-r", "grpo.group_size", ["check grpo-arith -f first-2 grpo.group_size=16"]),
            ("ctrl-o down down down ctrl-r", "grpo.lr", ["check grpo-arith -f first-2 grpo.lr=0.001"]),
            ("ctrl-s", "trial", ["launch grpo-arith -f first-2 grpo.lr=0.001 grpo.group_size=16"]),
            (
                "ctrl-s ctrl-s ctrl-y", "trial",
                [
                    "launch grpo-arith -f first-2 grpo.lr=0.001 grpo.group_size=16",
                    "copy cockpit start -e grpo-arith -f first-2 grpo.lr=0.001 grpo.group_size=16",
                ]
            ),
            ("enter ctrl-u ctrl-s", "trial \"trial name '' is empty.\"", []),
            (
                "enter b ctrl-s", "trial",
                [
                    "check grpo-arith -f first-2b grpo.lr=0.001 grpo.group_size=16",
                    "launch grpo-arith -f first-2b grpo.lr=0.001 grpo.group_size=16",
                ]
            ),
        ] as [Story])
    func `keys in the form`(story: Story) throws {
        var state = try Self.checked()
        let effects = Look.press(story.keys, on: &state)
        #expect(Look.of(state) == "trials>launch " + story.look, "\(story.keys)")
        #expect(effects == story.effects, "\(story.keys)")
    }

    /// The form with its cursor on the trial's name and its request checked.
    private static func checked() throws -> AppState {
        var state = try StateFixtures.form()
        let draft = state.form?.draft
        state.form?.checkedDraft = draft
        return state
    }

    @Test(arguments: ["esc y", "ctrl-c y", "enter esc esc y"])
    func `the form is left without launching`(keys: String) throws {
        var state = try Self.checked()
        #expect(Look.press(keys, on: &state) == [])
        #expect(Look.of(state) == "trials")
    }

    @Test func `what is typed stays when its field is left, and leaving the form then asks`() throws {
        var state = try Self.checked()
        let values = try #require(state.form).values
        state.form?.initialValues = values
        _ = Look.press("tab tab 7 esc", on: &state)
        #expect(state.form?.values["seed"] == "7")
        #expect(state.form?.editing == nil)
        _ = Look.press("esc", on: &state)
        #expect(Look.of(state) == "trials>launch seed [Leave without launching?]")
    }

    @Test func `another experiment keeps the name and the values that were typed`() throws {
        var state = try Self.checked()
        _ = Look.press("n e w tab tab 7 enter up up up space", on: &state)
        #expect(state.form?.experiment?.name == "sft")
        #expect(state.form?.trial.text == "new")
        #expect(state.form?.changed.isEmpty == true, "it has none of these settings")
        _ = Look.press("space", on: &state)
        #expect(state.form?.changed.map(\.path) == ["seed", "grpo.lr", "grpo.group_size"])
        #expect(state.form?.trial.text == "new")
    }

    @Test func `ctrl-o leaves the cursor in its row where that is still there`() throws {
        var state = try Self.checked()
        let row = try #require(state.form?.rows.firstIndex(of: .setting("grpo.lr")))
        state.form?.focus = row
        _ = Look.press("ctrl-o", on: &state)
        #expect(Look.of(state) == "trials>launch grpo.lr")
        _ = Look.press("ctrl-o", on: &state)
        #expect(state.form?.focus == row)
    }

    @Test func `a paste is typed text in one line`() throws {
        var state = try Self.checked()
        _ = Look.press("enter ctrl-u", on: &state)
        let effects = Reducer.reduce(&state, .paste("night\n-run\n"), now: 0)
        #expect(state.form?.editing?.text == "night -run")
        #expect(
            state.form?.trialProblem
                == "trial name 'night -run' has a character other than letters, digits, '-' and '.'.")
        #expect(Look.of(effects) == [])
        _ = Look.press("ctrl-u", on: &state)
        #expect(
            Look.of(Reducer.reduce(&state, .paste("night-2"), now: 0)) == [
                "check grpo-arith -f night-2 grpo.lr=0.001 grpo.group_size=16"
            ])
    }

    @Test func `a paste on a row that is not being edited begins its value`() throws {
        var state = try Self.checked()
        let effects = Reducer.reduce(&state, .paste("new"), now: 0)
        #expect(Look.of(state) == "trials>launch trial=new")
        #expect(Look.of(effects) == ["check grpo-arith -f new grpo.lr=0.001 grpo.group_size=16"])
        state = try Self.checked()
        let row = try #require(state.form?.rows.firstIndex(of: .setting("dataset.path")))
        state.form?.focus = row
        _ = Reducer.reduce(&state, .paste("/data/rows.jsonl"), now: 0)
        #expect(Look.of(state) == "trials>launch dataset.path=/data/rows.jsonl")
    }

    @Test func `a slash begins a path and searches from a row of numbers`() throws {
        var state = try Self.checked()
        let row = try #require(state.form?.rows.firstIndex(of: .setting("dataset.path")))
        state.form?.focus = row
        _ = Look.press("/ t m p / a", on: &state)
        #expect(Look.of(state) == "trials>launch dataset.path=/tmp/a")
        state = try Self.checked()
        _ = Look.press("tab tab / l r", on: &state)
        #expect(state.filterInput?.field.text == "lr")
    }

    @Test func `a paste on a row that takes no text changes nothing, and says so`() throws {
        var state = try Self.checked()
        _ = Look.press("up", on: &state)
        let before = state
        #expect(Reducer.reduce(&state, .paste("x=1"), now: 0) == [])
        #expect(state.toasts.map(\.text) == ["pasted text was left out: no field takes it here"])
        state.toasts = []
        #expect(state == before)
    }

    @Test func `the wheel takes what is typed before it goes to another row`() throws {
        var state = try Self.checked()
        _ = Look.press("tab tab enter 2", on: &state)
        let wheel = MouseEvent(kind: .wheelDown, position: Point(x: 5, y: 5))
        let effects = Reducer.reduce(&state, .mouse(wheel), now: 0)
        #expect(Look.of(state) == "trials>launch <actor>")
        #expect(state.form?.values["seed"] == "12")
        #expect(Look.of(effects) == ["check grpo-arith -f first-2 seed=12 grpo.lr=0.001 grpo.group_size=16"])
        _ = Reducer.reduce(&state, .mouse(MouseEvent(kind: .wheelUp, position: Point(x: 5, y: 5))), now: 0)
        #expect(Look.of(state) == "trials>launch seed")
    }

    @Test func `the cursor moves by characters a person sees`() throws {
        var state = try Self.checked()
        _ = Look.press("enter ctrl-u", on: &state)
        _ = Reducer.reduce(&state, .paste("训e\u{301}👍🏽x"), now: 0)
        #expect(state.form?.editing?.cursor == 4)
        _ = Look.press("left backspace", on: &state)
        #expect(state.form?.editing?.text == "训e\u{301}x")
        _ = Look.press("left delete home delete", on: &state)
        #expect(state.form?.editing?.text == "x")
        _ = Look.press("end a ctrl-a b ctrl-e c", on: &state)
        #expect(state.form?.editing?.text == "bxac")
    }

    @Test func `a second answer to the question for experiments does not undo what was typed`() throws {
        var state = try Self.checked()
        _ = Look.press("enter x", on: &state)
        _ = Reducer.reduce(&state, .experimentsLoaded(StateFixtures.experiments), now: 0)
        #expect(state.form?.editing?.text == "first-2x")
        #expect(state.form?.values["grpo.lr"] == "0.001")
    }

    @Test func `the name is what is edited first, wherever the cursor went meanwhile`() throws {
        var state = try StateFixtures.home()
        _ = Look.press("N up", on: &state)
        _ = Reducer.reduce(&state, .experimentsLoaded(StateFixtures.experiments), now: 0)
        #expect(Look.of(state) == "trials>launch trial=first-2")
    }

    @Test func `a refusal that comes after the form was opened anew is not its own`() throws {
        var state = try StateFixtures.home()
        _ = Look.press("N", on: &state)
        _ = Reducer.reduce(&state, .launchFailed(Refusal(summary: "no space left")), now: 0)
        #expect(state.form?.phase == .loading)
        #expect(state.form?.refusal == nil)
        #expect(state.toasts.last?.text == "no space left")
    }

    @Test func `a mistake in a closed group opens it`() throws {
        var state = try Self.checked()
        state.form?.values["actor.width"] = "8"
        state.form?.collapsed = ["actor"]
        state.form?.showsOnlyChanged = true
        _ = Look.press("ctrl-s", on: &state)
        #expect(Look.of(state) == "trials>launch actor.width \"actor.width: must be 16…4096\"")
        #expect(state.form?.collapsed == [])
    }

    @Test func `a name that is taken is numbered, from the second on`() throws {
        var state = try StateFixtures.home()
        state.trials.items? += [
            TrialItem(id: try RunFixtures.id("first-2"), status: .completed),
            TrialItem(id: try RunFixtures.id("first-3"), status: .completed),
        ]
        _ = Look.press("N", on: &state)
        _ = Reducer.reduce(&state, .experimentsLoaded(StateFixtures.experiments), now: 0)
        #expect(state.form?.trial.text == "first-4")
    }

    @Test(
        arguments: [
            (.integer(1...4), "1…4"), (.integer(.min...4), "≤ 4"), (.integer(0 ... .max), "≥ 0"),
            (.integer(.min ... .max), ""), (.number(0 ... .greatestFiniteMagnitude), "≥ 0"),
            (.number(0 ... .infinity), "≥ 0"), (.number(0...0.999999), "0…0.999999"),
            (.number(1e-7...0.01), "1e-7…0.01"), (.number(1...4_294_967_296), "1…4294967296"),
            (.choice(["a", "b"]), "a · b"), (.boolean, "true · false"),
            (.path, ""), (.text, ""),
        ] as [(SettingKind, String)])
    func `the form says which values are allowed`(kind: SettingKind, label: String) {
        #expect(kind.rangeLabel == label)
    }

    @Test(
        arguments: [
            (.integer(0...9), "", "a whole number is needed"), (.integer(0...9), " 1", "a whole number is needed"),
            (.integer(0...9), "1.0", "a whole number is needed"), (.integer(0...9), "+9", nil),
            (.integer(0...9), "10", "must be 0…9"), (.integer(0...9), "-1", "must be 0…9"),
            (.integer(0...9), "99999999999999999999", "a whole number is needed"),
            (.number(0...1), "1e-3", nil), (.number(0...1), "inf", "a number is needed"),
            (.number(0...1), "1.0000001", "must be 0…1"), (.number(0...1), "-0", nil),
            (.number(0...1), "０", "a number is needed"), (.boolean, "TRUE", "true or false"), (.boolean, "false", nil),
            (.choice(["a"]), "", "one of a"), (.choice([]), "a", "one of "),
        ] as [(SettingKind, String, String?)])
    func `values at the edges are judged`(kind: SettingKind, text: String, problem: String?) {
        #expect(kind.problem(with: text) == problem)
    }

    @Test func `whatever the trial is called, the command line is one word for it`() {
        let draft = LaunchDraft(experiment: "sft", trial: "a;rm$(x)'", overrides: ["a=", "b=*", "c=é"])
        #expect(draft.commandLine == "cockpit start -e sft -f 'a;rm$(x)'\\''' a= 'b=*' 'c=é'")
    }
}
