import Protocol
import Testing

@testable import Cockpit
@testable import Store

/// Screens that a person meets less often than those of `GoldenTests`.
@Suite struct MoreGoldenTests {
    enum Scene: String, CaseIterable, Sendable {
        case manyTrials = "trials-many"
        case filtering = "trials-filter"
        case lost
        case opening
        case unreadable
        case workers = "workers-full"
        case devices = "devices-full"
        case buffer = "buffer-full"
        case logWrapped = "log-wrapped"
        case wholeRun = "timeline-whole"
        case timelineReplay = "timeline-replay"
        case kill = "confirm-kill"
        case themes
        case helpSearch = "help-search"
        case helpCharts = "help-charts"
        case launchLoading = "launch-loading"
        case launchProblem = "launch-problem"
        case launchRefused = "launch-refused"
        case launchModels = "launch-models"

        func state(_ size: Size) throws -> AppState {
            switch self {
            case .manyTrials, .filtering, .lost: try onTheList(size)
            case .launchLoading, .launchProblem, .launchRefused, .launchModels: try inTheForm(size)
            case .opening, .unreadable: try unopened(size)
            default: try onARun(size)
            }
        }

        private func onTheList(_ size: Size) throws -> AppState {
            var state = try StateFixtures.home(size)
            switch self {
            case .lost:
                state.trials.selected = try RunFixtures.id("night")
                state.trials.preview = nil
            default:
                state.trials.items = try ManyTrials.items(60)
                state.trials.selected = state.trials.items?[17].id
                if self == .filtering { ScreenPicture.press("/status:failed -7", on: &state) }
            }
            return state
        }

        private func inTheForm(_ size: Size) throws -> AppState {
            var state = try StateFixtures.form(size)
            switch self {
            case .launchLoading: state.form?.phase = .loading
            case .launchProblem:
                state.form?.values["actor.layers"] = "99"
                state.form?.showsOnlyChanged = true
            case .launchRefused:
                state.form?.refusal = Refusal(
                    summary: "no room for the model: 9.1G of 4.0G", detail: "actor 6.2G\r\nreference 2.9G",
                    hint: "lower actor.width")
            default: state.form?.check = .ready(try ManyTrials.plan())
            }
            return state
        }

        private func unopened(_ size: Size) throws -> AppState {
            var state = try StateFixtures.live(size)
            state.run?.snapshot = nil
            if self == .unreadable {
                state.run?.failure =
                    "cannot open run.sqlite: file is not a database\nhint: cockpit check names the damage"
            }
            return state
        }

        private func onARun(_ size: Size) throws -> AppState {
            var state = self == .timelineReplay ? try StateFixtures.replay(size) : try StateFixtures.live(size)
            if self == .devices {
                state.run?.snapshot?.devices += (0..<8).map { RunFixtures.gpu($0, time: 0) }
            }
            if self == .logWrapped {
                state.run?.snapshot?.logs[39].message = "torn: " + String(repeating: "a long word of 训练 ", count: 12)
                state.run?.snapshot?.logs[38].message = "\u{1B}[31mred\u{1B}[0m"
            }
            let keys: [Scene: String] = [
                .workers: "7j", .devices: "5", .buffer: "4", .logWrapped: "8w", .wholeRun: "30",
                .timelineReplay: "hh\r",
                .kill: "7jK", .themes: "Tj", .helpSearch: "?zoom", .helpCharts: "\t\t\t?",
            ]
            for key in keys[self] ?? "" {
                ScreenPicture.press(
                    key == "\t" ? KeyStroke(.tab) : key == "\r" ? KeyStroke(.enter) : KeyStroke(key), on: &state)
            }
            return state
        }
    }

    @Test(arguments: Scene.allCases, [StateFixtures.small, StateFixtures.middle])
    func `each screen looks as it was approved`(scene: Scene, size: Size) throws {
        let text = ScreenPicture.text(try scene.state(size))
        try Golden.expect(text, file: "\(scene.rawValue)-\(size.width)x\(size.height).txt")
    }
}

enum ManyTrials {
    /// Trials of three experiments in every state, started an hour apart, the first one last.
    static func items(_ count: Int) throws -> [TrialItem] {
        try (0..<count).map { index in
            let status = TrialStatus.allCases[index % TrialStatus.allCases.count]
            let started = RunFixtures.started - Int64(index) * 3_600 * RunFixtures.second
            return TrialItem(
                id: try RunFixtures.id("t\(index)", experiment: ["grpo-arith", "sft", "a-very-long-name"][index % 3]),
                status: status, statusDetail: status == .failed ? "signal 9" : "",
                runningWorkers: status == .running ? 3 : 0, totalWorkers: 3, step: index * 37 % 461, totalSteps: 460,
                startedWall: started, updatedWall: started + Int64(index * index) * RunFixtures.second,
                last: index % 4 == 0 ? [:] : ["grpo_actor/reward": Double(index) / 60, "sft/loss": 1e5 / Double(index)])
        }
    }

    /// Two roles, one that trains and one that has only rules.
    static func plan() throws -> TrialPlan {
        var plan = try StateFixtures.plan()
        plan.setups[0].models = [
            ModelPlan(
                shard: ModelShardID(ModelName(.actor)), worker: 0,
                module: .transformer(
                    TransformerPlan(
                        family: "llama", contextLength: 64, width: 128, layers: 4, heads: 4, initialization: .random))),
            ModelPlan(shard: ModelShardID(ModelName(.reward)), worker: 1, module: .tokenizerOnly),
        ]
        return plan
    }
}
