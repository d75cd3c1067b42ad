import Protocol
import TestSupport
import Testing

@testable import Orchestrator

@Suite struct `Every registered experiment` {
    static let names = Experiments.all.map(\.name)

    @Test func `has a name of its own, and those that need no data of one's own are first`() {
        #expect(Set(Self.names).count == Self.names.count)
        #expect(Self.names.starts(with: ["grpo-arith", "sft-arith"]))
    }

    @Test(arguments: names)
    func `has a summary, and help for settings that are named once and whose defaults they accept`(name: String) throws
    {
        let experiment = try Experiments.find(name)
        #expect(!experiment.summary.isEmpty)
        #expect(Set(experiment.settings.map(\.path)).count == experiment.settings.count)
        for setting in experiment.settings {
            #expect(!setting.help.isEmpty)
            let parsed = setting.parse(setting.defaultValue.description, paths: Samples.paths)
            #expect(throws: Never.self) { try parsed.get() }
        }
    }

    @Test(arguments: names)
    func `plans a valid trial from its defaults and a dataset`(name: String) throws {
        let plan = try Samples.plan(name, ["dataset.path=rows.jsonl"])
        try PlanCheck(names: .registered, machine: Samples.machine()).verify(plan)
    }

    @Test func `is suggested when its name is mistyped`() {
        let error = #expect(throws: ConfigurationError.self) { try Experiments.find("grpo-arit") }
        #expect(error?.summary == "unknown experiment 'grpo-arit'. Did you mean 'grpo-arith'?")
    }
}

@Suite struct `The GRPO experiment` {
    @Test func `runs SFT first and then GRPO on the same actor`() throws {
        let plan = try Samples.plan("grpo-arith", ["sft.steps=10", "grpo.steps=5"])
        #expect(plan.setups.map(\.name) == ["sft", "grpo"])
        #expect(plan.totalSteps == 15)
        guard case .transformer(let actor) = plan.setups[1].models[0].module else {
            Issue.record("the actor is a language model")
            return
        }
        #expect(actor.initialization == .role(.actor))
    }

    @Test func `leaves SFT out when it has no steps`() throws {
        #expect(try Samples.plan("grpo-arith", ["sft.steps=0"]).setups.map(\.name) == ["grpo"])
    }

    @Test func `generates first, rewards and compares in between, and trains last`() throws {
        let graph = try DataflowGraph(Samples.plan().setups[1].calls)
        #expect(graph.levels == [["actor_gen"], ["rew_inf", "ref_inf"], ["actor_train"]])
        #expect(graph.datasetKeys == ["packed_prompts", "packed_answers"])
    }

    @Test(arguments: [("2", [0, 1, 1]), ("1", [0, 0, 0])])
    func `places reference and reward on the second worker where there is one`(workers: String, places: [Int]) throws {
        let plan = try Samples.plan("grpo-arith", ["workers.model_workers=\(workers)"])
        #expect(plan.setups[1].models.map(\.worker) == places)
    }

    @Test func `hands its hyper-parameters to the interface`() throws {
        let call = try Samples.plan("grpo-arith", ["grpo.group_size=16"]).setups[1].calls[0]
        #expect(call.interface.arguments["group_size"] == .integer(16))
        #expect(call.interface.arguments["max_new_tokens"] == .integer(8))
    }

    @Test func `evaluates on the held-out file`() throws {
        let evaluation = try #require(Samples.plan().setups[1].evaluation)
        #expect(evaluation.dataset.path == "/home/ck/data/arithmetic/heldout.jsonl")
        #expect(evaluation.interface.type == "grpo_actor")
    }
}

@Suite struct `The check of a plan` {
    private func problem(
        _ experiment: String = "grpo-arith", _ overrides: [String] = [], machine: MachineFacts = Samples.machine(),
        change: (inout TrialPlan) -> Void = { _ in }
    ) throws -> String? {
        var plan = try Samples.plan(experiment, overrides)
        change(&plan)
        do {
            try PlanCheck(names: Samples.names, machine: machine).verify(plan)
            return nil
        } catch {
            return (error as? any UserFacingError)?.summary
        }
    }

    @Test func `suggests an interface`() throws {
        let summary = try problem { $0.setups[0].calls[0].interface.type = "sfd" }
        #expect(summary == "unknown interface 'sfd'. Did you mean 'sft'?")
    }

    @Test func `suggests a dataset`() throws {
        let summary = try problem { $0.setups[0].dataset.type = "prompt_anser" }
        #expect(summary == "unknown dataset 'prompt_anser'. Did you mean 'prompt_answer'?")
    }

    @Test func `finds a key that nobody supplies`() throws {
        let summary = try problem { $0.setups[0].calls[0].inputKeys.append("scores") }
        #expect(summary?.hasPrefix("'actor_train' needs key 'scores'") == true)
    }

    @Test func `finds heads that do not divide the width`() throws {
        #expect(
            try problem("grpo-arith", ["model.heads=3"])
                == "model.width=128 is not divisible by model.heads=3")
    }

    @Test func `finds rows longer than the context`() throws {
        #expect(
            try problem("grpo-arith", ["dataset.max_length=64"])
                == "dataset.max_length=64 is above model.context=32")
    }

    @Test func `finds more minibatches than answers, of which each prompt has a group`() throws {
        #expect(
            try problem("grpo-arith", ["grpo.n_minibatches=513"])
                == "'actor_train' cuts 512 sequences into 513 minibatches; some would be empty")
        #expect(try problem("grpo-arith", ["grpo.n_minibatches=512"]) == nil)
    }

    @Test func `finds that no dataset is named`() throws {
        #expect(try problem("sft") == "dataset.path is not set")
    }

    @Test func `finds a missing dataset`() throws {
        #expect(
            try problem("sft", ["dataset.path=/nowhere/x"]) == "dataset.path: there is no file /nowhere/x")
    }

    @Test(arguments: [(0, "has only 0 rows, one step takes 128"), (100, "has only 100 rows, one step takes 128")])
    func `finds too few rows`(rows: Int, ending: String) throws {
        #expect(
            try problem(machine: Samples.machine(rows: rows))
                == "dataset.path: /home/ck/data/arithmetic/train.jsonl \(ending)")
    }

    @Test func `finds a model larger than the memory`() throws {
        var machine = Samples.machine()
        machine.memory = 1 << 20
        #expect(try problem(machine: machine)?.contains("of memory") == true)
    }

    @Test func `finds checkpoints larger than the disk`() throws {
        var machine = Samples.machine()
        machine.freeDisk = 1 << 20
        #expect(try problem(machine: machine)?.contains("of disk") == true)
    }

    @Test func `asks the interface about each call`() throws {
        var names = Samples.names
        names.checkCall = { call in
            if call.name == "ref_inf" { throw ConfigurationError(.unknownInterface, "not that one") }
            return RegisteredNames.CallFacts()
        }
        let check = PlanCheck(names: names, machine: Samples.machine())
        let plan = try Samples.plan()
        #expect(throws: ConfigurationError(.unknownInterface, "not that one")) { try check.verify(plan) }
    }
}
