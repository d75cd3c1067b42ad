import SwiftProtobuf

/// How the models of a setup look on the wire.
extension ModelPlan {
    /// - Parameter workers: how many model workers the trial has.
    init(_ wire: WireModelPlan, workers: Int, at place: PlanPlace) throws {
        let worker = try place["worker"].count(wire.worker)
        guard worker < workers else {
            throw place["worker"].refusal("\(worker)", "the plan has \(workers) model workers")
        }
        self.init(
            shard: ModelShardID(
                try ModelName(role: wire.role, replica: wire.replica, at: place),
                pipeline: try place["pipeline_rank"].count(wire.pipelineRank),
                data: try place["data_rank"].count(wire.dataRank),
                tensor: try place["tensor_rank"].count(wire.tensorRank)),
            worker: worker, module: try Module(wire.module, at: place),
            options: try GivenArguments(wire.options, at: place["options"]),
            optimizer: wire.hasOptimizer ? try GivenArguments(wire.optimizer, at: place["optimizer"]) : nil)
    }

    var wire: WireModelPlan {
        .with {
            $0.role = name.role.description
            $0.replica = Int32(counted: name.replica)
            $0.pipelineRank = Int32(counted: shard.pipeline)
            $0.dataRank = Int32(counted: shard.data)
            $0.tensorRank = Int32(counted: shard.tensor)
            $0.worker = Int32(counted: worker)
            $0.module = module.wire
            $0.options = options.wire
            if let optimizer { $0.optimizer = optimizer.wire }
        }
    }
}

extension ModelName {
    /// The fields `role` and `replica` of the message at `place`.
    init(role: String, replica: Int32, at place: PlanPlace) throws {
        self.init(ModelRole(try place["role"].text(role)), replica: try place["replica"].count(replica))
    }
}

extension ModelPlan.Module {
    fileprivate init(_ wire: WireModelPlan.OneOf_Module?, at place: PlanPlace) throws {
        switch wire {
        case .transformer(let plan): self = .transformer(try TransformerPlan(plan, at: place["transformer"]))
        case .tokenizerOnly: self = .tokenizerOnly
        case nil: throw place["module"].isMissing
        }
    }

    fileprivate var wire: WireModelPlan.OneOf_Module {
        switch self {
        case .transformer(let plan): .transformer(plan.wire)
        case .tokenizerOnly: .tokenizerOnly(WireTokenizerOnly())
        }
    }
}

extension TransformerPlan {
    fileprivate init(_ wire: WireTransformerPlan, at place: PlanPlace) throws {
        self.init(
            shape: try Shape(wire.shape, at: place), initialization: try Initialization(wire.initialization, at: place))
    }

    fileprivate var wire: WireTransformerPlan {
        .with {
            $0.shape = shape.wire
            $0.initialization = initialization.wire
        }
    }
}

extension TransformerPlan.Shape {
    fileprivate init(_ wire: WireTransformerPlan.OneOf_Shape?, at place: PlanPlace) throws {
        switch wire {
        case .sizes(let sizes): self = .sizes(try TransformerSizes(sizes, at: place["sizes"]))
        case .modelFolder(let path): self = .folder(try place["model_folder"].text(path))
        case nil: throw place["shape"].isMissing
        }
    }

    fileprivate var wire: WireTransformerPlan.OneOf_Shape {
        switch self {
        case .sizes(let sizes): .sizes(sizes.wire)
        case .folder(let path): .modelFolder(path)
        }
    }
}

extension TransformerPlan.Initialization {
    fileprivate init(_ wire: WireTransformerPlan.OneOf_Initialization?, at place: PlanPlace) throws {
        switch wire {
        case .random: self = .random
        case .weightsFolder(let path): self = .folder(try place["weights_folder"].text(path))
        case .weightsOfRole(let role): self = .role(ModelRole(try place["weights_of_role"].text(role)))
        case nil: throw place["initialization"].isMissing
        }
    }

    fileprivate var wire: WireTransformerPlan.OneOf_Initialization {
        switch self {
        case .random: .random(WireRandomWeights())
        case .folder(let path): .weightsFolder(path)
        case .role(let role): .weightsOfRole(role.description)
        }
    }
}

extension TransformerSizes {
    fileprivate init(_ wire: WireTransformerSizes, at place: PlanPlace) throws {
        self.init(
            family: try place["family"].text(wire.family),
            contextLength: try place["context_length"].count(wire.contextLength, atLeast: 1),
            width: try place["width"].count(wire.width, atLeast: 1),
            layers: try place["layers"].count(wire.layers, atLeast: 1),
            heads: try place["heads"].count(wire.heads, atLeast: 1),
            keyValueHeads: try place["key_value_heads"].count(wire.keyValueHeads, atLeast: 1),
            mlpWidth: wire.hasMlpWidth ? try place["mlp_width"].count(wire.mlpWidth, atLeast: 1) : nil,
            dropout: try place["dropout"].share(wire.dropout))
    }

    fileprivate var wire: WireTransformerSizes {
        .with {
            $0.family = family
            $0.contextLength = Int32(counted: contextLength)
            $0.width = Int32(counted: width)
            $0.layers = Int32(counted: layers)
            $0.heads = Int32(counted: heads)
            $0.keyValueHeads = Int32(counted: keyValueHeads)
            if let mlpWidth { $0.mlpWidth = Int32(counted: mlpWidth) }
            $0.dropout = dropout
        }
    }
}
