import Compute
import Protocol

/// What a model worker has of the setup it is in: models, interfaces, its share of the data.
struct SetupState {
    let index: Int
    let plan: SetupPlan
    let graph: DataflowGraph
    var models: [ModelName: WorkerModel] = [:]
    var loader: DatasetLoader?
    private var interfaces: [MFCName: any ModelInterface] = [:]
    private var heldOut: [PromptRow]?

    init(index: Int, plan: SetupPlan) throws {
        self.index = index
        self.plan = plan
        graph = try DataflowGraph(plan.calls)
    }

    /// The interface that serves a call.
    mutating func interface(of call: ModelFunctionCall) throws -> any ModelInterface {
        if let known = interfaces[call.name] { return known }
        let made = try Interfaces.make(call.interface)
        interfaces[call.name] = made
        return made
    }

    /// The rows of the setup's evaluation; read now where this worker did not open the dataset.
    mutating func evaluationRows(_ factory: ModelFactory, on worker: Int) throws -> [PromptRow] {
        if heldOut == nil { _ = try readEvaluationRows(factory, on: worker) }
        guard let heldOut else { throw WorkerError(.plan, "setup '\(plan.name)' has no evaluation here") }
        return heldOut
    }

    /// Reads the held-out rows as the setup opens, through the same eyes as the others, so that no step meets what is
    /// wrong with them; what was left out of them.
    mutating func readEvaluationRows(_ factory: ModelFactory, on worker: Int) throws -> LeftOutRows {
        guard let wanted = plan.evaluation,
            plan.models.contains(where: { $0.name == wanted.model && $0.worker == worker })
        else { return LeftOutRows() }
        let demand = RowDemand(
            needed: Set(PromptAnswerDataset.keys), tokenizer: factory.tokenizer,
            limit: try factory.lengthLimit(of: wanted, in: plan))
        let content = try PromptAnswerDataset.read(wanted.dataset, for: demand, amount: .rows(wanted.rows))
        heldOut = content.rows
        return content.leftOut
    }

    /// A call of the graph, or the evaluation.
    func call(named name: MFCName) throws -> ModelFunctionCall {
        let calls = graph.calls + (plan.evaluation.map { [$0.call] } ?? [])
        guard let call = calls.first(where: { $0.name == name }) else {
            throw WorkerError(
                .message,
                "setup '\(plan.name)' has no model function call '\(name)'."
                    + Suggestion.phrase(for: name, among: calls.map(\.name)))
        }
        return call
    }

    func model(_ name: ModelName) throws -> WorkerModel {
        guard let model = models[name] else {
            throw WorkerError(.message, "model '\(name)' is not initialized on this worker")
        }
        return model
    }
}
