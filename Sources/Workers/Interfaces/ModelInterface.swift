package import Protocol

/// The keys one interface type of an interface reads and writes, before a call's remapping.
package struct InterfaceSignature: Sendable, Equatable {
    package let inputs: [SequenceKey]
    package let outputs: [SequenceKey]

    package init(inputs: [SequenceKey], outputs: [SequenceKey] = []) {
        self.inputs = inputs
        self.outputs = outputs
    }
}

/// What a model function call gives back: data that stays on this worker, and numbers for the master.
package struct InterfaceResult: Sendable {
    package var outputs: SequenceSample?
    package var statistics: [Metric]

    package init(outputs: SequenceSample? = nil, statistics: [Metric] = []) {
        self.outputs = outputs
        self.statistics = statistics
    }
}

/// How a model serves model function calls: the algorithm's side of a model worker.
///
/// One value serves all calls of its reference and holds settings only. What it learns it keeps with the model it works on
/// (`InterfaceState`), so that checkpoints have both as of the same step.
package protocol ModelInterface: Sendable {
    /// The name under which a plan asks for it.
    static var name: String { get }
    /// Every argument it reads, declared: settings, form, reference and checks come from these lines.
    static var arguments: [Argument] { get }
    /// The interface types it serves, each with its keys. `evaluate` reads rows of a dataset, not keys.
    static var signatures: [InterfaceType: InterfaceSignature] { get }

    /// Optimizer updates in one train step.
    var updatesPerStep: Int { get }
    /// Tokens that it puts behind a prompt, at most.
    var longestAnswer: Int { get }
    /// Sequences that one item of a batch holds, which mini-batches are cut from: the answers to one prompt.
    var sequencesPerItem: Int { get }

    /// Reads every argument it declares; what they accept is checked already.
    /// - Throws: `WorkerError` for values that do not go together.
    init(arguments: ArgumentValues) throws
    /// Runs `call` on `model`. Only types listed in `signatures` are asked for.
    func run(_ call: InterfaceCall, on model: WorkerModel) throws -> InterfaceResult
}

extension ModelInterface {
    package var updatesPerStep: Int { 1 }
    package var longestAnswer: Int { 0 }
    package var sequencesPerItem: Int { 1 }
}

/// One execution of an interface: what is asked and the data for it.
package enum InterfaceCall {
    case generate(SequenceSample, CallContext)
    case inference(SequenceSample, CallContext)
    case trainStep(SequenceSample, CallContext)
    case evaluate([PromptRow], CallContext)

    package var type: InterfaceType {
        switch self {
        case .generate: .generate
        case .inference: .inference
        case .trainStep: .trainStep
        case .evaluate: .evaluate
        }
    }
}
