import Protocol
import TestSupport
import Testing

@testable import Orchestrator

/// Every setting of every experiment that has a range, once.
private let ranged: [Setting] = Experiments.all.flatMap(\.settings)

@Suite struct `The bounds of every setting` {
    private func parse(_ setting: Setting, _ text: String) -> SettingValue? {
        try? setting.parse(text, paths: Samples.paths).get()
    }

    @Test(arguments: ["grpo-arith", "sft-arith", "grpo", "sft"])
    func `are kept on both sides`(name: String) throws {
        for setting in try Experiments.find(name).settings {
            switch setting.kind {
            case .integer(let range):
                #expect(parse(setting, "\(range.lowerBound)") == .integer(range.lowerBound), "\(setting.path)")
                #expect(parse(setting, "\(range.upperBound)") == .integer(range.upperBound), "\(setting.path)")
                #expect(parse(setting, "\(range.lowerBound - 1)") == nil, "\(setting.path)")
                #expect(parse(setting, "\(range.upperBound + 1)") == nil, "\(setting.path)")
            case .number(let range):
                #expect(parse(setting, "\(range.lowerBound)") == .number(range.lowerBound), "\(setting.path)")
                #expect(parse(setting, "\(range.upperBound)") == .number(range.upperBound), "\(setting.path)")
                #expect(parse(setting, "\(range.lowerBound.nextDown)") == nil, "\(setting.path)")
                #expect(parse(setting, "\(range.upperBound.nextUp)") == nil, "\(setting.path)")
                #expect(parse(setting, "nan") == nil, "\(setting.path)")
            case .choice(let words):
                for word in words { #expect(parse(setting, word) == .text(word)) }
                #expect(parse(setting, "") == nil, "\(setting.path)")
            case .text, .path, .boolean: break
            }
        }
    }

    @Test func `mean the same in every experiment that has the setting`() {
        for setting in ranged {
            let kinds = ranged.filter { $0.path == setting.path && $0.path != "sft.steps" }.map(\.kind)
            #expect(kinds.allSatisfy { $0 == kinds[0] }, "\(setting.path)")
        }
    }

    @Test(arguments: [
        ("seed", "4294967296", "is out of range: it must be a whole number from 0 to 2147483647"),
        ("workers.threads", "-1", "is out of range: it must be a whole number from 0 to 1024"),
        ("checkpoint.every", "0", "is out of range: it must be a whole number from 1 to 1000000"),
        ("restart.limit", "1001", "is out of range: it must be a whole number from 0 to 1000"),
        ("restart.window", "0.5", "is out of range: it must be a number from 1.0 to 86400.0"),
        ("restart.backoff", "-1", "is out of range: it must be a number from 0.0 to 3600.0"),
        ("dataset.bad_row", "ignore", "must be one of skip, fail"),
        ("dataset.max_length", "-1", "is out of range: it must be a whole number from 0 to 1048576"),
        ("dataset.bad_row_limit", "1.1", "is out of range: it must be a number from 0.0 to 1.0"),
        ("model.width", "7", "is out of range: it must be a whole number from 8 to 65536"),
        ("model.layers", "0", "is out of range: it must be a whole number from 1 to 512"),
        ("model.heads", "0", "is out of range: it must be a whole number from 1 to 512"),
        ("model.context", "4", "is out of range: it must be a whole number from 8 to 1048576"),
        ("eval.every", "0", "is out of range: it must be a whole number from 1 to 1000000"),
        ("eval.rows", "0", "is out of range: it must be a whole number from 1 to 1000000"),
        ("eval.max_new_tokens", "0", "is out of range: it must be a whole number from 1 to 65536"),
        ("sft.steps", "0", "is out of range: it must be a whole number from 1 to 100000000"),
        ("sft.batch_size", "0", "is out of range: it must be a whole number from 1 to 1048576"),
        ("sft.lr", "11", "is out of range: it must be a number from 0.0 to 10.0"),
        ("sft.lr", "-0.001", "is out of range: it must be a number from 0.0 to 10.0"),
        ("sft.weight_decay", "1.5", "is out of range: it must be a number from 0.0 to 1.0"),
        ("sft.clip_norm", "-1", "is out of range: it must be a number from 0.0 to 1000000.0"),
        ("sft.schedule", "cosin", "must be one of constant, linear, cosine, multistep. Did you mean 'cosine'?"),
        ("sft.warmup_steps", "-1", "is out of range: it must be a whole number from 0 to 1000000"),
    ])
    func `are said to whoever breaks them`(path: String, text: String, phrase: String) {
        let error = #expect(throws: ConfigurationError.self) { try Samples.settings("sft", ["\(path)=\(text)"]) }
        #expect(error?.summary == "override '\(path)=\(text)': \(path)='\(text)' \(phrase)")
    }

    @Test(arguments: [
        ("grpo.group_size", "1", "is out of range: it must be a whole number from 2 to 4096"),
        ("grpo.eps_clip", "0", "is out of range: it must be a number from 0.0001 to 10.0"),
        ("grpo.temperature", "0", "is out of range: it must be a number from 0.01 to 100.0"),
        ("grpo.top_p", "0", "is out of range: it must be a number from 0.001 to 1.0"),
        ("grpo.top_k", "-1", "is out of range: it must be a whole number from 0 to 1000000"),
        ("grpo.kl_ctl", "101", "is out of range: it must be a number from 0.0 to 100.0"),
        ("grpo.prompts", "0", "is out of range: it must be a whole number from 1 to 1048576"),
        ("workers.model_workers", "3", "is out of range: it must be a whole number from 1 to 2"),
    ])
    func `hold for GRPO as well`(path: String, text: String, phrase: String) {
        let error = #expect(throws: ConfigurationError.self) { try Samples.settings("grpo", ["\(path)=\(text)"]) }
        #expect(error?.summary == "override '\(path)=\(text)': \(path)='\(text)' \(phrase)")
    }

    @Test(arguments: [
        (SettingKind.integer(1...5), "a whole number from 1 to 5"), (.number(0...0.5), "a number from 0.0 to 0.5"),
        (.text, "text"), (.path, "a path"), (.choice(["a", "b"]), "one of a, b"), (.boolean, "true or false"),
    ])
    func `read as a phrase`(kind: SettingKind, phrase: String) {
        #expect(kind.description == phrase)
    }
}
