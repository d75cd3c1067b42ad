package import Protocol

/// What a model worker answers to one request.
package struct Reply: Sendable, Equatable {
    package let request: RequestID
    /// Index of the model worker.
    package let worker: Int
    package var body: Body
    /// How long each phase took.
    package var times: [PhaseTime] = []
    /// Checkpoints that hooks have written.
    package var saved: [SavedCheckpoint] = []

    package init(to request: RequestID, from worker: Int, _ body: Body = .done) {
        self.request = request
        self.worker = worker
        self.body = body
    }

    package enum Body: Sendable, Equatable {
        case dataset(DatasetFacts)
        case items(FetchedItems)
        /// The shape of a model; nil for one that has no weights.
        case model(ModelShape?)
        /// A model is there, with these weights.
        case initialized(WeightVersion)
        case called(CallOutcome)
        case evaluated([Metric])
        case done
        /// With the report of the error.
        case failed(String, Persistence = .passing)
    }

    /// The report, where the request failed.
    package var failure: String? { if case .failed(let report, _) = body { report } else { nil } }
}

/// A phase of a request and how long it took.
package struct PhaseTime: Sendable, Equatable {
    package let phase: String
    package let seconds: Double

    package init(_ phase: String, seconds: Double) {
        self.phase = phase
        self.seconds = seconds
    }
}

/// What a dataset holds.
package struct DatasetFacts: Sendable, Equatable {
    package let rows: Int
    /// Rows that were left out.
    package let skipped: Int

    package init(rows: Int, skipped: Int) {
        self.rows = rows
        self.skipped = skipped
    }
}

/// The sizes of a language model, as the master's log tells them.
package struct ModelShape: Sendable, Equatable {
    package let family: String
    package let vocabularySize: Int
    package let contextLength: Int
    package let width: Int
    package let layers: Int
    package let heads: Int
    package let keyValueHeads: Int
    package let headWidth: Int
    package let mlpWidth: Int

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
    package var sample: SequenceSample
    package var births: [Int64]

    package init(_ sample: SequenceSample, births: [Int64]) {
        self.sample = sample
        self.births = births
    }
}

/// What a model function call has given.
package struct CallOutcome: Sendable, Equatable {
    /// What it made, without arrays; nil where it makes no data.
    package var outputs: SequenceSample?
    package var statistics: [Metric]
    /// The weights of its model after it.
    package var weightVersion: WeightVersion

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
    case reply(Reply)
}
