/// Everything the processes of one trial must agree on, resolved and frozen before the first of them starts.
///
/// Made by an experiment from its settings; sent to every worker in its `Configure` message.
package struct TrialPlan: Sendable, Equatable {
    package var id: TrialID
    package var seed: UInt64
    /// One entry a model worker, in index order.
    package var modelWorkers: [ModelWorkerPlan]
    /// Phases that run one after another on the same worker processes.
    package var setups: [SetupPlan]

    package init(id: TrialID, seed: UInt64, modelWorkers: [ModelWorkerPlan], setups: [SetupPlan]) {
        self.id = id
        self.seed = seed
        self.modelWorkers = modelWorkers
        self.setups = setups
    }

    /// Steps of all setups together: the step axis runs through the whole trial and counts from 1.
    package var totalSteps: Int { setups.reduce(0) { $0 + $1.steps } }
    /// The trial-wide number of the last step before setup `index` begins.
    package func stepsBefore(setup index: Int) -> Int { setups[..<index].reduce(0) { $0 + $1.steps } }
}

/// What one model worker process is given.
package struct ModelWorkerPlan: Sendable, Equatable {
    /// Threads of its compute pool. Workers whose calls never overlap may each be given every core.
    package var threads: Int
    /// The name of its `WorkerGroup`.
    package var group: String

    /// The group of the master and of every worker that it calls.
    package static let trialGroup = "trial"

    package init(threads: Int, group: String = ModelWorkerPlan.trialGroup) {
        self.threads = threads
        self.group = group
    }
}

/// One phase of a trial: models, the dataflow graph over them, data and a number of steps.
package struct SetupPlan: Sendable, Equatable {
    package var name: String
    package var steps: Int
    package var models: [ModelPlan]
    package var calls: [ModelFunctionCall]
    package var dataset: DatasetPlan
    /// Its evaluation on held-out rows; nil where the setup never evaluates.
    package var evaluation: EvaluationPlan?
    /// A recovery checkpoint after every this many steps, and always after the last step of the setup.
    package var checkpointEverySteps: Int

    package init(
        name: String, steps: Int, models: [ModelPlan], calls: [ModelFunctionCall], dataset: DatasetPlan,
        evaluation: EvaluationPlan?, checkpointEverySteps: Int
    ) {
        self.name = name
        self.steps = steps
        self.models = models
        self.calls = calls
        self.dataset = dataset
        self.evaluation = evaluation
        self.checkpointEverySteps = checkpointEverySteps
    }
}

/// One model of a setup and the worker that holds its (only) shard.
package struct ModelPlan: Sendable, Equatable {
    package var shard: ModelShardID
    /// Index of the model worker.
    package var worker: Int
    package var module: Module
    /// How the model is run: its precision, and what it keeps for a backward pass.
    package var options: GivenArguments
    /// The optimizer of a role that trains; nil for one that never does.
    package var optimizer: GivenArguments?

    package enum Module: Sendable, Equatable {
        /// A language model of a registered family.
        case transformer(TransformerPlan)
        /// No parameters: a rule-based reward needs only the tokenizer.
        case tokenizerOnly
    }

    package init(
        shard: ModelShardID, worker: Int, module: Module, options: GivenArguments = [:],
        optimizer: GivenArguments? = nil
    ) {
        self.shard = shard
        self.worker = worker
        self.module = module
        self.options = options
        self.optimizer = optimizer
    }

    package var name: ModelName { shard.model }
}

/// The shape of a language model and where its first weights come from.
package struct TransformerPlan: Sendable, Equatable {
    package var shape: Shape
    package var initialization: Initialization

    package enum Shape: Sendable, Equatable {
        /// The vocabulary is the trial's characters.
        case sizes(TransformerSizes)
        /// That of the model in this Hugging Face folder, with its tokenizer.
        case folder(String)
    }

    package enum Initialization: Sendable, Equatable {
        /// Random weights from the trial's seed and the role's name.
        case random
        /// A checkpoint folder in Hugging Face layout.
        case folder(String)
        /// The newest weights of another role of this trial, as the setup begins.
        case role(ModelRole)
    }

    package init(shape: Shape, initialization: Initialization) {
        self.shape = shape
        self.initialization = initialization
    }

    /// A model of these sizes; as many key-value heads as heads, and the family's own MLP width, unless given.
    package init(
        family: String, contextLength: Int, width: Int, layers: Int, heads: Int, keyValueHeads: Int? = nil,
        mlpWidth: Int? = nil, dropout: Double = 0, initialization: Initialization
    ) {
        let sizes = TransformerSizes(
            family: family, contextLength: contextLength, width: width, layers: layers, heads: heads,
            keyValueHeads: keyValueHeads ?? heads, mlpWidth: mlpWidth, dropout: dropout)
        self.init(shape: .sizes(sizes), initialization: initialization)
    }
}

/// The sizes of a language model with random first weights.
package struct TransformerSizes: Sendable, Equatable {
    package var family: String
    package var contextLength: Int
    package var width: Int
    package var layers: Int
    package var heads: Int
    package var keyValueHeads: Int
    /// Nil: what the family takes for this width.
    package var mlpWidth: Int?
    /// Probability with which supervised training drops an element, wherever the family drops any.
    package var dropout: Double

    package init(
        family: String, contextLength: Int, width: Int, layers: Int, heads: Int, keyValueHeads: Int,
        mlpWidth: Int? = nil, dropout: Double = 0
    ) {
        self.family = family
        self.contextLength = contextLength
        self.width = width
        self.layers = layers
        self.heads = heads
        self.keyValueHeads = keyValueHeads
        self.mlpWidth = mlpWidth
        self.dropout = dropout
    }
}

/// A jsonl file read by a registered dataset.
package struct DatasetPlan: Sendable, Equatable {
    package enum BadRow: String, Sendable, CaseIterable {
        /// Leave the row out, count it and log its line number.
        case skip
        /// End the trial with the line number.
        case fail
    }

    package var type: String
    package var path: String
    /// Tokens that a row may have; 0: as many as the models of the setup take.
    package var maximumLength: Int
    package var badRow: BadRow
    /// The share of rows that may be left out, from 0 to 1; more end the start.
    package var badRowLimit: Double
    /// What the file was when the trial began; nil where nobody has looked.
    package var fingerprint: FileFingerprint?

    package init(type: String, path: String, maximumLength: Int, badRow: BadRow, badRowLimit: Double = 0.05) {
        self.badRowLimit = badRowLimit
        self.type = type
        self.path = path
        self.maximumLength = maximumLength
        self.badRow = badRow
    }
}

/// By what a file is known again.
package struct FileFingerprint: Sendable, Equatable {
    package let bytes: Int
    package let crc32: UInt32

    package init(bytes: Int, crc32: UInt32) {
        self.bytes = bytes
        self.crc32 = crc32
    }
}

/// When a role is evaluated and on what.
package struct EvaluationPlan: Sendable, Equatable {
    package var model: ModelName
    package var interface: InterfaceReference
    package var dataset: DatasetPlan
    /// Rows evaluated each time, from the top of the file.
    package var rows: Int
    package var everySteps: Int

    package init(model: ModelName, interface: InterfaceReference, dataset: DatasetPlan, rows: Int, everySteps: Int) {
        self.model = model
        self.interface = interface
        self.dataset = dataset
        self.rows = rows
        self.everySteps = everySteps
    }

    /// The evaluation as a model function call: it reads rows of its own dataset and makes no data, so it has no keys.
    package var call: ModelFunctionCall {
        ModelFunctionCall(
            name: "\(model.role)_eval", interfaceType: .evaluate, interface: interface, model: model, sequences: rows)
    }
}
