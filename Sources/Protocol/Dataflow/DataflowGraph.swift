/// Why a list of model function calls is no dataflow graph.
package struct DataflowError: UserFacingError, Equatable {
    package enum Code: Sendable {
        case empty
        case duplicateName
        case cycle
        case missingKey
        case batchMismatch
        case twoTrainSteps
        case badBatchSize
    }

    package let code: Code
    package let summary: String
    package var exitCode: Int32 { ExitCode.usage }
}

/// The order in which model function calls may run: an edge leads from the call that outputs a key to each call
/// that takes it as input. Keys nobody outputs come from the dataset.
package struct DataflowGraph: Sendable, Equatable {
    /// The calls as they were listed.
    package let calls: [ModelFunctionCall]
    /// Keys the dataset must supply.
    package let datasetKeys: Set<SequenceKey>
    private let parentsByName: [MFCName: [MFCName]]
    private let childrenByName: [MFCName: [MFCName]]
    /// Names by distance from the sources; calls of one level do not depend on each other.
    package let levels: [[MFCName]]

    /// - Parameter datasetOutput: the keys the dataset is known to supply; nil skips that check.
    /// - Throws: `DataflowError` with the names of the calls and keys at fault.
    package init(_ calls: [ModelFunctionCall], datasetOutput: Set<SequenceKey>? = nil) throws(DataflowError) {
        try Self.checkCalls(calls)
        var producer: [SequenceKey: MFCName] = [:]
        for call in calls { for key in call.outputKeys { producer[key] = call.name } }
        var parents: [MFCName: [MFCName]] = [:], children: [MFCName: [MFCName]] = [:]
        var fromDataset: Set<SequenceKey> = []
        for call in calls {
            for key in call.inputKeys {
                guard let parent = producer[key] else {
                    try Self.checkDataset(key, of: call, offers: datasetOutput)
                    fromDataset.insert(key)
                    continue
                }
                if parents[call.name, default: []].contains(parent) { continue }
                parents[call.name, default: []].append(parent)
                children[parent, default: []].append(call.name)
            }
        }
        levels = try Self.levels(of: calls.map(\.name), parents: parents, children: children)
        self.calls = calls
        datasetKeys = fromDataset
        parentsByName = parents
        childrenByName = children
    }

    package subscript(name: MFCName) -> ModelFunctionCall? { calls.first { $0.name == name } }
    package func parents(of name: MFCName) -> [MFCName] { parentsByName[name] ?? [] }
    package func children(of name: MFCName) -> [MFCName] { childrenByName[name] ?? [] }
    /// Calls without parents: they read the dataset only.
    package var sources: [ModelFunctionCall] { calls.filter { parents(of: $0.name).isEmpty } }
    /// Everything that depends on `name`, directly or not.
    package func allSuccessors(of name: MFCName) -> Set<MFCName> { Self.successors(of: name, childrenByName) }
    /// The largest batch any call takes: what the buffer must hold before a step can run.
    package var largestBatch: Int { calls.map(\.sequences).max() ?? 0 }
}

extension DataflowGraph {
    private static func successors(of name: MFCName, _ children: [MFCName: [MFCName]]) -> Set<MFCName> {
        var found: Set<MFCName> = [], waiting = children[name] ?? []
        while let next = waiting.popLast() {
            if found.insert(next).inserted { waiting += children[next] ?? [] }
        }
        return found
    }

    private static func checkCalls(_ calls: [ModelFunctionCall]) throws(DataflowError) {
        if calls.isEmpty { throw DataflowError(code: .empty, summary: "the dataflow graph has no model function call") }
        var names: Set<MFCName> = []
        for call in calls where !names.insert(call.name).inserted {
            throw DataflowError(code: .duplicateName, summary: "two model function calls are named '\(call.name)'")
        }
        if let call = calls.first(where: { $0.sequences < 1 }) {
            throw DataflowError(
                code: .badBatchSize,
                summary: "'\(call.name)' has a batch of \(call.sequences) sequences; it needs at least 1")
        }
        let training = calls.filter { $0.interfaceType == .trainStep }
        if let first = training.first, let other = training.first(where: { $0.sequences != first.sequences }) {
            throw DataflowError(
                code: .batchMismatch,
                summary: "train steps must agree on the batch: '\(first.name)' has \(first.sequences) sequences, "
                    + "'\(other.name)' has \(other.sequences)")
        }
        for (index, call) in training.enumerated() {
            if let other = training[(index + 1)...].first(where: { $0.model.role == call.model.role }) {
                throw DataflowError(
                    code: .twoTrainSteps,
                    summary: "role '\(call.model.role)' has two train steps, '\(call.name)' and '\(other.name)'")
            }
        }
    }

    private static func checkDataset(
        _ key: SequenceKey, of call: ModelFunctionCall, offers: Set<SequenceKey>?
    ) throws(DataflowError) {
        guard let offers, !offers.contains(key) else { return }
        let listed = offers.isEmpty ? "none" : "only \(offers.sorted().map(\.description).joined(separator: ", "))"
        throw DataflowError(
            code: .missingKey,
            summary:
                "'\(call.name)' needs key '\(key)': no model function call outputs it and the dataset offers \(listed)."
                + Suggestion.phrase(for: key.description, among: offers.map(\.description)))
    }

    private static func levels(
        of names: [MFCName], parents: [MFCName: [MFCName]], children: [MFCName: [MFCName]]
    ) throws(DataflowError) -> [[MFCName]] {
        var placed: Set<MFCName> = [], levels: [[MFCName]] = []
        while placed.count < names.count {
            let level = names.filter { name in
                !placed.contains(name) && (parents[name] ?? []).allSatisfy(placed.contains)
            }
            if level.isEmpty {
                // Calls that only depend on a cycle are stuck too, but are not what has to be mended.
                let cycle = names.filter { successors(of: $0, children).contains($0) }.joined(separator: "', '")
                throw DataflowError(code: .cycle, summary: "the dataflow graph has a cycle through '\(cycle)'")
            }
            placed.formUnion(level)
            levels.append(level)
        }
        return levels
    }
}
