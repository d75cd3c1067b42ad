import Protocol
import Testing

@testable import Cockpit
@testable import Store

@Suite struct LaunchFormTests {
    @Test func `N opens the form with a free name that is being edited`() throws {
        var state = try StateFixtures.home()
        #expect(ScreenPicture.press("N", on: &state).contains(.loadExperiments))
        let effects = Reducer.reduce(&state, .experimentsLoaded(StateFixtures.experiments), now: 0)
        #expect(state.form?.trial.text == "first-2")
        #expect(state.form?.editing != nil)
        #expect(effects == [.checkLaunch(LaunchDraft(experiment: "grpo-arith", trial: "first-2"))])
    }

    @Test func `the trial name is checked as it is typed`() throws {
        var state = try StateFixtures.form()
        state.form?.editing = TextField("")
        ScreenPicture.press("a_b", on: &state)
        #expect(
            state.form?.trialProblem
                == "trial name 'a_b' has a '_', which separates experiment from trial in job names.")
        state.form?.editing = TextField("")
        ScreenPicture.press("night", on: &state)
        #expect(state.form?.trialProblem == "taken; choose another name")
    }

    @Test func `a value out of range is refused and the cursor goes there`() throws {
        var state = try StateFixtures.form()
        state.form?.values["actor.layers"] = "99"
        let effects = ScreenPicture.press(.control("s"), on: &state)
        #expect(effects == [])
        #expect(state.form?.focusedRow == .setting("actor.layers"))
        #expect(state.toasts.last?.text == "actor.layers: must be 1…48")
    }

    @Test func `ctrl-s launches with what was changed and nothing else`() throws {
        var state = try StateFixtures.form()
        let effects = ScreenPicture.press(.control("s"), on: &state)
        let draft = LaunchDraft(
            experiment: "grpo-arith", trial: "first-2", overrides: ["grpo.lr=0.001", "grpo.group_size=16"])
        #expect(effects == [.launch(draft)])
        #expect(state.form?.phase == .launching)
        #expect(ScreenPicture.press(.control("s"), on: &state) == [])
    }

    @Test func `a launched trial is opened`() throws {
        var state = try StateFixtures.form()
        let id = try RunFixtures.id("first-2")
        _ = Reducer.reduce(&state, .launched(id), now: 0)
        #expect(state.form == nil)
        #expect(state.run?.id == id)
        #expect(state.screens == [.trials, .dashboard])
    }

    @Test func `a refused launch keeps the form and says why`() throws {
        var state = try StateFixtures.form()
        ScreenPicture.press(.control("s"), on: &state)
        _ = Reducer.reduce(&state, .launchFailed(Refusal(summary: "no space left", hint: "free some")), now: 0)
        #expect(state.form?.phase == .editing)
        #expect(ScreenPicture.text(state).contains("no space left"))
        #expect(ScreenPicture.text(state).contains("hint: free some"))
    }

    @Test func `space walks through choices and ctrl-r goes back to the default`() throws {
        var state = try StateFixtures.form()
        let row = try #require(state.form?.rows.firstIndex(of: .setting("grpo.schedule")))
        state.form?.focus = row
        ScreenPicture.press(" ", on: &state)
        #expect(state.form?.values["grpo.schedule"] == "linear")
        ScreenPicture.press("  ", on: &state)
        #expect(state.form?.values["grpo.schedule"] == nil)
        ScreenPicture.press(" ", on: &state)
        ScreenPicture.press(.control("r"), on: &state)
        #expect(state.form?.values["grpo.schedule"] == nil)
    }

    @Test func `ctrl-o shows only what was changed`() throws {
        var state = try StateFixtures.form()
        ScreenPicture.press(.control("o"), on: &state)
        #expect(
            state.form?.rows == [.experiment, .trial, .group("grpo"), .setting("grpo.lr"), .setting("grpo.group_size")])
    }

    @Test func `editing a setting takes its text with enter as with esc`() throws {
        var state = try StateFixtures.form()
        let row = try #require(state.form?.rows.firstIndex(of: .setting("sft.steps")))
        state.form?.focus = row
        ScreenPicture.press(KeyStroke(.enter), on: &state)
        ScreenPicture.press("0", on: &state)
        ScreenPicture.press(KeyStroke(.escape), on: &state)
        #expect(state.form?.values["sft.steps"] == "2600")
        ScreenPicture.press(KeyStroke(.enter), on: &state)
        ScreenPicture.press("0", on: &state)
        let effects = ScreenPicture.press(KeyStroke(.enter), on: &state)
        #expect(state.form?.values["sft.steps"] == "26000")
        #expect(effects.contains { if case .checkLaunch = $0 { true } else { false } })
    }

    @Test func `an old answer to a check is not shown`() throws {
        var state = try StateFixtures.form()
        let old = LaunchDraft(experiment: "sft", trial: "old")
        _ = Reducer.reduce(&state, .launchChecked(old, .failure(Refusal(summary: "no"))), now: 0)
        #expect(state.form?.check == .ready(try StateFixtures.plan()))
    }

    @Test func `a completed trial is relaunched with its settings in the form`() throws {
        var state = try StateFixtures.live()
        state.run?.item?.status = .completed
        #expect(ScreenPicture.press("R", on: &state).contains(.loadExperiments))
        _ = Reducer.reduce(&state, .experimentsLoaded(StateFixtures.experiments), now: 0)
        #expect(state.form?.trial.text == "first-2")
        #expect(state.form?.values == [:])
        #expect(state.form?.experiment?.name == "grpo-arith")
    }

    @Test(
        arguments: [
            (.integer(1...4), "5", "must be 1…4"), (.integer(1...4), "x", "a whole number is needed"),
            (.number(0...1), "nan", "a number is needed"), (.number(0...1), "0.5", nil),
            (.boolean, "yes", "true or false"),
            (.choice(["a", "b"]), "c", "one of a, b"), (.path, "", nil), (.text, "", nil),
        ] as [(SettingKind, String, String?)])
    func `values are judged by their kind`(kind: SettingKind, text: String, problem: String?) {
        #expect(kind.problem(with: text) == problem)
    }

    @Test func `the equal command line can be pasted into a shell`() {
        let draft = LaunchDraft(
            experiment: "sft", trial: "a", overrides: ["dataset.path=my data/it's.jsonl", "lr=0.1"])
        #expect(draft.commandLine == "cockpit start -e sft -f a 'dataset.path=my data/it'\\''s.jsonl' lr=0.1")
    }
}
