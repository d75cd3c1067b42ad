import Protocol

@testable import Cockpit
@testable import Store

/// States of the dashboard as tests begin with them.
enum StateFixtures {
    static let small = Size(width: 80, height: 24)
    static let middle = Size(width: 120, height: 36)
    static let large = Size(width: 200, height: 60)
    static let themes = ["default-dark", "default-light", "mono"]

    /// On the dashboard of the running trial, with its list known.
    static func live(_ size: Size = middle) throws -> AppState {
        var state = try home(size)
        var run = RunView(id: try RunFixtures.id("first"))
        run.item = state.trials.items?.first { $0.status == .running }
        state.run = run
        state.screens = [.trials, .dashboard]
        let snapshot = try RunFixtures.snapshot()
        _ = Reducer.reduce(&state, .snapshot(run.id, RunQuery(), snapshot), now: 0)
        return state
    }

    /// Replaying the same trial after its end, paused in the middle.
    static func replay(_ size: Size = middle) throws -> AppState {
        var state = try live(size)
        state.run?.item?.status = .completed
        state.run?.snapshot = try RunFixtures.snapshot(at: 400, end: 1_196, status: .running)
        state.run?.snapshot?.events += [
            LifecycleRow(
                time: 130 * RunFixtures.second, kind: "worker_failed", worker: "model_worker/1", detail: "signal 9"),
            LifecycleRow(time: 132 * RunFixtures.second, kind: "restarting", worker: "model_worker/1", detail: ""),
        ]
        state.run?.transport.seek(to: 400 * RunFixtures.second, now: 0)
        return state
    }

    /// On the trials list.
    static func home(_ size: Size = middle) throws -> AppState {
        var state = AppState(size: size, themes: themes)
        state.trials.items = try trials()
        state.trials.preview = try RunFixtures.snapshot()
        return state
    }

    /// Nothing was ever launched.
    static func empty(_ size: Size = middle) -> AppState {
        var state = AppState(size: size, themes: themes)
        state.trials.items = []
        return state
    }

    /// In the launch form, with the experiments known and two settings changed.
    static func form(_ size: Size = middle) throws -> AppState {
        var state = try home(size)
        _ = Reducer.reduce(&state, .key(KeyStroke("N")), now: 0)
        _ = Reducer.reduce(&state, .experimentsLoaded(experiments), now: 0)
        _ = Reducer.reduce(&state, .key(KeyStroke(.enter)), now: 0)
        state.form?.values = ["grpo.lr": "0.001", "grpo.group_size": "16"]
        state.form?.check = .ready(try plan())
        return state
    }

    static func trials() throws -> [TrialItem] {
        let wall = RunFixtures.started
        let second = RunFixtures.second
        return [
            TrialItem(
                id: try RunFixtures.id("first"), status: .running, orchestratorPid: 4_100, runningWorkers: 3,
                totalWorkers: 3,
                step: 230, totalSteps: 460, startedWall: wall, updatedWall: wall + 600 * second,
                last: [
                    "grpo_actor/reward": 0.713, "eval/accuracy": 0.684, "grpo_actor/kl_ref": 0.0123,
                    "tokens_per_second": 590,
                ]),
            TrialItem(
                id: try RunFixtures.id("lr-high"), status: .failed,
                statusDetail: "model_worker/0: loss is nan at step 38",
                totalWorkers: 3, step: 38, totalSteps: 460, startedWall: wall - 90_000 * second,
                updatedWall: wall - 89_800 * second, last: ["grpo_actor/reward": .nan]),
            TrialItem(
                id: try RunFixtures.id("mine", experiment: "sft"), status: .completed, totalWorkers: 2, step: 1_284,
                totalSteps: 1_284, startedWall: wall - 7_200 * second, updatedWall: wall - 3_600 * second,
                last: ["sft/loss": 0.42, "eval/accuracy": 0.31]),
            TrialItem(
                id: try RunFixtures.id("night"), status: .lost, totalWorkers: 3, step: 120, totalSteps: 460,
                startedWall: wall - 40_000 * second, updatedWall: wall - 39_000 * second,
                last: ["grpo_actor/reward": 0.3]),
        ]
    }

    static let experiments = [
        ExperimentItem(
            name: "grpo-arith", summary: "SFT, then GRPO on two-digit additions, with made-up data",
            settings: [
                SettingItem(
                    path: "seed", kind: .integer(0...1_000_000), defaultValue: .integer(1),
                    help: "seed of everything random"),
                SettingItem(
                    path: "actor.layers", kind: .integer(1...48), defaultValue: .integer(4), help: "transformer layers"),
                SettingItem(
                    path: "actor.width", kind: .integer(16...4_096), defaultValue: .integer(128),
                    help: "width of a layer"),
                SettingItem(
                    path: "sft.steps", kind: .integer(0...100_000), defaultValue: .integer(260),
                    help: "updates before GRPO"),
                SettingItem(
                    path: "grpo.lr", kind: .number(1e-7...1e-2), defaultValue: .number(3e-4),
                    help: "learning rate of the actor"),
                SettingItem(
                    path: "grpo.group_size", kind: .integer(2...64), defaultValue: .integer(8),
                    help: "answers for each prompt"),
                SettingItem(
                    path: "grpo.schedule", kind: .choice(["constant", "linear", "cosine"]),
                    defaultValue: .text("constant"), help: "of the learning rate"),
                SettingItem(
                    path: "dataset.path", kind: .path, defaultValue: .text("data/train.jsonl"),
                    help: "rows with prompt and answer"),
            ]),
        ExperimentItem(name: "sft", summary: "supervised fine-tuning on a jsonl file", settings: []),
    ]

    static func plan() throws -> TrialPlan {
        TrialPlan(
            id: try RunFixtures.id("first-2"), seed: 1,
            modelWorkers: [ModelWorkerPlan(threads: 2), ModelWorkerPlan(threads: 2)],
            setups: [
                SetupPlan(
                    name: "grpo", steps: 200, models: [], calls: [],
                    dataset: DatasetPlan(
                        type: "prompt_answer", path: "data/train.jsonl", maximumLength: 64, badRow: .skip),
                    evaluation: nil, checkpointEverySteps: 50)
            ])
    }
}
