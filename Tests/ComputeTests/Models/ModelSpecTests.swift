import Foundation
import Testing

@testable import Compute

@Suite struct ModelSpecTests {
    private let spec = ModelSpec.gpt2(vocabularySize: 96, contextLength: 128, width: 128, layers: 4, heads: 4)

    @Test func `a GPT-2 style model is accepted, its MLP four times as wide`() throws {
        try spec.validate()
        #expect(spec.mlpWidth == 512)
        #expect(spec.headWidth == 32)
    }

    @Test(arguments: [
        ("width", 130, "width 130 is not a multiple of heads 4."),
        ("layers", 0, "layers is 0 and must be at least 1."),
        ("vocabularySize", -1, "vocabularySize is -1 and must be at least 1."),
        ("keyValueHeads", 3, "heads 4 is not a multiple of keyValueHeads 3."),
    ])
    func `sizes that contradict each other are explained`(size: String, value: Int, detail: String) throws {
        var fields = try #require(
            JSONSerialization.jsonObject(with: JSONEncoder().encode(spec)) as? [String: any Sendable])
        fields[size] = value
        let wrong = try JSONDecoder().decode(ModelSpec.self, from: JSONSerialization.data(withJSONObject: fields))
        let error = #expect(throws: ComputeError.self) { try wrong.validate() }
        #expect(error?.code == .unsupportedModel)
        #expect(error?.detail == detail)
    }

    @Test func `parts that do not run yet are refused by name`() {
        var llama = spec
        llama.norm = .rmsNorm
        #expect(summary(of: llama) == "This version cannot run a model with norm: rmsNorm.")
        var grouped = spec
        grouped.keyValueHeads = 2
        #expect(summary(of: grouped) == "This version cannot run a model with keyValueHeads: 2 with heads: 4.")
        var critic = spec
        critic.head = .value
        #expect(summary(of: critic) == "This version cannot run a model with head: value.")
    }

    private func summary(of spec: ModelSpec) -> String? {
        do {
            try spec.validate()
            return nil
        } catch {
            return error.summary
        }
    }
}
