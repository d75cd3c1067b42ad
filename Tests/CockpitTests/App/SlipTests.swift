import Protocol
import Testing

@testable import Cockpit
@testable import Store

/// Keys that were typed, pasted or cut before anybody could mean them.
@Suite("No slip of the hand")
struct SlipTests {
    private static let millisecond: Int64 = 1_000_000

    @Test func `answers a question that nobody can have read yet`() throws {
        var state = try StateFixtures.live()
        _ = Reducer.reduce(&state, .key(KeyStroke("P")), now: 0)
        for time in [0, 100, 299] {
            let effects = Reducer.reduce(&state, .key(KeyStroke("y")), now: Int64(time) * Self.millisecond)
            #expect(effects.isEmpty, "\(time) ms")
            #expect(state.overlay != nil, "\(time) ms")
        }
        let effects = Reducer.reduce(&state, .key(KeyStroke("y")), now: 300 * Self.millisecond)
        let id = try RunFixtures.id("first")
        #expect(effects.contains(.command(.pause, nil, id)))
    }

    @Test func `keeps a question from being put away at once with esc`() throws {
        var state = try StateFixtures.live()
        _ = Reducer.reduce(&state, .key(KeyStroke("P")), now: 0)
        _ = Reducer.reduce(&state, .key(KeyStroke(.escape)), now: 0)
        #expect(state.overlay == nil)
    }

    @Test func `asked again, the question has to be read again`() throws {
        var state = try StateFixtures.live()
        let late = 5_000 * Self.millisecond
        _ = Reducer.reduce(&state, .key(KeyStroke("P")), now: 0)
        _ = Reducer.reduce(&state, .key(KeyStroke("n")), now: late)
        _ = Reducer.reduce(&state, .key(KeyStroke("P")), now: late)
        #expect(Reducer.reduce(&state, .key(KeyStroke("y")), now: late + Self.millisecond).isEmpty)
    }

    private func outputs(_ text: String) -> [KeyDecoder.Output] {
        var decoder = KeyDecoder()
        return UnmarkedPaste.merged(decoder.feed(Array(text.utf8)))
    }

    @Test(arguments: ["echo please stop\r", "K then y and q", "scp me@host:file .\r\nls\r\n"])
    func `text that was pasted without marks does not act as keys`(text: String) throws {
        let found = outputs(text)
        guard case .event(.paste(let pasted))? = found.first, found.count == 1 else {
            Issue.record("\(found)")
            return
        }
        var state = try StateFixtures.live()
        let before = (state.screens, state.overlay, state.run?.focus)
        #expect(Reducer.reduce(&state, .paste(pasted), now: 0).isEmpty)
        #expect((state.screens, state.overlay, state.run?.focus) == before)
        #expect(state.toasts.last?.text.contains("pasted") == true)
    }

    @Test(arguments: ["jjjjjjjjjjjjjjjj", "jk", "sy", "hhhhlllljjjj", "\u{1B}[A\u{1B}[A\u{1B}[A", "abc\u{13}defghij"])
    func `keys that are held or typed fast stay keys`(text: String) {
        #expect(!outputs(text).contains { if case .event(.paste) = $0 { true } else { false } })
    }

    @Test func `the lost end of a paste does not keep the keyboard`() {
        var decoder = KeyDecoder()
        #expect(decoder.feed(Array("\u{1B}[200~some text\u{1B}[20".utf8)).isEmpty)
        #expect(decoder.patience == 1000)
        #expect(decoder.flush() == [.event(.paste("some text"))])
        #expect(decoder.patience == nil)
        #expect(decoder.feed(Array("q".utf8)) == [.event(.key(KeyStroke("q")))])
    }

    // MARK: The form

    private func form() throws -> AppState {
        var state = AppState(size: Size(width: 120, height: 36), screens: [.trials, .launch])
        state.form = LaunchForm()
        _ = Reducer.reduce(&state, .experimentsLoaded(StateFixtures.experiments), now: 0)
        return state
    }

    private func press(_ stroke: KeyStroke, _ state: inout AppState, at time: Int64 = 0) -> [Effect] {
        Reducer.reduce(&state, .key(stroke), now: time * Self.millisecond)
    }

    @Test(arguments: Array("dqryns"))
    func `letters never act in the form, they are typed`(letter: Character) throws {
        var state = try form()
        _ = press(KeyStroke(.enter), &state)
        let name = state.form?.trial.text
        _ = press(KeyStroke(letter), &state)
        #expect(state.screen == .launch)
        #expect(state.form?.showsOnlyChanged == false)
        #expect(state.form?.trial.text == String(letter), "was \(name ?? "")")
    }

    @Test func `leaving asks when something was typed, and not before`() throws {
        var state = try form()
        _ = press(KeyStroke(.enter), &state)
        _ = press(KeyStroke(.escape), &state)
        #expect(state.screen == .trials)

        state = try form()
        _ = press(KeyStroke("x"), &state)
        _ = press(KeyStroke(.enter), &state)
        for leave in [KeyStroke(.escape), .control("c")] {
            var left = state
            _ = press(leave, &left, at: 5_000)
            #expect(left.screen == .launch && left.form != nil)
            guard case .confirm(let question)? = left.overlay else {
                Issue.record("\(leave) left without a question")
                continue
            }
            #expect(question.question == "Leave without launching?")
            _ = press(KeyStroke("y"), &left, at: 6_000)
            #expect(left.screen == .trials && left.form == nil)
        }
    }

    @Test func `a slash finds settings, and esc shows all of them again`() throws {
        var state = try form()
        _ = press(KeyStroke(.enter), &state)
        let all = state.form?.rows.count
        _ = press(KeyStroke("/"), &state)
        for letter in "layers" { _ = press(KeyStroke(letter), &state) }
        let shown = try #require(state.form?.rows)
        #expect(shown.count < all ?? 0)
        #expect(shown.contains { if case .setting(let path) = $0 { path.contains("layers") } else { false } })
        _ = press(KeyStroke(.enter), &state)
        _ = press(KeyStroke(.escape), &state)
        #expect(state.form?.rows.count == all)
        #expect(state.screen == .launch)
    }

    @Test func `a required setting is on top and never hidden`() throws {
        var experiment = StateFixtures.experiments[0]
        experiment.settings.append(
            SettingItem(
                path: "dataset.path", kind: .path, defaultValue: .text(""), help: "rows", isRequired: true))
        var state = AppState(size: Size(width: 120, height: 36), screens: [.trials, .launch])
        state.form = LaunchForm()
        _ = Reducer.reduce(&state, .experimentsLoaded([experiment]), now: 0)
        var form = try #require(state.form)
        form.showsOnlyChanged = true
        form.filter = "nothing has this name"
        form.collapsed = ["dataset"]
        #expect(form.rows == [.experiment, .trial, .setting("dataset.path")])
        #expect(form.firstProblem?.text == "dataset.path: is needed")
    }
}

@Suite("A path that is typed")
struct PathCompletionTests {
    private let names = ["test.jsonl", "train.jsonl", "train/", ".hidden"]

    @Test func `becomes what the names agree on`() {
        #expect(PathCompletion("data/tr", names: names).text == "data/train")
        #expect(PathCompletion("data/tr", names: names).candidates == ["train.jsonl", "train/"])
        #expect(PathCompletion("te", names: names).text == "test.jsonl")
        #expect(PathCompletion("te", names: names).isFinal)
    }

    @Test func `goes on in the one folder that fits`() {
        let one = PathCompletion("/a/train", names: ["train/"])
        #expect(one.text == "/a/train/")
        #expect(!one.isFinal)
    }

    @Test func `stays as it is where nothing fits, and hidden names want their dot`() {
        #expect(PathCompletion("x/zz", names: names).text == "x/zz")
        #expect(PathCompletion("", names: [".hidden"]).candidates.isEmpty)
        #expect(PathCompletion(".h", names: names).text == ".hidden")
    }
}
