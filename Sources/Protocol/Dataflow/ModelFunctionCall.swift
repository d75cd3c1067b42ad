/// The name of a model function call, unique in its graph: `actor_gen`, `actor_train`.
package typealias MFCName = String

/// What a model function call asks of its interface.
package enum InterfaceType: String, Sendable, CaseIterable {
    case generate
    case inference
    case trainStep = "train_step"
    case evaluate
}

/// Which interface implementation serves a call, by its registered name, and with what arguments.
package struct InterfaceReference: Sendable, Equatable {
    package var type: String
    package var arguments: GivenArguments

    package init(_ type: String, arguments: GivenArguments = [:]) {
        self.type = type
        self.arguments = arguments
    }
}

/// How a batch is cut for one pass: at least `minimumCount` micro-batches, none above `maximumTokens`.
package struct MicroBatchSpec: Sendable, Equatable {
    package var minimumCount: Int
    package var maximumTokens: Int?

    package init(minimumCount: Int = 1, maximumTokens: Int? = nil) {
        self.minimumCount = minimumCount
        self.maximumTokens = maximumTokens
    }
}

/// One model function call (MFC): a node of the dataflow graph. Its keys define the edges.
package struct ModelFunctionCall: Sendable, Equatable {
    package var name: MFCName
    package var interfaceType: InterfaceType
    package var interface: InterfaceReference
    package var model: ModelName
    package var inputKeys: [SequenceKey]
    package var outputKeys: [SequenceKey]
    /// Graph key → the key the interface reads.
    package var inputKeyRemap: [SequenceKey: SequenceKey]
    /// Interface key → the graph key it becomes.
    package var outputKeyRemap: [SequenceKey: SequenceKey]
    /// Batch size in items (n_seqs). All train steps of a graph must agree.
    package var sequences: Int
    package var microBatches: MicroBatchSpec

    package init(
        name: MFCName, interfaceType: InterfaceType, interface: InterfaceReference, model: ModelName,
        inputKeys: [SequenceKey] = [], outputKeys: [SequenceKey] = [],
        inputKeyRemap: [SequenceKey: SequenceKey] = [:], outputKeyRemap: [SequenceKey: SequenceKey] = [:],
        sequences: Int, microBatches: MicroBatchSpec = MicroBatchSpec()
    ) {
        self.name = name
        self.interfaceType = interfaceType
        self.interface = interface
        self.model = model
        self.inputKeys = inputKeys
        self.outputKeys = outputKeys
        self.inputKeyRemap = inputKeyRemap
        self.outputKeyRemap = outputKeyRemap
        self.sequences = sequences
        self.microBatches = microBatches
    }
}
