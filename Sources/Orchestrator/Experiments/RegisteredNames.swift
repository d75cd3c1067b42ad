package import Protocol
import Workers

/// What plans may name: interfaces, model families, datasets with the keys they offer, and how a call is checked against its interface.
package struct RegisteredNames: Sendable {
    package var interfaces: [String]
    package var modelFamilies: [String]
    package var datasetKeys: [String: Set<SequenceKey>]
    /// Throws when the interface of a call does not serve it: its type, its arguments, its keys.
    package var checkCall: @Sendable (ModelFunctionCall) throws -> Void

    package init(
        interfaces: [String], modelFamilies: [String] = [], datasetKeys: [String: Set<SequenceKey>],
        checkCall: @escaping @Sendable (ModelFunctionCall) throws -> Void = { _ in }
    ) {
        self.interfaces = interfaces
        self.modelFamilies = modelFamilies
        self.datasetKeys = datasetKeys
        self.checkCall = checkCall
    }

    /// What the workers of this build can run.
    package static let registered = RegisteredNames(
        interfaces: Interfaces.names, modelFamilies: ModelFactory.families,
        datasetKeys: Dictionary(Datasets.all.map { ($0.name, Set($0.keys)) }) { first, _ in first },
        checkCall: { try Interfaces.check($0) })
}
