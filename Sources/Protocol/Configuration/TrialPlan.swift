/// Everything the processes of one trial must agree on, resolved and frozen before the first of them starts.
///
/// Made by an experiment from its settings; sent to every worker in its `Configure` message.
package struct TrialPlan: Sendable, Equatable {
    /// Experiment and trial name.
    package var id: TrialID
    /// Of every random choice; each place derives its own generator from it.
    package var seed: UInt64
    /// One entry a model worker, in index order.
    package var modelWorkers: [ModelWorkerPlan]
    /// Phases that run one after another on the same worker processes.
    package var setups: [SetupPlan]

    /// Nothing is checked here: `PlanCheck` and the workers do that.
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

    /// A worker of the master's group, unless another is named.
    package init(threads: Int, group: String = ModelWorkerPlan.trialGroup) {
        self.threads = threads
        self.group = group
    }
}

/// One phase of a trial: models, the dataflow graph over them, data and a number of steps.
package struct SetupPlan: Sendable, Equatable {
    /// Of the setup within its trial: `sft`, `grpo`.
    package var name: String
    /// 0: the setup is passed over.
    package var steps: Int
    /// One entry a shard.
    package var models: [ModelPlan]
    /// The nodes of the dataflow graph; its edges follow from their keys.
    package var calls: [ModelFunctionCall]
    /// Rows that its steps begin with.
    package var dataset: DatasetPlan
    /// Its evaluation on held-out rows; nil where the setup never evaluates.
    package var evaluation: EvaluationPlan?
    /// A recovery checkpoint after every this many steps, and always after the last step of the setup.
    package var checkpointEverySteps: Int

    /// A setup without `evaluation` never evaluates.
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
    /// Role, replica and ranks.
    package var shard: ModelShardID
    /// Index of the model worker.
    package var worker: Int
    /// What has the parameters, if any.
    package var module: Module
    /// How the model is run: its precision, and what it keeps for a backward pass.
    package var options: GivenArguments
    /// The optimizer of a role that trains; nil for one that never does.
    package var optimizer: GivenArguments?

    /// What stands behind a role.
    package enum Module: Sendable, Equatable {
        /// A language model of a registered family.
        case transformer(TransformerPlan)
        /// No parameters: a rule-based reward needs only the tokenizer.
        case tokenizerOnly
    }

    /// A model that does not train, unless it is given an optimizer.
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

    /// Role and replica, without the ranks.
    package var name: ModelName { shard.model }
}

/// The shape of a language model and where its first weights come from.
package struct TransformerPlan: Sendable, Equatable {
    /// Its sizes, given or found in a folder.
    package var shape: Shape
    /// Where its first weights come from when there is no checkpoint to resume.
    package var initialization: Initialization

    /// How the sizes are known.
    package enum Shape: Sendable, Equatable {
        /// The vocabulary is the trial's characters.
        case sizes(TransformerSizes)
        /// That of the model in this Hugging Face folder, with its tokenizer.
        case folder(String)
    }

    /// First weights.
    package enum Initialization: Sendable, Equatable {
        /// Random weights from the trial's seed and the role's name.
        case random
        /// A checkpoint folder in Hugging Face layout.
        case folder(String)
        /// The newest weights of another role of this trial, as the setup begins.
        case role(ModelRole)
    }

    /// Any shape with any first weights; whether they fit is found when they are loaded.
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
    /// `model_type` of the family's `config.json`: `gpt2`, `llama`, `qwen2`.
    package var family: String
    /// Tokens of the longest sequence.
    package var contextLength: Int
    /// Floats a token between two layers.
    package var width: Int
    /// Blocks of attention and MLP.
    package var layers: Int
    /// Of queries, in each layer.
    package var heads: Int
    /// Of keys and values; as many as `heads`, or a divisor of it.
    package var keyValueHeads: Int
    /// Nil: what the family takes for this width.
    package var mlpWidth: Int?
    /// Probability with which supervised training drops an element, wherever the family drops any.
    package var dropout: Double

    /// The family's own MLP width and no dropout, unless given.
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
    /// What a row that cannot be used does.
    package enum BadRow: String, Sendable, CaseIterable {
        /// Leave the row out, count it and log its line number.
        case skip
        /// End the trial with the line number.
        case fail
    }

    /// Of a registered dataset: `prompt`, `prompt_answer`.
    package var type: String
    /// Absolute.
    package var path: String
    /// Tokens that a row may have; 0: as many as the models of the setup take.
    package var maximumLength: Int
    /// Of each broken row, up to the limit.
    package var badRow: BadRow
    /// The share of rows that may be left out, from 0 to 1; more end the start.
    package var badRowLimit: Double
    /// What the file was when the trial began; nil where nobody has looked.
    package var fingerprint: FileFingerprint?

    /// A file whose fingerprint nobody has taken yet.
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
    /// Its length.
    package let bytes: Int
    /// Of its whole content.
    package let crc32: UInt32

    /// What was found, or what a plan remembers.
    package init(bytes: Int, crc32: UInt32) {
        self.bytes = bytes
        self.crc32 = crc32
    }
}

/// When a role is evaluated and on what.
package struct EvaluationPlan: Sendable, Equatable {
    /// That is evaluated.
    package var model: ModelName
    /// That evaluates it.
    package var interface: InterfaceReference
    /// Held-out rows.
    package var dataset: DatasetPlan
    /// Rows evaluated each time, from the top of the file.
    package var rows: Int
    /// Steps of the setup between two evaluations; the last step always has one.
    package var everySteps: Int

    /// An evaluation of the first `rows` rows.
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
