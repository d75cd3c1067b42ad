import Protocol
import TestSupport
import Testing

@testable import Orchestrator

@Suite struct `A configuration file` {
    private let folder = TemporaryFolder()

    private func settings() throws -> Orchestrator.Settings { try Samples.settings("sft") }

    private func apply(_ bytes: some Sequence<UInt8>) throws -> Orchestrator.Settings {
        var settings = try settings()
        try SettingsFile.apply(folder.write(bytes, to: "c.yaml"), to: &settings)
        return settings
    }

    private func apply(_ text: String) throws -> Orchestrator.Settings { try apply(text.utf8) }

    private func refusal(_ text: String) -> ConfigurationError? {
        #expect(throws: ConfigurationError.self) { try apply(text) }
    }

    @Test(arguments: ["", "\n\n", "# nothing\n", "---\n", "{}", "   \n", "---\n# nothing\n..."])
    func `that says nothing changes nothing`(text: String) throws {
        #expect(try apply(text) == settings())
    }

    @Test(
        arguments: [
            ("sft: {steps: 7}\n", "7"), ("sft.steps: 7\n", "7"), ("\"sft\":\n  'steps': \"7\"\n", "7"),
            ("sft:\n    steps:    7    # seven\n", "7"), ("---\nsft:\n  steps: 7\n...\n", "7"),
            ("sft:\r\n  steps: 7\r\n", "7"), ("\u{feff}sft:\n  steps: 7\n", "7"),
            ("x: &n 7\n", nil), ("sft:\n  steps: &n 7\n  batch_size: *n\n", "7"),
        ] as [(String, String?)])
    func `may spell a key in every way YAML has`(text: String, steps: String?) throws {
        guard let steps else {
            #expect(refusal(text)?.code == .unknownKey)
            return
        }
        #expect(try apply(text)["sft.steps"].description == steps)
    }

    @Test(arguments: [
        ("sft:\n  steps: many\n", 2, "sft.steps='many' must be a whole number from 1 to 100000000"),
        ("sft:\n  steps: 0\n", 2, "sft.steps='0' is out of range: it must be a whole number from 1 to 100000000"),
        ("sft:\n  steps: 1.5\n", 2, "sft.steps='1.5' must be a whole number from 1 to 100000000"),
        ("sft:\n  steps: null\n", 2, "sft.steps='' must be a whole number from 1 to 100000000"),
        ("sft:\n  steps:\n", 2, "sft.steps='' must be a whole number from 1 to 100000000"),
        ("# one\n\nseed: true\n", 3, "seed='true' must be a whole number from 0 to 2147483647"),
        ("seed: 1\nsft: 5\n", 2, "there is no setting 'sft'."),
        ("seed: {a: 1}\n", 1, "there is no setting 'seed.a'. Did you mean 'seed'?"),
        ("a:\n  b:\n    c: 1\n", 3, "there is no setting 'a.b.c'."), ("? [1]\n: 2\n", 1, "a key must be a word"),
        ("seed: [1]\n", 1, "'seed' is a list; no setting takes one"),
        ("dataset:\n  path:\n  - a\n", 2, "'dataset.path' is a list; no setting takes one"),
        ("base: &b {steps: 3}\nsft:\n  <<: *b\n", 1, "there is no setting 'base.steps'."),
    ])
    func `names the line of what is wrong in it`(text: String, line: Int, what: String) {
        #expect(refusal(text)?.summary == "\(folder.path)/c.yaml:\(line): \(what)")
    }

    @Test(arguments: [
        ("seed: 1\nseed: 2\n", 1, "seed"), ("sft:\n  steps: 1\n  lr: 1\n  steps: 2\n", 2, "steps"),
    ])
    func `that says one thing twice is refused, naming it and its line`(text: String, line: Int, key: String) {
        let error = refusal(text)
        #expect(error?.code == .malformedFile)
        #expect(
            error?.summary
                == "\(folder.path)/c.yaml:\(line): '\(key)' is set here and again below, in the same mapping")
        #expect(error?.detail == "")
    }

    @Test func `that says one thing dotted and nested is refused with both lines`() {
        #expect(
            refusal("sft.lr: 0.01\nsft:\n  lr: 0.02\n")?.summary
                == "\(folder.path)/c.yaml:3: 'sft.lr' is set a second time, \(folder.path)/c.yaml:1 has set it already")
    }

    @Test(arguments: [
        "seed: [", "seed: \"", "\tseed: 1", "seed: *nobody", "%YAML 9.9\n---\nseed: 1", "seed: 1\n bad: 2", "a: b: c",
        "seed: 1\u{0}", "seed: \u{1}", "--- a\n--- b\n",
    ])
    func `that is no YAML is refused with the reader's reason`(text: String) {
        let error = refusal(text)
        #expect(error?.code == .malformedFile)
        #expect(error?.summary.hasPrefix("\(folder.path)/c.yaml ") == true)
    }

    @Test func `that is no UTF-8 is refused as such`() {
        for bytes in [[0xff, 0xfe, 0x73, 0x00], [0x73, 0xc3], Array("a: ".utf8) + [0x80]] as [[UInt8]] {
            let error = #expect(throws: ConfigurationError.self) { try apply(bytes) }
            #expect(error?.summary == "\(folder.path)/c.yaml is not UTF-8 text")
        }
    }

    @Test func `that is too large is refused by its size`() {
        let error = refusal(String(repeating: "#", count: (1 << 20) + 1))
        #expect(error?.summary == "\(folder.path)/c.yaml is too large for a configuration: 1048577 bytes")
    }

    @Test func `that is a folder, a device, or not there, is refused as such`() throws {
        for (path, detail) in [
            (folder.path, "It is a folder."), ("/dev/zero", "It is a device."),
            (folder.file("none.yaml"), "No such file or directory"),
        ] {
            var settings = try settings()
            let error = #expect(throws: ConfigurationError.self) { try SettingsFile.apply(path, to: &settings) }
            #expect(error?.summary == "the configuration \(path) cannot be read")
            #expect(error?.detail == detail)
            #expect(error?.code == .unreadableFile)
        }
    }

    @Test func `whose aliases stand for more than any memory holds is refused`() {
        var lines = ["a0: &a0 {x: 1}"]
        for level in 1...40 { lines.append("a\(level): &a\(level) {p: *a\(level - 1), q: *a\(level - 1)}") }
        #expect(refusal(lines.joined(separator: "\n"))?.summary == "\(folder.path)/c.yaml holds more than 10000 keys")
    }

    @Test func `that is nested beyond all measure is refused`() {
        let error = refusal(String(repeating: "{a: ", count: 5000) + String(repeating: "}", count: 5000))
        #expect(error?.code == .malformedFile)
    }

    @Test func `cut off anywhere is an error or fewer settings, never another value`() throws {
        let text = "seed: 12\nsft:\n  steps: 34\n  batch_size: 56\ndataset:\n  bad_row: fail\n"
        for length in 0...text.count {
            guard let settings = try? apply(String(text.prefix(length))) else { continue }
            #expect([1, 12].contains(settings.integer("seed")))
            // A number may lose its end; nothing says how many digits it had.
            #expect([300, 3, 34].contains(settings.integer("sft.steps")))
            #expect([32, 5, 56].contains(settings.integer("sft.batch_size")))
            #expect(["skip", "fail"].contains(settings.text("dataset.bad_row")))
        }
    }
}

@Suite struct `Configuration files that build on one another` {
    private let folder = TemporaryFolder()

    private func seed(_ file: String) throws -> Int {
        var settings = try Samples.settings("sft")
        try SettingsFile.apply(file, to: &settings)
        return settings.integer("seed")
    }

    private func chain(_ length: Int) -> String {
        var file = folder.write("seed: 42\n", to: "0.yaml")
        for index in 1..<length { file = folder.write("_base_: \(index - 1).yaml\n", to: "\(index).yaml") }
        return file
    }

    @Test func `may be eight deep and no more`() throws {
        #expect(try seed(chain(8)) == 42)
        let error = #expect(throws: ConfigurationError.self) { try seed(chain(9)) }
        #expect(error?.summary.contains("leads through more than 8 files") == true)
    }

    @Test func `are found beside the file that names them, or by their whole path`() throws {
        folder.write("seed: 5\n", to: "base.yaml")
        #expect(try seed(folder.write("_base_: \(folder.path)/base.yaml\n", to: "absolute.yaml")) == 5)
        #expect(try seed(folder.write("seed: 6\n_base_: base.yaml\n", to: "last.yaml")) == 6)
    }

    @Test func `name the file that is missing, and the line in the one that is wrong`() {
        let missing = folder.write("_base_: gone.yaml\n", to: "a.yaml")
        let error = #expect(throws: ConfigurationError.self) { try seed(missing) }
        #expect(error?.summary == "the configuration \(folder.path)/gone.yaml cannot be read")
        folder.write("\nsead: 1\n", to: "wrong.yaml")
        let wrong = #expect(throws: ConfigurationError.self) {
            try seed(folder.write("_base_: wrong.yaml\n", to: "b.yaml"))
        }
        #expect(wrong?.summary == "\(folder.path)/wrong.yaml:2: there is no setting 'sead'. Did you mean 'seed'?")
    }
}
