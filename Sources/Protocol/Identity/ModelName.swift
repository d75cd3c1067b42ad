/// What a model is for in the dataflow graph: `actor`, `reference`, `reward`.
package struct ModelRole: Hashable, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }

    package static let actor = ModelRole("actor")
    package static let reference = ModelRole("reference")
    package static let reward = ModelRole("reward")
}

/// One replica of a role. Replica 0 is the one that trains.
package struct ModelName: Hashable, Sendable, CustomStringConvertible {
    package let role: ModelRole
    package let replica: Int

    package init(_ role: ModelRole, replica: Int = 0) {
        self.role = role
        self.replica = replica
    }

    /// The role alone for replica 0, else `role@replica`.
    package var description: String { replica == 0 ? role.description : "\(role)@\(replica)" }
}

/// One shard of a model on one model worker; pp, dp and tp ranks count from 0.
package struct ModelShardID: Hashable, Sendable, CustomStringConvertible {
    package let model: ModelName
    package let pipeline: Int
    package let data: Int
    package let tensor: Int

    package init(_ model: ModelName, pipeline: Int = 0, data: Int = 0, tensor: Int = 0) {
        self.model = model
        self.pipeline = pipeline
        self.data = data
        self.tensor = tensor
    }

    /// `<model>@pp00@tp00@dp00`: at least two digits a rank.
    package var description: String {
        func two(_ rank: Int) -> String { rank < 10 ? "0\(rank)" : "\(rank)" }
        return "\(model)@pp\(two(pipeline))@tp\(two(tensor))@dp\(two(data))"
    }
}
