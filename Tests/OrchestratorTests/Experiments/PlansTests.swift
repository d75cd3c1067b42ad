import Glibc
import Protocol
import TestSupport
import Testing
import Workers

@testable import Orchestrator

private let names = ["grpo-arith", "sft-arith", "grpo", "sft"]

@Suite struct `The plan of every experiment` {
    /// Overrides a person might try together, drawn from what each setting allows, small enough for any machine.
    private func drawn(_ experiment: any Experiment, _ random: inout SplitMix) -> [String] {
        let modest: [String: [String]] = [
            "seed": ["0", "1", "2147483647"], "workers.threads": ["0", "1", "7"], "checkpoint.every": ["1", "20"],
            "sft.steps": ["1", "5"], "sft.batch_size": ["1", "16"], "grpo.steps": ["1", "9"],
            "grpo.prompts": ["4", "64"], "grpo.group_size": ["2", "8"], "grpo.n_minibatches": ["1", "4"],
            "model.width": ["64", "128"], "model.heads": ["1", "4", "8"], "model.layers": ["1", "12"],
            "model.context": ["128", "4096"], "dataset.bad_row": ["skip", "fail"],
            "sft.schedule": ["linear", "cosine", "multistep"], "sft.milestones": ["5"],
            "sft.min_lr_ratio": ["0.1", "1"],
            "grpo.warmup_steps_proportion": ["0.1", "1"], "sft.non_finite": ["skip"], "grpo.lora_rank": ["0", "4"],
            "model.dropout": ["0.1", "0.9"],
            "workers.model_workers": ["1", "2"], "eval.every": ["1", "1000000"], "grpo.top_p": ["0.01", "1"],
            "grpo.temperature": ["0.01", "1", "100"], "dataset.eval_path": ["", "held.jsonl"],
        ]
        return experiment.settings.compactMap { setting in
            guard let choice = modest[setting.path]?.randomElement(using: &random), Bool.random(using: &random) else {
                return nil
            }
            return "\(setting.path)=\(choice)"
        }
    }

    @Test(arguments: names)
    func `holds together for whatever is asked of it`(name: String) throws {
        let experiment = try Experiments.find(name)
        var random = SplitMix(seed: 5)
        for _ in 0..<60 {
            let overrides = ["dataset.path=rows.jsonl"] + drawn(experiment, &random)
            if overrides.contains("sft.schedule=multistep"), !overrides.contains("sft.milestones=5") { continue }
            var plan = try Samples.plan(name, overrides)
            try PlanCheck(names: .registered, machine: Samples.machine()).verify(plan)
            plan.fillThreads(cores: 3)
            #expect(plan.modelWorkers.allSatisfy { $0.threads > 0 }, "\(overrides)")
            for setup in plan.setups {
                // Every model sits on a worker there is, every call on a model there is, and what trains has an optimizer.
                #expect(setup.models.allSatisfy { plan.modelWorkers.indices.contains($0.worker) }, "\(overrides)")
                for call in setup.calls {
                    let model = try #require(setup.models.first { $0.name == call.model }, "\(overrides)")
                    #expect(call.interfaceType != .trainStep || model.optimizer != nil, "\(overrides)")
                }
            }
            #expect(try TrialPlan(plan.wire) == plan, "\(overrides)")
        }
    }

    @Test(arguments: names)
    func `is the same for the same settings`(name: String) throws {
        #expect(try Samples.plan(name, ["dataset.path=a.jsonl"]) == Samples.plan(name, ["dataset.path=a.jsonl"]))
    }

    @Test func `follows its settings into the optimizer, the model and the data`() throws {
        let plan = try Samples.plan(
            "sft",
            [
                "dataset.path=/d.jsonl", "sft.lr=0.25", "sft.weight_decay=0.5", "sft.clip_norm=0",
                "sft.schedule=cosine",
                "sft.warmup_steps=3", "sft.optimizer=sgd", "sft.momentum=0.5", "sft.precision=bf16",
                "sft.recompute=blocks", "model.width=64", "model.layers=2", "model.heads=4", "model.context=256",
                "dataset.max_length=99", "dataset.bad_row=fail", "checkpoint.every=11", "sft.batch_size=5",
            ])
        let setup = try #require(plan.setups.first)
        let optimizer = try #require(setup.models[0].optimizer)
        #expect(optimizer.group == "sft")
        let given: [String: SettingValue] = [
            "lr": 0.25, "weight_decay": 0.5, "clip_norm": .number(0), "schedule": "cosine", "warmup_steps": 3,
            "optimizer": "sgd", "momentum": 0.5, "beta2": 0.95,
        ]
        for (name, value) in given { #expect(optimizer[name] == value, "\(name)") }
        #expect(setup.models[0].options["precision"] == "bf16")
        #expect(setup.models[0].options["recompute"] == "blocks")
        #expect(
            setup.models[0].module
                == .transformer(
                    TransformerPlan(
                        family: "gpt2", contextLength: 256, width: 64, layers: 2, heads: 4, initialization: .random)))
        #expect(setup.dataset == DatasetPlan(type: "prompt_answer", path: "/d.jsonl", maximumLength: 99, badRow: .fail))
        #expect(setup.checkpointEverySteps == 11)
        #expect(setup.calls.map(\.sequences) == [5])
        #expect(setup.evaluation == nil)
    }

    @Test func `starts the actor and its reference from the model that is named`() throws {
        let plan = try Samples.plan("grpo", ["dataset.path=/d.jsonl", "model.checkpoint=~/gpt2"])
        let modules = plan.setups[0].models.map(\.module)
        guard case .transformer(let actor) = modules[0], case .transformer(let reference) = modules[1] else {
            Issue.record("both are language models")
            return
        }
        #expect(actor.initialization == .folder("/users/ada/gpt2"))
        #expect([actor.shape, reference.shape] == [.folder("/users/ada/gpt2"), .folder("/users/ada/gpt2")])
        // The reference is what the actor is when the setup begins.
        #expect(reference.initialization == .folder("/users/ada/gpt2"))
        for overrides in [["sft.steps=5", "model.checkpoint=~/gpt2"], ["sft.steps=5"], []] {
            let models = try #require(Samples.plan("grpo", ["dataset.path=/d.jsonl"] + overrides).setups.last).models
            guard case .transformer(let reference) = models[1].module else { return }
            #expect(reference.initialization == .role(.actor), "\(overrides)")
        }
    }
}

@Suite struct `The micro-batches of a plan` {
    private func calls(_ overrides: String...) throws -> [MFCName: MicroBatchSpec] {
        let setups = try Samples.plan("grpo", ["dataset.path=/d.jsonl", "sft.steps=1"] + overrides).setups
        let calls = setups.flatMap { setup in setup.calls.map { (MFCName("\(setup.name)/\($0.name)"), $0.microBatches) }
        }
        return Dictionary(uniqueKeysWithValues: calls)
    }

    @Test func `cut what trains and what the reference scores, each setup by its own words`() throws {
        #expect(try calls().values.allSatisfy { $0 == MicroBatchSpec() })
        let cut = try calls("sft.n_mbs=3", "grpo.max_tokens_per_mb=4096")
        #expect(cut["sft/actor_train"] == MicroBatchSpec(minimumCount: 3))
        #expect(cut["grpo/actor_train"] == MicroBatchSpec(maximumTokens: 4096))
        #expect(cut["grpo/ref_inf"] == MicroBatchSpec(maximumTokens: 4096))
        #expect(cut["grpo/actor_gen"] == MicroBatchSpec())
    }
}

@Suite struct `The optimizer of a plan` {
    private func problem(_ overrides: [String]) -> ConfigurationError? {
        #expect(throws: ConfigurationError.self) {
            try PlanCheck(names: .registered, machine: Samples.machine()).verify(
                Samples.plan("sft", ["dataset.path=/d.jsonl"] + overrides))
        }
    }

    @Test func `has the rate of its setup where nobody says otherwise`() throws {
        let setups = try Samples.plan("grpo", ["dataset.path=/d.jsonl", "sft.steps=1"]).setups
        #expect(setups.map { $0.models[0].optimizer?["lr"] } == [.number(1e-3), .number(2e-4)])
    }

    @Test(arguments: [
        (["sft.schedule=multistep"], "sft.milestones is ''; it must be numbers of updates in rising order"),
        (
            ["sft.warmup_steps=3", "sft.warmup_steps_proportion=0.5"],
            "sft.warmup_steps=3 and sft.warmup_steps_proportion=0.5 contradict"
        ),
        (["sft.lora_rank=2", "sft.lora_targets=,"], "sft.lora_targets names no layer"),
    ])
    func `is refused where the words contradict each other`(overrides: [String], summary: String) {
        let error = problem(overrides)
        #expect(error?.summary.hasPrefix(summary) == true, "\(error?.summary ?? "")")
        #expect(error?.code == .badValue)
    }

    @Test func `of a model made from sizes comes with its dropout`() throws {
        let plan = try Samples.plan("sft", ["dataset.path=/d.jsonl", "model.dropout=0.1"])
        guard case .transformer(let shape) = plan.setups[0].models[0].module, case .sizes(let sizes) = shape.shape
        else {
            Issue.record("it is made from sizes")
            return
        }
        #expect(sizes.dropout == 0.1)
    }
}

@Suite struct `A plan for a model in a folder` {
    private struct Damage: UserFacingError {
        let summary = "config.json cannot be used: model_type is missing"
        let detail = "/m/config.json"
        let hint: String? = "choose another"
        var exitCode: Int32 { 1 }
    }

    private func problem(_ overrides: [String], context: Int = 64, parameters: Int = 0, memory: Int = 0)
        -> ConfigurationError?
    {
        var machine = Samples.machine(), names = RegisteredNames.registered
        machine.memory = memory
        machine.files.kind = { $0 == "/m" ? .folder : .file }
        names.checkModel = { _ in }
        names.modelSize = { _ in
            guard context > 0 else { throw Damage() }
            return RegisteredNames.ModelSize(contextLength: context, parameters: parameters)
        }
        do {
            try PlanCheck(names: names, machine: machine).verify(
                Samples.plan("grpo", ["dataset.path=/d.jsonl", "model.checkpoint=/m"] + overrides))
            return nil
        } catch {
            return error as? ConfigurationError
        }
    }

    @Test func `must not have longer rows than the model has positions`() {
        #expect(problem(["dataset.max_length=64"]) == nil)
        let error = problem(["dataset.max_length=65"])
        #expect(
            error?.summary == "dataset.max_length=65 is above the context of 64 tokens of the model in /m")
        #expect(error?.hint == "add dataset.max_length=64")
    }

    @Test func `must leave room for a prompt, which a setting of the context cannot make`() {
        let error = problem(["grpo.max_new_tokens=64"])
        #expect(error?.summary == "grpo.max_new_tokens=64 leaves no room for a prompt in a context of 64 tokens")
        #expect(error?.hint == "lower grpo.max_new_tokens")
    }

    @Test func `says what is wrong with the folder before anything starts`() {
        let error = problem([], context: 0)
        #expect(error?.summary == "model.checkpoint: config.json cannot be used: model_type is missing")
        #expect((error?.detail, error?.hint) == ("/m/config.json", "choose another"))
    }

    @Test func `counts its parameters`() {
        let error = problem(["dataset.max_length=64"], parameters: 1 << 28, memory: 1 << 30)
        #expect(
            error?.summary == "the models of setup 'grpo' need about 5.0 GiB of memory; this machine has 1.0")
        // An adapter's base has neither gradients nor moments.
        #expect(
            problem(["dataset.max_length=64", "grpo.lora_rank=4"], parameters: 1 << 28, memory: 1 << 30)?.summary
                == "the models of setup 'grpo' need about 2.0 GiB of memory; this machine has 1.0")
    }
}

@Suite struct `What a plan is refused for` {
    private func problem(_ overrides: [String], machine: MachineFacts = Samples.machine()) -> ConfigurationError? {
        #expect(throws: ConfigurationError.self) {
            try PlanCheck(names: .registered, machine: machine).verify(
                Samples.plan("grpo", ["dataset.path=/d.jsonl"] + overrides))
        }
    }

    @Test func `what rows and answers are left out is told, and does not refuse it`() throws {
        let file = FileRehearsal(
            path: "/d.jsonl", usable: 40, leftOut: 3, complaints: "2 too long, 1 no UTF-8", isWhole: false,
            answersTooLong: 5, shortestAnswer: 2)
        let report = try PlanCheck(names: .registered, machine: Samples.machine(file)).verify(
            Samples.plan("grpo", ["dataset.path=/d.jsonl"]))
        #expect(
            report.notes == [
                "/d.jsonl: 3 rows of those looked at will be left out: 2 too long, 1 no UTF-8",
                "/d.jsonl: 5 of 40 expected answers of those looked at are longer than grpo.max_new_tokens and can never "
                    + "be right",
            ])
    }

    @Test func `a checkpoint folder that is not there`() {
        let error = problem(["model.checkpoint=/gone"])
        #expect(error?.summary == "model.checkpoint: there is no folder /gone")
        #expect(error?.hint?.contains("a model of the hub must be downloaded first: hf download NAME") == true)
    }

    @Test func `a checkpoint that is a single file, with the folder to give instead`() {
        var machine = Samples.machine()
        machine.files.kind = { _ in .file }
        let error = problem(["model.checkpoint=/etc/passwd"], machine: machine)
        #expect(error?.summary == "model.checkpoint: /etc/passwd is no model's folder: it is a single file.")
        #expect(error?.hint == "Give the folder that holds it: /etc.")
    }

    @Test func `what opening a file, a tokenizer or a model shows, by the setting that is to be changed`() {
        struct Damage: UserFacingError {
            let summary = "/d.jsonl: is compressed with gzip"
            let detail = ""
            let hint: String? = "unpack it"
            var exitCode: Int32 { 1 }
        }
        var machine = Samples.machine()
        machine.rehearse = { _ in throw RehearsalFault(setting: "dataset.path", underlying: Damage()) }
        let error = problem([], machine: machine)
        #expect(error?.summary == "dataset.path: /d.jsonl: is compressed with gzip")
        #expect(error?.hint == "unpack it")
    }

    @Test func `a dataset in a folder that may not be entered`() {
        var machine = Samples.machine()
        machine.files.kind = { _ in .unreachable }
        let error = problem([], machine: machine)
        #expect(error?.summary == "dataset.path: a folder on the way to /d.jsonl may not be entered")
        #expect(error?.hint == "see which: namei -l '/d.jsonl'")
    }

    @Test func `a held-out file that is missing, by its own name`() {
        #expect(
            problem(["dataset.eval_path=/held"])?.summary == "dataset.eval_path: there is no file /held")
    }

    @Test func `fewer usable rows than one step takes, with what is wrong with the others`() {
        let file = FileRehearsal(path: "/d.jsonl", usable: 30, leftOut: 2, complaints: "2 too long")
        #expect(
            problem([], machine: Samples.machine(file))?.summary
                == "dataset.path: /d.jsonl has only 30 rows that can be used (2 left out: 2 too long), one step takes 32"
        )
    }

    @Test func `answers of which none can be generated`() {
        let file = FileRehearsal(path: "/d.jsonl", usable: 40, answersTooLong: 40, shortestAnswer: 33)
        #expect(
            problem([], machine: Samples.machine(file))?.summary
                == "dataset.path: no expected answer of /d.jsonl can be generated: the shortest has 33 tokens with its "
                + "end, more than grpo.max_new_tokens")
    }

    @Test func `every file is told with its rows, and how much of it was looked at`() throws {
        let file = FileRehearsal(
            path: "/d.jsonl", usable: 40, leftOut: 2, complaints: "2 too long", longest: 9, isWhole: false,
            bytes: 13 << 19)
        let report = try PlanCheck(names: .registered, machine: Samples.machine(file)).verify(
            Samples.plan("grpo", ["dataset.path=/d.jsonl"]))
        #expect(
            report.files.map(\.description) == [
                "/d.jsonl: 40 rows, the longest of 9 tokens, 2 left out (first 2 MiB of 6.5 MiB looked at)"
            ])
    }

    @Test func `one row left out, in the singular`() throws {
        let file = FileRehearsal(path: "/d.jsonl", usable: 40, leftOut: 1, complaints: "1 too long")
        let report = try PlanCheck(names: .registered, machine: Samples.machine(file)).verify(
            Samples.plan("grpo", ["dataset.path=/d.jsonl"]))
        #expect(report.notes == ["/d.jsonl: 1 row will be left out: 1 too long"])
    }

    @Test func `no room for a prompt before an answer`() {
        let error = problem(["grpo.max_new_tokens=128"])
        #expect(
            error?.summary == "grpo.max_new_tokens=128 leaves no room for a prompt in a context of 128 tokens")
        #expect(error?.hint == "lower grpo.max_new_tokens, or raise model.context")
    }

    @Test func `activations, logits, cache and data that do not fit beside the weights`() {
        var shown = SetupRehearsal(rows: FileRehearsal(path: "/d.jsonl", usable: 40, bytes: 1 << 30))
        (shown.activations, shown.logits, shown.cache) = (4 << 30, 1 << 30, 2 << 30)
        var machine = Samples.machine()
        machine.memory = 6 << 30
        let setup = shown
        machine.rehearse = { _ in TrialRehearsal(setups: [setup]) }
        let error = problem([], machine: machine)
        #expect(error?.summary == "the models of setup 'grpo' need about 8.1 GiB of memory; this machine has 6.0")
        #expect(error?.detail.contains("activations 4.0, logits 1.0, keys and values 2.0, data 1.0") == true)
        #expect(error?.hint == "lower grpo.prompts, or set grpo.max_tokens_per_mb")
    }

    @Test(arguments: [(31, false), (32, true), (33, true)])
    func `fewer rows than one step takes, and not one more`(rows: Int, isEnough: Bool) throws {
        let check = PlanCheck(names: .registered, machine: Samples.machine(rows: rows))
        let plan = try Samples.plan("grpo", ["dataset.path=/d.jsonl", "grpo.prompts=32"])
        let isRefused = (try? check.verify(plan)) == nil
        #expect(isRefused != isEnough)
    }

    @Test(arguments: [
        (
            ["model.family=llama", "model.heads=8", "model.key_value_heads=3"],
            "model.heads=8 is not divisible by model.key_value_heads=3"
        ),
        (["model.width=100", "model.heads=8"], "model.width=100 is not divisible by model.heads=8"),
        (["model.heads=512", "model.width=256"], "model.width=256 is not divisible by model.heads=512"),
        (["dataset.max_length=129"], "dataset.max_length=129 is above model.context=128"),
        (
            ["dataset.max_length=50", "grpo.max_new_tokens=8", "grpo.max_tokens_per_mb=57"],
            "'ref_inf' takes at most 57 tokens at a time; one sequence may have 58"
        ),
        (
            ["sft.steps=1", "dataset.max_length=50", "sft.max_tokens_per_mb=49"],
            "'actor_train' takes at most 49 tokens at a time; one sequence may have 50"
        ),
        (
            ["grpo.lora_rank=2", "grpo.lora_targets=q_proj"],
            "grpo.lora_targets: The adapter does not fit the model: the target 'q_proj' is no linear layer of it."
        ),
        (["grpo.max_tokens_per_mb=127"], "'ref_inf' takes at most 127 tokens at a time; one sequence may have 128"),
        (
            ["grpo.prompts=3", "grpo.group_size=2", "grpo.n_minibatches=7"],
            "'actor_train' cuts 6 sequences into 7 minibatches; some would be empty"
        ),
    ])
    func `numbers that do not fit one another`(overrides: [String], summary: String) {
        #expect(problem(overrides)?.summary == summary)
    }

    @Test func `an adapter for layers that the family does not have, with those it has`() {
        let overrides = ["sft.steps=1", "model.family=llama", "sft.lora_rank=2", "sft.lora_targets=c_attn"]
        let error = problem(overrides)
        #expect(error?.summary.hasPrefix("sft.lora_targets: The adapter does not fit the model") == true)
        #expect(error?.detail == "Its linear layers are down_proj, gate_proj, k_proj, o_proj, q_proj, up_proj, v_proj.")
        #expect(error?.hint == "Correct the rank, alpha and target modules.")
    }

    @Test func `more memory or disk than there is, with both sizes`() {
        var machine = Samples.machine()
        machine.memory = 1 << 30
        let big = ["model.width=4096", "model.layers=32", "model.heads=32"]
        #expect(
            problem(big, machine: machine)?.summary
                == "the models of setup 'grpo' need about 120.0 GiB of memory; this machine has 1.0")
        machine.memory = 0
        machine.freeDisk = 10 << 30
        let error = problem(big, machine: machine)
        #expect(error?.summary == "the checkpoints of setup 'grpo' need about 154.6 GB of disk; 10.7 GB are free")
        #expect(error?.hint == "free space or set COCKPIT_HOME to another disk")
    }

    @Test func `nothing when the size of the machine is unknown`() throws {
        let plan = try Samples.plan("grpo", ["dataset.path=/d.jsonl", "model.width=65536", "model.layers=512"])
        #expect(throws: Never.self) { try PlanCheck(names: .registered, machine: Samples.machine()).verify(plan) }
    }
}

@Suite struct `The size of a model` {
    @Test(arguments: [
        // GPT-2 small has 124,439,808; here with 96 tokens in the place of its 50,257.
        (768, 12, 1024, 85_916_160), (128, 4, 32, 809_728), (8, 1, 8, 1720),
    ])
    func `is counted in parameters`(width: Int, layers: Int, context: Int, parameters: Int) {
        let sizes = TransformerSizes(
            family: "gpt2", contextLength: context, width: width, layers: layers, heads: 1, keyValueHeads: 1)
        #expect(ResourceEstimate.parameters(of: sizes) == parameters)
    }

    @Test func `is four times as much where it trains, and nothing for a rule`() throws {
        let setup = try #require(Samples.plan("grpo-arith").setups.last)
        let estimate = try ResourceEstimate(setup) { _ in 0 }
        // Actor with gradients and moments, reference alone, reward without a model.
        #expect(estimate.memory == 5 * 4 * 809_728)
        #expect(estimate.disk == 2 * 3 * 4 * 809_728)
    }

    @Test(arguments: [
        ([], 4, 3), (["sft.optimizer=adam"], 4, 3), (["sft.optimizer=sgd"], 3, 2),
        (["sft.optimizer=sgd", "sft.momentum=0"], 2, 1), (["sft.lora_rank=4"], 1, 2),
    ])
    func `is counted as often as the optimizer keeps it`(overrides: [String], memory: Int, disk: Int) throws {
        let setup = try #require(Samples.plan("sft-arith", overrides).setups.first)
        let estimate = try ResourceEstimate(setup) { _ in 0 }
        #expect(estimate.memory == memory * 4 * 809_728)
        #expect(estimate.disk == 2 * disk * 4 * 809_728)
    }

    @Test func `never overflows within the bounds of the settings`() throws {
        let plan = try Samples.plan(
            "grpo",
            [
                "dataset.path=/d.jsonl", "model.width=65536", "model.layers=512", "model.context=1048576",
                "model.heads=512",
            ])
        #expect(try ResourceEstimate(plan.setups[0]) { _ in 0 }.memory > 1 << 40)
    }
}

@Suite struct `The facts of this machine` {
    @Test func `are more than nothing, also for a home that is not made yet`() {
        for path in ["/", "/not-there-at-all", "/not/there/at/all", "/tmp"] {
            let facts = MachineFacts.current(home: HomeFolder(path: path))
            #expect(facts.memory > 1 << 20)
            #expect(facts.freeDisk > 0, "\(path)")
            #expect(facts.cores >= 1)
        }
    }

    @Test func `are unknown for a path that begins nowhere`() {
        #expect(MachineFacts.current(home: HomeFolder(path: "relative")).freeDisk == 0)
        #expect(MachineFacts.current(home: HomeFolder(path: "")).freeDisk == 0)
    }

    @Test func `tell files from folders`() {
        let folder = TemporaryFolder()
        symlink(folder.path, folder.file("link"))
        symlink("/nowhere", folder.file("dangling"))
        let kind = FileFacts.system.kind
        #expect(kind(folder.path) == .folder)
        #expect(kind(folder.file("link")) == .folder)
        #expect(kind(folder.file("dangling")) == .nothing)
        #expect(kind(folder.write("", to: "file")) == .file)
    }
}
