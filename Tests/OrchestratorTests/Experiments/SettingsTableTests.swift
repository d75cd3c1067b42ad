import Protocol
import TestSupport
import Testing

@testable import Orchestrator

private let definitions = [
    Setting("seed", .integer(0...99), default: .integer(1), "the seed"),
    Setting("a.b", .integer(-5...5), default: .integer(0), "a number"),
    Setting("a.rate", .number(0...1), default: .number(0.5), "a rate"),
    Setting("a.name", .text, default: .text("x"), "a name"),
    Setting("b.name", .text, default: .text("x"), "a name too"),
    Setting("c.mode", .choice(["skip", "fail"]), default: .text("skip"), "a choice"),
    Setting("c.fast", .boolean, default: .boolean(false), "speed"),
    Setting("c.file", .path, default: .text(""), "a path"),
]

private func applied(_ overrides: [String]) throws -> Orchestrator.Settings {
    var settings = Orchestrator.Settings(definitions, paths: Samples.paths)
    try settings.apply(overrides: overrides)
    return settings
}

@Suite struct `An override` {
    @Test(
        arguments: [
            ("seed=0", "seed", .integer(0)), ("seed=99", "seed", .integer(99)), ("seed=+7", "seed", .integer(7)),
            ("seed=007", "seed", .integer(7)), ("a.b=-5", "a.b", .integer(-5)), ("a.rate=1", "a.rate", .number(1)),
            ("a.rate=1e-3", "a.rate", .number(0.001)), ("a.rate=.5", "a.rate", .number(0.5)),
            ("a.name=", "a.name", .text("")), ("a.name==", "a.name", .text("=")),
            ("a.name=a=b=c", "a.name", .text("a=b=c")),
            ("a.name= x ", "a.name", .text(" x ")), ("a.name='x'", "a.name", .text("'x'")),
            ("a.name=\"x\"", "a.name", .text("\"x\"")), ("a.name=$HOME", "a.name", .text("$HOME")),
            ("a.name=長い", "a.name", .text("長い")), ("c.mode=fail", "c.mode", .text("fail")),
            ("c.fast=yes", "c.fast", .boolean(true)), ("c.fast=off", "c.fast", .boolean(false)),
            ("c.fast=True", "c.fast", .boolean(true)), ("c.fast=False", "c.fast", .boolean(false)),
            ("c.file=~", "c.file", .text("/users/ada")), ("c.file=.", "c.file", .text("/here/.")),
            ("c.file=../x", "c.file", .text("/here/../x")), ("c.file=~bob/x", "c.file", .text("/here/~bob/x")),
            ("c.file=$COCKPIT_HOME", "c.file", .text("/here/$COCKPIT_HOME")),
        ] as [(String, String, SettingValue)])
    func `is read as what its setting is`(override: String, path: String, value: SettingValue) throws {
        #expect(try applied([override])[path] == value)
    }

    @Test(arguments: [
        "seed=-1", "seed=100", "seed=1e1", "seed=1.0", "seed=1_0", "seed=0x1", "seed= 1", "seed=", "seed=１",
        "seed=99999999999999999999", "a.rate=1.0000001", "a.rate=-0.1", "a.rate=inf", "a.rate=1e400", "a.rate=nan",
        "a.rate=", "a.rate=0,5", "a.rate=half", "c.mode=Skip", "c.mode=", "c.mode=skip,fail", "c.fast=1",
        "c.fast=truth",
        "c.fast=",
    ])
    func `is refused when it is out of bounds or no such thing, with what the setting is for`(override: String) {
        let error = #expect(throws: ConfigurationError.self) { try applied([override]) }
        #expect(error?.code == .badValue)
        #expect(error?.summary.hasPrefix("override '\(override)': ") == true)
        #expect(error?.summary.contains(" must be ") == true)
        #expect(error?.detail.isEmpty == false)
        #expect(error?.exitCode == ExitCode.usage)
    }

    @Test(arguments: ["", "=", "==", "=1", "seed", "a.b", "--seed", " "])
    func `without a key or a value says how one is written`(override: String) {
        let error = #expect(throws: ConfigurationError.self) { try applied([override]) }
        #expect(error?.code == .badOverride)
        #expect(error?.summary == "'\(override)' is no override")
        #expect(error?.hint == "write it as key=value, such as seed=2")
    }

    @Test(arguments: [
        ("sead", " Did you mean 'seed'?"), ("Seed", " Did you mean 'seed'?"), ("seed ", " Did you mean 'seed'?"),
        ("rate", " Did you mean 'a.rate'?"), ("a.rat", " Did you mean 'a.rate'?"), ("mode", " Did you mean 'c.mode'?"),
        // Two settings end in it, so neither is meant more than the other.
        ("completely.other.thing", ""), ("fast", " Did you mean 'c.fast'?"),
    ])
    func `of an unknown setting suggests the one that was meant`(key: String, suggestion: String) {
        let error = #expect(throws: ConfigurationError.self) { try applied(["\(key)=1"]) }
        #expect(error?.code == .unknownKey)
        #expect(error?.summary == "override '\(key)=1': there is no setting '\(key)'.\(suggestion)")
        #expect(error?.hint == "cockpit experiments lists every setting")
    }

    @Test func `that is repeated replaces the one before, and one that is wrong changes nothing after it`() throws {
        #expect(try applied(["seed=2", "seed=3", "seed=4"]).integer("seed") == 4)
        var settings = Orchestrator.Settings(definitions, paths: Samples.paths)
        #expect(throws: ConfigurationError.self) { try settings.apply(overrides: ["seed=2", "a.b=x", "a.rate=1"]) }
        #expect(settings.integer("seed") == 2)
        #expect(settings.number("a.rate") == 0.5)
    }

    @Test func `leaves all other settings as they were`() throws {
        let before = try applied([])
        for (override, path) in [("seed=9", "seed"), ("c.file=x", "c.file"), ("c.fast=on", "c.fast")] {
            #expect(try applied([override]).differences(from: before) == [path])
        }
        #expect(try applied(["seed=1", "a.rate=0.5"]).differences(from: before) == [])
    }
}

@Suite struct `Settings in a frozen file` {
    @Test func `come back whatever characters stand in them`() throws {
        let folder = TemporaryFolder()
        for seed in UInt64(1)...120 {
            var random = SplitMix(seed: seed)
            func scalar() -> Unicode.Scalar {
                let ranges: [ClosedRange<UInt32>] = [
                    0x01...0x20, 0x20...0x7f, 0x80...0xa0, 0x2020...0x2030, 0xfe00...0xffff, 0x1f600...0x1f64f,
                ]
                let range = ranges.randomElement(using: &random) ?? 0x20...0x7f
                return Unicode.Scalar(UInt32.random(in: range, using: &random)) ?? "x"
            }
            var text = ""
            for _ in 0..<Int.random(in: 0...30, using: &random) { text.unicodeScalars.append(scalar()) }
            let settings = try applied([
                "a.name=\(text)", "seed=\(seed % 100)", "a.rate=\(Double.random(in: 0...1, using: &random))",
            ])
            var again = Orchestrator.Settings(definitions, paths: Samples.paths)
            let file = folder.write(SettingsFile.text(of: settings, title: "t"), to: "c.yaml")
            try SettingsFile.apply(file, to: &again)
            #expect(Array(again.text("a.name").unicodeScalars) == Array(settings.text("a.name").unicodeScalars))
            #expect(again == settings, "seed \(seed)")
        }
    }

    @Test(arguments: [
        "", " ", "null", "~", "true", "no", "1", "1.5", "- a", "a: b", "#x", "a #b", "*a", "&a", "!x", "|", ">", "{a}",
        "[",
        "%x", "@x", "`x`", "'", "\"", "\\", "\\n", "a\nb", "\n", "\t", " a ", "---", "...", "<<", "?", "é", "e\u{301}",
    ])
    func `are never taken for anything of YAML's own`(text: String) throws {
        let folder = TemporaryFolder()
        let settings = try applied(["a.name=\(text)"])
        var again = Orchestrator.Settings(definitions, paths: Samples.paths)
        try SettingsFile.apply(
            folder.write(SettingsFile.text(of: settings, title: "t"), to: "c.yaml"), to: &again)
        #expect(Array(again.text("a.name").utf8) == Array(text.utf8))
    }

    @Test func `stand in a fixed order, ungrouped ones first`() throws {
        #expect(
            SettingsFile.text(of: try applied(["a.name=q"]), title: "a title") == """
                # a title
                # Resolved and frozen when the trial was first started.
                seed: 1
                a:
                  b: 0
                  name: "q"
                  rate: 0.5
                b:
                  name: "x"
                c:
                  fast: false
                  file: ""
                  mode: "skip"

                """)
    }
}
