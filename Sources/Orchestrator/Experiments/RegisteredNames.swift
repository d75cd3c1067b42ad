package import Protocol
import Workers

/// What plans may name: interfaces, model families, datasets with the keys they offer, and how a call is checked against its interface.
package struct RegisteredNames: Sendable {
    package var interfaces: [String]
    package var modelFamilies: [String]
    package var datasetKeys: [String: Set<SequenceKey>]
    /// Throws when the interface of a call does not serve it: its type, its arguments, its keys.
    package var checkCall: @Sendable (ModelFunctionCall) throws -> CallFacts
    /// What the configuration of a model's folder says of its size; throws what is wrong with it.
    package var modelSize: @Sendable (_ folder: String) throws -> ModelSize

    /// Throws when the arguments of a model or of its optimizer contradict each other, and when an adapter does not fit
    /// the model: a target that names no layer of it.
    package var checkModel: @Sendable (ModelPlan) throws -> Void

    /// What the interface of a call says of it, as far as a plan is checked against it.
    package struct CallFacts: Sendable, Equatable {
        /// Optimizer updates of one train step.
        package let updatesPerStep: Int
        /// Tokens behind a prompt, at most.
        package let longestAnswer: Int
        /// Sequences that one item of a batch holds.
        package let sequencesPerItem: Int

        package init(updatesPerStep: Int = 1, longestAnswer: Int = 0, sequencesPerItem: Int = 1) {
            self.updatesPerStep = updatesPerStep
            self.longestAnswer = longestAnswer
            self.sequencesPerItem = sequencesPerItem
        }
    }

    /// The size of a model, as far as a plan is checked against it.
    package struct ModelSize: Sendable, Equatable {
        /// Tokens of the longest sequence.
        package let contextLength: Int
        package let parameters: Int

        package init(contextLength: Int, parameters: Int) {
            self.contextLength = contextLength
            self.parameters = parameters
        }
    }

    package init(
        interfaces: [String], modelFamilies: [String] = [], datasetKeys: [String: Set<SequenceKey>],
        checkCall: @escaping @Sendable (ModelFunctionCall) throws -> CallFacts = { _ in CallFacts() },
        modelSize: @escaping @Sendable (String) throws -> ModelSize = { _ in
            ModelSize(contextLength: .max, parameters: 0)
        },
        checkModel: @escaping @Sendable (ModelPlan) throws -> Void = { _ in }
    ) {
        self.interfaces = interfaces
        self.modelFamilies = modelFamilies
        self.datasetKeys = datasetKeys
        self.checkCall = checkCall
        self.modelSize = modelSize
        self.checkModel = checkModel
    }

    /// What the workers of this build can run.
    package static let registered = RegisteredNames(
        interfaces: Interfaces.names, modelFamilies: ModelFactory.families,
        datasetKeys: Dictionary(Datasets.all.map { ($0.name, Set($0.keys)) }) { first, _ in first },
        checkCall: { call in
            let interface = try Interfaces.check(call)
            return CallFacts(
                updatesPerStep: interface.updatesPerStep, longestAnswer: interface.longestAnswer,
                sequencesPerItem: interface.sequencesPerItem)
        },
        modelSize: { folder in
            let size = try ModelFactory.size(ofFolder: folder)
            return ModelSize(contextLength: size.contextLength, parameters: size.parameters)
        },
        checkModel: { try ModelFactory.check($0) })
}
