import Protocol
import Testing

@testable import Workers

@Suite struct PlacementTests {
    private func plan(_ shards: [ModelShardID]) -> SetupPlan {
        SetupPlan(
            name: "s", steps: 1,
            models: shards.enumerated().map { ModelPlan(shard: $1, worker: $0, module: .tokenizerOnly) }, calls: [],
            dataset: DatasetPlan(type: "prompt", path: "", maximumLength: 1, badRow: .skip), evaluation: nil,
            checkpointEverySteps: 1)
    }

    @Test func `a model that is split has one data head for each group of shards`() throws {
        let actor = ModelName(.actor)
        let placement = Placement(
            plan([
                ModelShardID(actor), ModelShardID(actor, tensor: 1), ModelShardID(actor, data: 1),
                ModelShardID(actor, data: 1, tensor: 1), ModelShardID(ModelName(.reward)),
            ]))
        #expect(try placement.shards(of: actor).map(\.worker) == [0, 1, 2, 3])
        #expect(try placement.dataHeads(of: actor).map(\.worker) == [0, 2])
        #expect(try placement.head(of: ModelName(.reward)).worker == 4)
        let staged = Placement(plan([ModelShardID(actor), ModelShardID(actor, pipeline: 1)]))
        #expect(try staged.dataHeads(of: actor).map(\.worker) == [1])
        let error = #expect(throws: WorkerError.self) { try placement.head(of: actor) }
        #expect(error?.summary == "model 'actor' has 2 data-parallel shards; a call runs on one")
    }

    @Test func `a model that the setup does not have is an error with its name`() {
        #expect(throws: WorkerError(.plan, "setup 's' has no model 'critic'")) {
            try Placement(plan([])).shards(of: ModelName(ModelRole("critic")))
        }
    }
}
