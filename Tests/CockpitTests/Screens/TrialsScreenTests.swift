import Protocol
import Testing

@testable import Cockpit
@testable import Store

@Suite("The trials list")
struct TrialsScreenTests {
    @Test func `tokens a second are those of the header, and none where no step is being done`() throws {
        var state = try StateFixtures.home(StateFixtures.large)
        func row() throws -> String {
            try #require(ScreenPicture.surface(state).lines.first { $0.contains("first") && $0.contains("grpo-arith") })
        }
        state.trials.items?[0].last["generated_tokens_per_second"] = 2_140
        #expect(try row().contains(" 2.14k "))
        #expect(try !row().contains(" 590 "))
        state.trials.items?[0].status = .paused
        #expect(try !row().contains(" 2.14k "))
    }

    private func names(_ state: AppState) -> [String] { state.trials.visible.map(\.id.trial.description) }

    @Test(
        arguments: [
            (.started, ["first", "mine", "night", "lr-high"]), (.name, ["first", "lr-high", "night", "mine"]),
            (.status, ["night", "lr-high", "first", "mine"]), (.step, ["mine", "first", "night", "lr-high"]),
        ] as [(TrialsView.Order, [String])])
    func `is sorted by the column asked for`(order: TrialsView.Order, expected: [String]) throws {
        var state = try StateFixtures.home()
        state.trials.order = order
        #expect(names(state) == expected)
        #expect(ScreenPicture.text(state).contains("sort: \(order.title) ▾"))
    }

    @Test func `o walks through all orders and back`() throws {
        var state = try StateFixtures.home()
        var seen: [TrialsView.Order] = []
        for _ in TrialsView.Order.allCases {
            seen.append(state.trials.order)
            ScreenPicture.press("o", on: &state)
        }
        #expect(seen == TrialsView.Order.allCases)
        #expect(state.trials.order == seen[0])
    }

    @Test(arguments: TrialsView.Order.allCases)
    func `comes out the same however the trials came in`(order: TrialsView.Order) throws {
        var view = TrialsView()
        var items = try ManyTrials.items(40)
        for index in items.indices { (items[index].step, items[index].startedWall) = (index % 3, Int64(index % 5)) }
        view.order = order
        view.items = items
        let expected = view.visible.map(\.id)
        var random = Seeded(state: 5)
        for _ in 0..<10 {
            view.items = items.shuffled(using: &random)
            #expect(view.visible.map(\.id) == expected)
        }
    }

    @Test(
        arguments: [
            ("", ["first", "mine", "night", "lr-high"]), ("grpo", ["first", "night", "lr-high"]), ("exp:sft", ["mine"]),
            ("status:lost", ["night"]), ("-status:lost", ["first", "mine", "lr-high"]),
            ("trial:*i*t", ["first", "night"]),
            ("running first", ["first"]), ("running night", []), ("-grpo -sft", []), ("EXP:SFT", ["mine"]),
            ("colour:red", []), ("-colour:red", ["first", "mine", "night", "lr-high"]),
            ("-", ["first", "night", "lr-high"]),
            ("*", ["first", "mine", "night", "lr-high"]), ("训", []), ("exp:", ["first", "mine", "night", "lr-high"]),
        ] as [(String, [String])])
    func `shows what a filter lets through`(filter: String, expected: [String]) throws {
        var state = try StateFixtures.home()
        state.trials.filter = filter
        #expect(names(state) == expected)
    }

    @Test func `without a match it says how to get out`() throws {
        var state = try StateFixtures.home()
        state.trials.filter = "nothing"
        #expect(ScreenPicture.text(state).contains("no trial matches; esc clears the filter"))
        #expect(ScreenPicture.text(state).contains("Trials 0   filter: nothing"))
    }

    @Test func `before the first answer and after a failed one it says so`() throws {
        var state = try StateFixtures.home()
        state.trials.items = nil
        #expect(ScreenPicture.text(state).contains("reading the trials…"))
        state.trials.failure = "cannot read the catalogue\u{7}"
        #expect(ScreenPicture.text(state).contains("cannot read the catalogue␇"))
    }

    @Test func `the selected trial is in sight wherever it stands`() throws {
        var state = try StateFixtures.home()
        state.trials.items = try ManyTrials.items(60)
        for size in [Size(width: 60, height: 16), StateFixtures.small, StateFixtures.large] {
            state.size = size
            for item in state.trials.visible {
                state.trials.selected = item.id
                let lines = ScreenPicture.surface(state).lines
                let row = lines.first { $0.hasPrefix("│▸") }
                #expect(row?.contains(" \(item.id.trial) ") ?? false, "\(item.id) at \(size.width)x\(size.height)")
            }
        }
    }

    @Test(
        arguments: [
            (0, 460, "0"), (1, 460, "0"), (459, 460, "99"), (460, 460, "100"), (461, 460, "100"), (3, 0, "-"),
            (.max, 1, "5807"),
        ] as [(Int, Int, String)])
    func `only a trial that has all its steps is at a hundred percent`(step: Int, total: Int, text: String) throws {
        var state = try StateFixtures.home(StateFixtures.large)
        var item = try #require(state.trials.items?[0])
        (item.step, item.totalSteps) = (step, total)
        state.trials.items = [item]
        let lines = ScreenPicture.surface(state).lines
        let title = try #require(lines.first { $0.contains(" experiment ") })
        let row = try #require(lines.first { $0.hasPrefix("│▸") })
        let end = try #require(title.firstIndex(of: "%")).utf16Offset(in: title)
        let cell = Array(row)[(end - 3)...end]
        #expect(String(cell.filter { $0 != " " }) == text)
    }

    @Test func `what a trial's orchestrator must say stands in the preview`() throws {
        var state = try StateFixtures.home()
        state.trials.selected = try RunFixtures.id("lr-high")
        #expect(ScreenPicture.text(state).contains("✗ failed  model_worker/0: loss is nan at step 38"))
        state.trials.items?[1].statusDetail = "signal 9\r\nout of memory"
        state.trials.items?[1].notice = "the store is full"
        state.trials.items?[1].restarts = 4
        let text = ScreenPicture.text(state)
        #expect(text.contains("✗ failed  signal 9 "))
        #expect(text.contains("! the store is full"))
        #expect(text.contains("4 restarts"))
        state.trials.items?[1].restarts = 1
        #expect(ScreenPicture.text(state).contains("1 restart "))
        state.trials.selected = try RunFixtures.id("night")
        #expect(ScreenPicture.text(state).contains("its orchestrator is gone; R resumes it"))
    }

    @Test func `the preview shows first what is not at the experiment's default`() throws {
        var state = try StateFixtures.home()
        _ = Reducer.reduce(&state, .experimentsLoaded(StateFixtures.experiments), now: 0)
        #expect(ScreenPicture.text(state).contains("changed   nothing, all settings are the defaults"))
        state.trials.preview?.header.settings["grpo.lr"] = "0.001"
        let lines = ScreenPicture.surface(state).lines
        let changed = try #require(lines.firstIndex { $0.contains("│ changed   grpo.lr=0.001 ") })
        #expect(lines[changed + 1].contains("│ defaults  actor.layers=4  dataset.path=data/train.jsonl"))
    }

    @Test func `a value is taken from the series that tells most`() throws {
        var state = try StateFixtures.home(StateFixtures.large)
        var item = try #require(state.trials.items?[0])
        item.last = ["eval/reward": 0.111, "grpo_actor/reward": 0.222, "critic_loss": 0.333, "loss": 0.444]
        state.trials.items = [item]
        let row = try #require(ScreenPicture.surface(state).lines.first { $0.hasPrefix("│▸") })
        #expect(row.contains("0.22"))
        #expect(row.contains("0.44"))
        #expect(!row.contains("0.11") && !row.contains("0.33"))
    }
}
