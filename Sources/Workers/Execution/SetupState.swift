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
    private var evaluation: (interface: any ModelInterface, rows: [PromptRow])?

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

    /// The interface and rows of the setup's evaluation, read at its first use.
    mutating func evaluationParts() throws -> (interface: any ModelInterface, rows: [PromptRow]) {
        if let evaluation { return evaluation }
        guard let wanted = plan.evaluation else {
            throw WorkerError(.plan, "setup '\(plan.name)' has no evaluation")
        }
        let rows = try JSONLReader(wanted.dataset, fields: .promptAndAnswer).read(limit: wanted.rows).rows
        let parts = (try Interfaces.make(wanted.interface), rows)
        evaluation = parts
        return parts
    }

    func call(named name: MFCName) throws -> ModelFunctionCall {
        guard let call = graph[name] else {
            throw WorkerError(
                .message,
                "setup '\(plan.name)' has no model function call '\(name)'."
                    + Suggestion.phrase(for: name, among: graph.calls.map(\.name)))
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
