import Protocol
import TestSupport
import Testing

@testable import Orchestrator

@Suite struct `Settings of an experiment` {
    private static let definitions = [
        Setting("seed", .integer(0...99), default: .integer(1), "the seed"),
        Setting("grpo.lr", .number(0...1), default: .number(0.5), "the rate"),
        Setting("grpo.group_size", .integer(2...8), default: .integer(4), "answers"),
        Setting("dataset.path", .path, default: .text("$COCKPIT_HOME/data/a.jsonl"), "rows"),
        Setting("dataset.bad_row", .choice(["skip", "fail"]), default: .text("skip"), "broken rows"),
        Setting("fast", .boolean, default: .boolean(false), "speed"),
    ]
    private var settings = Orchestrator.Settings(definitions, paths: Samples.paths)

    @Test func `are at their defaults, paths under the home folder`() {
        #expect(settings["seed"] == .integer(1))
        #expect(settings.text("dataset.path") == "/home/ck/data/a.jsonl")
    }

    @Test mutating func `take later overrides over earlier ones`() throws {
        try settings.apply(overrides: ["seed=2", "grpo.lr=1e-3", "seed=3"])
        #expect(settings.integer("seed") == 3)
        #expect(settings.number("grpo.lr") == 0.001)
    }

    @Test(arguments: [
        ("a.jsonl", "/here/a.jsonl"), ("./a.jsonl", "/here/a.jsonl"), ("/x/a", "/x/a"), ("~/a", "/users/ada/a"),
        ("$COCKPIT_HOME/a", "/home/ck/a"), ("", ""),
    ])
    func `make paths absolute`(given: String, expected: String) throws {
        var settings = self.settings
        try settings.apply(overrides: ["dataset.path=\(given)"])
        #expect(settings.text("dataset.path") == expected)
    }

    @Test(arguments: [
        ("sed=2", "override 'sed=2': there is no setting 'sed'. Did you mean 'seed'?"),
        ("group_size=4", "override 'group_size=4': there is no setting 'group_size'. Did you mean 'grpo.group_size'?"),
        ("seed=many", "override 'seed=many': seed='many' must be a whole number from 0 to 99"),
        ("seed=1.5", "override 'seed=1.5': seed='1.5' must be a whole number from 0 to 99"),
        ("seed=100", "override 'seed=100': seed='100' is out of range: it must be a whole number from 0 to 99"),
        ("grpo.lr=nan", "override 'grpo.lr=nan': grpo.lr='nan' must be a number from 0.0 to 1.0"),
        (
            "grpo.lr=1e\u{2212}4",
            "override 'grpo.lr=1e\u{2212}4': grpo.lr='1e\u{2212}4' must be a number from 0.0 to 1.0; '\u{2212}' in it is "
                + "U+2212, no character of a number"
        ),
        ("grpo.lr=2", "override 'grpo.lr=2': grpo.lr='2' is out of range: it must be a number from 0.0 to 1.0"),
        ("fast=maybe", "override 'fast=maybe': fast='maybe' must be true or false"),
        (
            "dataset.bad_row=skp",
            "override 'dataset.bad_row=skp': dataset.bad_row='skp' must be one of skip, fail. Did you mean 'skip'?"
        ),
        ("seed", "'seed' is no override"),
        ("=3", "'=3' is no override"),
    ])
    func `refuse what they cannot take, naming it`(override: String, summary: String) {
        var settings = self.settings
        let error = #expect(throws: ConfigurationError.self) { try settings.apply(overrides: [override]) }
        #expect(error?.summary == summary)
        #expect(error?.exitCode == 2)
    }

    @Test func `read nested and dotted keys from a file`() throws {
        let folder = TemporaryFolder()
        var settings = self.settings
        let file = folder.write("seed: 7\ngrpo:\n  group_size: 2\n  lr: 0.25\nfast: yes\n", to: "c.yaml")
        try SettingsFile.apply(file, to: &settings)
        #expect(settings.integer("seed") == 7)
        #expect(settings.integer("grpo.group_size") == 2)
        #expect(settings.number("grpo.lr") == 0.25)
        #expect(settings.boolean("fast"))
    }

    @Test(arguments: [
        (
            "seed: 1\ngrpo:\n  group_sise: 4\n",
            "c.yaml:3: there is no setting 'grpo.group_sise'. Did you mean 'grpo.group_size'?"
        ),
        ("\nseed: [1, 2]\n", "c.yaml:2: 'seed' is a list; no setting takes one"),
        ("seed: 200\n", "c.yaml:1: seed='200' is out of range: it must be a whole number from 0 to 99"),
    ])
    func `name file and line of what is wrong`(text: String, ending: String) {
        let folder = TemporaryFolder()
        var settings = self.settings
        let file = folder.write(text, to: "c.yaml")
        let error = #expect(throws: ConfigurationError.self) { try SettingsFile.apply(file, to: &settings) }
        #expect(error?.summary == "\(folder.path)/\(ending)")
    }

    @Test(arguments: ["a: [", "- 1\n- 2\n", "just words"])
    func `refuse a file that is no configuration`(text: String) {
        let folder = TemporaryFolder()
        var settings = self.settings
        let file = folder.write(text, to: "c.yaml")
        #expect(throws: ConfigurationError.self) { try SettingsFile.apply(file, to: &settings) }
    }

    @Test func `refuse a file that is not there`() {
        var settings = self.settings
        let error = #expect(throws: ConfigurationError.self) { try SettingsFile.apply("/nowhere.yaml", to: &settings) }
        #expect(error?.code == .unreadableFile)
    }

    @Test func `inherit from the file a file names`() throws {
        let folder = TemporaryFolder()
        folder.write("seed: 5\nfast: True\n", to: "base.yaml")
        let file = folder.write("_base_: base.yaml\nseed: 6\n", to: "c.yaml")
        var settings = self.settings
        try SettingsFile.apply(file, to: &settings)
        #expect(settings.integer("seed") == 6)
        #expect(settings.boolean("fast"))
    }

    @Test func `refuse files that inherit in a circle`() {
        let folder = TemporaryFolder()
        let file = folder.write("_base_: c.yaml\n", to: "c.yaml")
        var settings = self.settings
        let error = #expect(throws: ConfigurationError.self) { try SettingsFile.apply(file, to: &settings) }
        #expect(error?.detail == "Probably the files name each other in a circle.")
    }

    @Test func `come back from their frozen file unchanged, whatever stands in them`() throws {
        var settings = self.settings
        try settings.apply(overrides: ["seed=9", "dataset.path=/a \"b\"\\c: #d\u{7}", "grpo.lr=0.000123", "fast=true"])
        let folder = TemporaryFolder()
        let file = folder.write(SettingsFile.text(of: settings, title: "t"), to: "config.yaml")
        var again = self.settings
        try SettingsFile.apply(file, to: &again)
        #expect(again == settings)
    }
}

@Suite struct `A setting that is true or false` {
    @Test(arguments: [
        ("true", true), ("True", true), ("TRUE", true), ("Yes", true), ("on", true), ("false", false), ("False", false),
        ("NO", false), ("Off", false),
    ])
    func `is read as YAML reads it, in files and in overrides alike`(text: String, value: Bool) throws {
        let setting = Setting("sft.use_rslora", .boolean, default: .boolean(!value), "one or the other")
        var settings = Settings([setting], paths: Samples.paths)
        try settings.apply(overrides: ["sft.use_rslora=\(text)"])
        #expect(settings.boolean("sft.use_rslora") == value)
        for entry in try SettingsFile.parse("sft:\n  use_rslora: \(text)\n", name: "c.yaml") {
            #expect(try setting.parse(entry.text, paths: Samples.paths).get() == .boolean(value))
        }
    }
}

@Suite struct `A value that would be accepted and ignored` {
    @Test(arguments: [
        (
            ["sft.momentum=0.5"], "sft.momentum=0.5 has no effect with sft.optimizer=adamw",
            "leave out sft.momentum, or set sft.optimizer=sgd"
        ),
        (
            ["sft.optimizer=sgd", "sft.beta2=0.9"], "sft.beta2=0.9 has no effect with sft.optimizer=sgd",
            "leave out sft.beta2, or set sft.optimizer=adamw or adam"
        ),
        (
            ["sft.gamma=0.5"], "sft.gamma=0.5 has no effect with sft.schedule=constant",
            "leave out sft.gamma, or set sft.schedule=multistep"
        ),
        (
            ["sft.lora_alpha=8"], "sft.lora_alpha=8.0 has no effect with sft.lora_rank=0",
            "leave out sft.lora_alpha, or set sft.lora_rank above 0"
        ),
        (
            ["sft.skip_limit=1"], "sft.skip_limit=1 has no effect with sft.non_finite=stop",
            "leave out sft.skip_limit, or set sft.non_finite=skip"
        ),
        (
            ["sft.loss_scale=8"], "sft.loss_scale=8.0 has no effect with sft.precision=f32",
            "leave out sft.loss_scale, or set sft.precision=fp16"
        ),
        (
            ["eval.rows=5"], "eval.rows=5 has no effect without dataset.eval_path",
            "leave out eval.rows, or set dataset.eval_path"
        ),
        (
            ["model.checkpoint=/m", "model.heads=2", "model.width=64"],
            "model.width=64 has no effect with model.checkpoint=/m",
            "leave out model.width, model.heads, or leave out model.checkpoint"
        ),
        (
            ["model.width=256", "model.checkpoint=/m"], "model.width=256 has no effect with model.checkpoint=/m",
            "leave out model.width, or leave out model.checkpoint"
        ),
    ])
    func `is refused, with what would give it an effect`(overrides: [String], summary: String, hint: String) {
        let error = #expect(throws: ConfigurationError.self) { try Samples.settings("sft", overrides).checkEffects() }
        #expect(error?.summary == summary)
        #expect(error?.hint == hint)
    }

    @Test(arguments: [
        [], ["sft.momentum=0.9"], ["sft.optimizer=sgd", "sft.momentum=0.5"],
        ["dataset.eval_path=e.jsonl", "eval.rows=5"],
        ["sft.lora_rank=2", "sft.lora_alpha=8"],
    ])
    func `is none where it is the default or has its effect`(overrides: [String]) throws {
        try Samples.settings("sft", overrides).checkEffects()
    }

    @Test(arguments: Experiments.all.map(\.name))
    func `is none of the defaults, and conditions name settings there are`(
        name: String
    ) throws {
        let settings = try Samples.settings(name)
        try settings.checkEffects()
        for condition in settings.definitions.compactMap(\.condition) {
            #expect(settings.definitions.contains { $0.path == condition.name }, "\(condition.name)")
        }
    }

    @Test func `is none in a trial's frozen file, which may begin another trial`() throws {
        let folder = TemporaryFolder(), settings = try Samples.settings("sft", ["model.checkpoint=/m"])
        let file = folder.write(SettingsFile.text(of: settings, title: "t"), to: "config.yaml")
        let again = try Experiments.resolve(
            Experiments.find("sft"), configFile: file, overrides: [], paths: Samples.paths)
        try again.checkEffects()
        #expect(again == settings)
    }

    @Test func `is refused before a start`() throws {
        let folder = TemporaryFolder(), launching = Samples.launching(folder)
        let error = #expect(throws: ConfigurationError.self) {
            try launching.resolve(Samples.request("first", ["sft.momentum=0.5"]))
        }
        #expect(error?.summary == "sft.momentum=0.5 has no effect with sft.optimizer=adamw")
    }
}
