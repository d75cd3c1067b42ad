import Compute
import Protocol

extension ModelFactory {
    /// Tokens that a row of a setup's dataset may have: as the plan says, and as every model of it takes with room for
    /// what is generated behind the row.
    func lengthLimit(of setup: SetupPlan) throws -> LengthLimit {
        let contexts = try setup.models.compactMap { try spec(of: $0)?.contextLength }
        return LengthLimit(
            maximumLength: setup.dataset.maximumLength, context: contexts.min(), shape: shape(of: setup.models),
            answer: try longestAnswer(of: setup) ?? 0)
    }

    /// Tokens of the longest answer that a setup generates; nil where it generates none.
    func longestAnswer(of setup: SetupPlan) throws -> Int? {
        try setup.calls.filter { $0.interfaceType == .generate }.map { try Interfaces.make($0.interface).longestAnswer }
            .max()
    }

    /// Tokens that a held-out row may have.
    func lengthLimit(of evaluation: EvaluationPlan, in setup: SetupPlan) throws -> LengthLimit {
        let model = setup.models.first { $0.name == evaluation.model }
        return LengthLimit(
            maximumLength: evaluation.dataset.maximumLength,
            context: try model.flatMap { try spec(of: $0)?.contextLength }, shape: shape(of: model.map { [$0] } ?? []),
            answer: 0)
    }

    private func shape(of models: [ModelPlan]) -> LengthLimit.Shape {
        let isOfFolder = models.contains { model in
            guard case .transformer(let transformer) = model.module, case .folder = transformer.shape else {
                return false
            }
            return true
        }
        return isOfFolder ? .folder : .settings
    }
}
