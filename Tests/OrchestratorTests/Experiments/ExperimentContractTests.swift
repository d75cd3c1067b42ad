import Protocol
import TestSupport
import Testing
import Workers

@testable import Orchestrator

private let names = Experiments.all.map(\.name)

/// Everything that an experiment's settings can switch on is on, so that each of them has something to change.
private let everything = ["dataset.path=/d.jsonl", "dataset.eval_path=/e.jsonl", "sft.steps=5"]

@Suite struct `Every setting of every experiment` {
    /// Read by the orchestrator itself, not by a worker.
    private static let ofTheOrchestrator: Set<String> = [
        "restart.limit", "restart.window", "restart.backoff", "stop.silence", "stop.grace",
    ]

    /// Other values than the one it has.
    private func others(than value: SettingValue, _ kind: SettingKind) -> [String] {
        let texts: [String] =
            switch kind {
            case .integer(let range): ["\(range.lowerBound)", "\(range.upperBound)"]
            case .number(let range): ["\(range.lowerBound)", "\(range.upperBound)"]
            case .text: ["other"]
            case .path: ["/other"]
            case .choice(let words): words
            case .boolean: ["true", "false"]
            }
        return texts.filter { (try? kind.parse($0).get()) != value }
    }

    @Test(arguments: names)
    func `changes the plan: none is accepted and ignored`(name: String) throws {
        let plan = try Samples.plan(name, everything), settings = try Samples.settings(name, everything)
        for setting in settings.definitions where !Self.ofTheOrchestrator.contains(setting.path) {
            for other in others(than: settings[setting.path], setting.kind) {
                #expect(
                    try Samples.plan(name, everything + ["\(setting.path)=\(other)"]) != plan,
                    "\(setting.path)=\(other)")
            }
        }
    }

    @Test(arguments: names)
    func `is taken by its interface or optimizer at both ends, where the setting takes it, and by the wire`(
        name: String
    ) throws {
        for setting in try Samples.settings(name).definitions {
            let ends: [String] =
                switch setting.kind {
                case .integer(let range): ["\(range.lowerBound)", "\(range.upperBound)"]
                case .number(let range): ["\(range.lowerBound)", "\(range.upperBound)"]
                case .choice(let words): words
                default: []
                }
            // Beside what some of them need of others.
            let group = setting.path.prefix { $0 != "." }
            for end in ends {
                var overrides = everything + ["\(setting.path)=\(end)"]
                if end == "multistep" { overrides.append("\(group).milestones=1") }
                if setting.path == "grpo.min_new_tokens" { overrides.append("grpo.max_new_tokens=65536") }
                let plan = try Samples.plan(name, overrides)
                #expect(try TrialPlan(plan.wire) == plan, "\(overrides)")
                for setup in plan.setups {
                    for call in setup.calls { _ = try RegisteredNames.registered.checkCall(call) }
                    for model in setup.models { _ = try ModelArguments(model.options) }
                    for model in setup.models { _ = try model.optimizer.map { try OptimizerArguments($0) } }
                }
            }
        }
    }

    @Test(arguments: names)
    func `has one range wherever it stands, and defaults that go together`(name: String) throws {
        let plan = try Samples.plan(name, ["dataset.path=/d.jsonl"])
        try PlanCheck(names: .registered, machine: Samples.machine()).verify(plan)
    }

    @Test(arguments: [
        (["grpo.c_clip=0.5"], "grpo.c_clip is 0.5; it must be above 1, or 0 for none"),
        (
            ["grpo.max_new_tokens=8", "grpo.min_new_tokens=9"],
            "grpo.min_new_tokens is 9; it must be at most grpo.max_new_tokens, 8"
        ),
    ])
    func `is named by its path where it does not go with another`(overrides: [String], summary: String) throws {
        let plan = try Samples.plan("grpo", ["dataset.path=/d.jsonl"] + overrides)
        let error = #expect(throws: ConfigurationError.self) {
            try PlanCheck(names: .registered, machine: Samples.machine()).verify(plan)
        }
        #expect(error?.summary == summary)
        #expect(error?.code == .badValue)
    }

    @Test func `reaches the interface: the reward's and the clip's numbers as well`() throws {
        let calls = try Samples.plan(
            "grpo",
            [
                "dataset.path=/d.jsonl", "reward.correct_reward=2", "reward.partial_credit=0.5", "grpo.c_clip=3",
                "grpo.min_new_tokens=4",
            ]
        ).setups[0].calls
        let reward = try #require(calls.first { $0.name == "rew_inf" }).interface.arguments
        #expect(reward.group == "reward")
        #expect(reward["correct_reward"] == 2.0 && reward["partial_credit"] == 0.5)
        let actor = try #require(calls.first { $0.name == "actor_train" }).interface.arguments
        #expect(actor["c_clip"] == 3.0 && actor["min_new_tokens"] == 4)
    }

    @Test func `of the actor's precision is the reference's too`() throws {
        let plan = try Samples.plan("grpo", ["dataset.path=/d.jsonl", "grpo.precision=bf16"])
        #expect(plan.setups[0].models.prefix(2).map { $0.options["precision"] } == ["bf16", "bf16"])
    }
}

/// An interface of a test, with an argument that nothing else knows of.
private struct ThermostatInterface: ModelInterface {
    static let name = "thermostat"
    static let arguments = [
        Argument("setpoint", .number(5...30), default: 20, "degrees that are aimed at"),
        Argument("mode", .choice(["heat", "cool"]), default: "heat", "what it may do"),
    ]
    static let signatures: [InterfaceType: InterfaceSignature] = [:]

    let setpoint: Double

    init(arguments: ArgumentValues) throws {
        setpoint = try arguments.number("setpoint")
        guard try arguments.text("mode") == "heat" || setpoint >= 16 else {
            throw arguments.refusal("setpoint", mustBe: "16 or more with \(arguments.label("mode"))=cool")
        }
    }

    func run(_ call: InterfaceCall, on model: WorkerModel) throws -> InterfaceResult { InterfaceResult() }
}

/// What CONTRIBUTING says of a new argument: one line where it is read, and no other file.
@Suite struct `An argument declared in its interface` {
    private func settings(_ overrides: String...) throws -> Settings {
        var settings = Settings(ThermostatInterface.arguments.settings(under: "room"), paths: Samples.paths)
        try settings.apply(overrides: overrides)
        return settings
    }

    private func made(_ overrides: String...) throws -> ThermostatInterface {
        var settings = try settings()
        try settings.apply(overrides: overrides)
        let reference = settings.interface(ThermostatInterface.self, under: "room")
        return try ThermostatInterface(
            arguments: ArgumentValues(
                reference.arguments, of: "interface 'thermostat'", declared: ThermostatInterface.arguments))
    }

    @Test func `is a setting with its kind, default and help`() {
        #expect(
            ThermostatInterface.arguments.settings(under: "room").first
                == Setting("room.setpoint", .number(5...30), default: .number(20), "degrees that are aimed at"))
    }

    @Test func `is refused by the range it declares, at the word that was typed`() {
        let error = #expect(throws: ConfigurationError.self) { try settings("room.setpoint=31") }
        #expect(
            error?.summary
                == "override 'room.setpoint=31': room.setpoint='31' is out of range: "
                + "it must be a number from 5.0 to 30.0")
        #expect(error?.detail == "degrees that are aimed at")
    }

    @Test func `gives the interface its value`() throws {
        #expect(try made().setpoint == 20)
        #expect(try made("room.setpoint=17.5").setpoint == 17.5)
    }

    @Test func `is refused by the interface with the path of its setting`() {
        let error = #expect(throws: WorkerError.self) { try made("room.setpoint=15", "room.mode=cool") }
        #expect(error?.summary == "room.setpoint is 15.0; it must be 16 or more with room.mode=cool")
    }
}
