package import Protocol
import Workers

/// What plans may name: interfaces, model families, datasets with the keys they offer, and how a call is checked against its interface.
package struct RegisteredNames: Sendable {
    package var interfaces: [String]
    package var modelFamilies: [String]
    package var datasetKeys: [String: Set<SequenceKey>]
    /// Throws when the interface of a call does not serve it: its type, its arguments, its keys.
    package var checkCall: @Sendable (ModelFunctionCall) throws -> Void
    /// What the configuration of a model's folder says of its size; throws what is wrong with it.
    package var modelSize: @Sendable (_ folder: String) throws -> ModelSize

    /// Throws when an adapter does not fit a model: a target that names no layer of it.
    package var checkAdapter: @Sendable (AdapterPlan, TransformerPlan.Shape) throws -> Void

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
        checkCall: @escaping @Sendable (ModelFunctionCall) throws -> Void = { _ in },
        modelSize: @escaping @Sendable (String) throws -> ModelSize = { _ in
            ModelSize(contextLength: .max, parameters: 0)
        },
        checkAdapter: @escaping @Sendable (AdapterPlan, TransformerPlan.Shape) throws -> Void = { _, _ in }
    ) {
        self.interfaces = interfaces
        self.modelFamilies = modelFamilies
        self.datasetKeys = datasetKeys
        self.checkCall = checkCall
        self.modelSize = modelSize
        self.checkAdapter = checkAdapter
    }

    /// What the workers of this build can run.
    package static let registered = RegisteredNames(
        interfaces: Interfaces.names, modelFamilies: ModelFactory.families,
        datasetKeys: Dictionary(Datasets.all.map { ($0.name, Set($0.keys)) }) { first, _ in first },
        checkCall: { try Interfaces.check($0) },
        modelSize: { folder in
            let size = try ModelFactory.size(ofFolder: folder)
            return ModelSize(contextLength: size.contextLength, parameters: size.parameters)
        },
        checkAdapter: { try ModelFactory.check($0, fits: $1) })
}
