package import Protocol

/// What a model worker answers to one request.
package struct Reply: Sendable, Equatable {
    /// That it answers.
    package let request: RequestID
    /// Index of the model worker.
    package let worker: Int
    /// By what was asked; `done` where nothing is to be told, `failed` to anything.
    package var body: Body
    /// How long each phase took.
    package var times: [PhaseTime] = []
    /// Checkpoints that hooks have written.
    package var saved: [SavedCheckpoint] = []

    /// An answer without times and checkpoints, which are added as they come.
    package init(to request: RequestID, from worker: Int, _ body: Body = .done) {
        self.request = request
        self.worker = worker
        self.body = body
    }

    /// What is answered.
    package enum Body: Sendable, Equatable {
        /// To the question what the setup's dataset holds.
        case dataset(DatasetFacts)
        /// To a fetch.
        case items(FetchedItems)
        /// The shape of a model; nil for one that has no weights.
        case model(ModelShape?)
        /// A model is there, with these weights.
        case initialized(WeightVersion)
        /// A model function call has ended.
        case called(CallOutcome)
        /// An evaluation has ended.
        case evaluated([Metric])
        /// It was carried out and has nothing to tell.
        case done
        /// With the report of the error.
        case failed(String, Persistence = .passing)
    }

    /// The report, where the request failed.
    package var failure: String? { if case .failed(let report, _) = body { report } else { nil } }
}

/// A phase of a request and how long it took.
package struct PhaseTime: Sendable, Equatable {
    /// `SpanPhase.rawValue`.
    package let phase: String
    /// Of wall time.
    package let seconds: Double

    /// Seconds that a phase took.
    package init(_ phase: String, seconds: Double) {
        self.phase = phase
        self.seconds = seconds
    }
}

/// What a dataset holds.
package struct DatasetFacts: Sendable, Equatable {
    /// That can be fetched.
    package let rows: Int
    /// Rows that were left out.
    package let skipped: Int

    /// Counts of one pass over the file.
    package init(rows: Int, skipped: Int) {
        self.rows = rows
        self.skipped = skipped
    }
}

/// The sizes of a language model, as the master's log tells them.
package struct ModelShape: Sendable, Equatable {
    /// As `config.json` names it: `gpt2`.
    package let family: String
    /// Tokens that it knows.
    package let vocabularySize: Int
    /// Tokens of the longest sequence.
    package let contextLength: Int
    /// Floats a token between two layers.
    package let width: Int
    /// Blocks of attention and MLP.
    package let layers: Int
    /// Of queries, in each layer.
    package let heads: Int
    /// Of keys and values.
    package let keyValueHeads: Int
    /// Floats a head.
    package let headWidth: Int
    /// Floats a token inside the MLP.
    package let mlpWidth: Int

    /// The sizes of a model that has been made.
    package init(
        family: String, vocabularySize: Int, contextLength: Int, width: Int, layers: Int, heads: Int,
        keyValueHeads: Int, headWidth: Int, mlpWidth: Int
    ) {
        self.family = family
        self.vocabularySize = vocabularySize
        self.contextLength = contextLength
        self.width = width
        self.layers = layers
        self.heads = heads
        self.keyValueHeads = keyValueHeads
        self.headWidth = headWidth
        self.mlpWidth = mlpWidth
    }
}

/// Items of the dataset, without their arrays, and when each was born: the older is used first.
package struct FetchedItems: Sendable, Equatable {
    /// Identities, keys and lengths.
    package var sample: SequenceSample
    /// One an item, in the order of the sample; nanoseconds since the run's start.
    package var births: [Int64]

    /// Items with the births that belong to them.
    package init(_ sample: SequenceSample, births: [Int64]) {
        self.sample = sample
        self.births = births
    }
}

/// What a model function call has given.
package struct CallOutcome: Sendable, Equatable {
    /// What it made, without arrays; nil where it makes no data.
    package var outputs: SequenceSample?
    /// Named by the interface.
    package var statistics: [Metric]
    /// The weights of its model after it.
    package var weightVersion: WeightVersion

    /// A call that made nothing and had nothing to tell, unless given.
    package init(outputs: SequenceSample? = nil, statistics: [Metric] = [], weightVersion: WeightVersion = 0) {
        self.outputs = outputs
        self.statistics = statistics
        self.weightVersion = weightVersion
    }
}

/// What a model worker says to its master.
package enum WorkerMessage: Sendable, Equatable {
    /// It is connected.
    case joined(worker: Int)
    /// It has carried out a request, or failed at it.
    case reply(Reply)
}
