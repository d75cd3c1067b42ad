import Compute
import Protocol
import TestSupport
import Testing

@testable import Workers

@Suite struct `The rehearsal of a trial` {
    private let folder = TemporaryFolder()

    private func plan(
        _ rows: [String] = TinyTrial.rows, policySteps: Int = 1, _ change: (inout TrialPlan) -> Void = { _ in }
    ) -> TrialPlan {
        let train = folder.file("train.jsonl", lines: rows)
        let heldOut = folder.file("held.jsonl", lines: Array(TinyTrial.rows.prefix(3)))
        var plan = TinyTrial.plan(train: train, heldOut: heldOut, policySteps: policySteps)
        change(&plan)
        return plan
    }

    private func fault(_ plan: TrialPlan) -> (setting: String, summary: String, detail: String)? {
        do {
            _ = try TrialRehearsal.run(plan)
            return nil
        } catch let fault as RehearsalFault {
            let facing = fault.underlying as? any UserFacingError
            return (fault.setting, facing?.summary ?? "\(fault.underlying)", facing?.detail ?? "")
        } catch {
            return ("", "\(error)", "")
        }
    }

    private static func reshape(_ plan: inout TrialPlan, _ change: (inout TransformerSizes) -> Void) {
        for model in plan.setups[0].models.indices {
            guard case .transformer(var transformer) = plan.setups[0].models[model].module,
                case .sizes(var sizes) = transformer.shape
            else { continue }
            change(&sizes)
            transformer.shape = .sizes(sizes)
            plan.setups[0].models[model].module = .transformer(transformer)
        }
    }

    @Test func `shows the rows of every file, in tokens, and what the models will work in`() throws {
        let rows = TinyTrial.rows + [#"{"prompt": "1111111111111111+1=", "answer": "2"}"#]
        let shown = try TrialRehearsal.run(plan(rows)).setups
        #expect(shown.map { $0.rows?.usable } == [8, 8])
        #expect(shown.map { $0.rows?.complaints } == ["1 too long", "1 too long"])
        // Prompt, answer and end where they train, the prompt alone where answers are sampled.
        #expect(shown.map { $0.rows?.longest } == [6, 4])
        #expect(shown.map { $0.heldOut?.usable } == [3, 3])
        #expect(shown.map { $0.cache > 0 } == [false, true])
        #expect(shown.allSatisfy { $0.activations > 0 && $0.logits > 0 && $0.data > 0 })
    }

    @Test func `finds heads that the family does not have`() {
        let found = fault(plan { Self.reshape(&$0) { $0.keyValueHeads = 1 } })
        #expect(found?.setting == "model")
        #expect(
            found?.detail
                == "model.key_value_heads 1 differs from model.heads 2, which the family 'gpt2' does not have.")
    }

    @Test func `finds an odd width of heads that turn in pairs`() {
        let found = fault(
            plan {
                Self.reshape(&$0) { sizes in
                    (sizes.family, sizes.width, sizes.heads, sizes.keyValueHeads) = ("llama", 10, 2, 2)
                }
            })
        #expect(found?.detail == "model.width / model.heads = 5 is odd; rotary positions turn pairs.")
    }

    @Test func `looks at held-out files with the same eyes, and names their setting`() {
        let packed = folder.write([0x1F, 0x8B, 8, 0], to: "held.gz")
        let found = fault(plan { $0.setups[0].evaluation?.dataset.path = packed })
        #expect(found?.setting == "dataset.eval_path")
        #expect(found?.summary == "\(packed): is compressed with gzip")
    }

    @Test func `finds more rows left out than are allowed`() {
        let found = fault(plan(TinyTrial.rows + Array(repeating: "{", count: 4)))
        #expect(found?.setting == "dataset.path")
        #expect(found?.summary.contains("4 of 12 rows (33.3 %) would be left out") == true)
    }

    @Test func `counts expected answers that are longer than what may be generated`() throws {
        let rows = [#"{"prompt": "1", "answer": "123"}"#, #"{"prompt": "2", "answer": "12"}"#]
        let shown = try TrialRehearsal.run(plan(rows)).setups
        #expect(shown[1].rows?.answersTooLong == 1)
        #expect(shown[1].rows?.shortestAnswer == 3)
    }
}
