/// What was done with the tensors of a folder that are not simply the model's.
package struct WeightReport: Sendable, Equatable {
    /// Tensors of the model that the folder lacks and that keep their first values: a value head put on a language
    /// model, an adapter put on a base model.
    package var untouched: [String] = []
    /// Tensors of the folder that the model has no use for: buffers, a language-model head under a value head.
    package var passedOver: [String] = []

    /// Those of `untouched` that a person should hear of: an adapter begins anew by design, a head may not be meant to.
    package var fresh: [String] { untouched.filter { !$0.hasPrefix(AdapterOptions.prefix) } }
}

extension Checkpoint {
    /// Overwrites `weights` with the model's tensors, whatever type they are stored in.
    ///
    /// A folder without `score.weight` may be read into a model with a value head, unless it says that it has one.
    /// - Throws: `damagedFile` for a tensor that is missing, has another shape, is not finite or has no place in the
    ///   model; `weights` is then partly overwritten.
    @discardableResult
    package func readWeights(into weights: Arena, table: ParameterTable) throws(ComputeError) -> WeightReport {
        let files = try WeightFiles.open(folder: path)
        let names = WeightNames(spec, files: files)
        var report = WeightReport()
        for parameter in table.parameters {
            let name = names.fileName(of: parameter.name)
            let isHead = parameter.name == WeightNames.score && source != .value
            if isHead || parameter.name.hasPrefix(AdapterOptions.prefix), !files.contains(name) {
                report.untouched.append(name)
                continue
            }
            let target = UnsafeMutableBufferPointer(rebasing: weights.floats[parameter.range])
            try files.read(name, shape: parameter.shape, into: target)
        }
        report.passedOver = try passOver(files, names, weights, table)
        return report
    }

    /// Checks from the headers alone that the folder has the tensors of its `config.json` and no others, so that nothing
    /// is allocated for sizes that no file has. A head is looked at when it is read.
    func checkTensors() throws(ComputeError) {
        let files = try WeightFiles.open(folder: path)
        let names = WeightNames(spec, files: files)
        // Before the table is made, which may be long: every layer has a norm.
        let last = spec.layers - 1
        let norm = spec.tensorNames.name(spec.tensorNames.attentionNorm, layer: last) + ".weight"
        try files.check(names.fileName(of: norm), shape: [spec.width])
        let table = spec.parameterTable()
        for parameter in table.parameters {
            let name = names.fileName(of: parameter.name)
            let isHead = parameter.name == WeightNames.head || parameter.name == WeightNames.score
            if !isHead || files.contains(name) { try files.check(name, shape: parameter.shape) }
        }
        // A head has its place in a model of another kind, too: it is told of when the weights are read.
        for name in files.names where name != WeightNames.head && names.isStrange(name, to: table) {
            throw files.damaged(name, "has no place in the model")
        }
    }

    /// Tensors the model has no place for mean that the files belong to another model; known ones are passed over.
    private func passOver(
        _ files: WeightFiles, _ names: WeightNames, _ weights: Arena, _ table: ParameterTable,
    ) throws(ComputeError) -> [String] {
        var passedOver: [String] = []
        for name in files.names where table[names.parameterName(of: name)] == nil {
            if name == names.fileName(of: names.embedding) { continue }
            if name == WeightNames.head {
                if table[WeightNames.score] == nil { try checkTied(files, names, weights, table) }
            } else if names.isStrange(name, to: table) {
                throw files.damaged(name, "has no place in the model")
            }
            passedOver.append(name)
        }
        return passedOver
    }

    /// A stored head beside `tie_word_embeddings` must be the embedding: another one says that one of the two is wrong.
    private func checkTied(
        _ files: WeightFiles, _ names: WeightNames, _ weights: Arena, _ table: ParameterTable,
    ) throws(ComputeError) {
        guard let embedding = table[names.embedding] else { return }
        let values = UnsafeBufferPointer(rebasing: weights.floats[embedding.range])
        guard try files.holds(WeightNames.head, shape: embedding.shape, values) else {
            throw files.damaged(
                WeightNames.head, "differs from \(names.fileName(of: names.embedding)), but tie_word_embeddings is true"
            )
        }
    }
}

/// Between the names of a model's parameters and those in its files.
private struct WeightNames {
    static let head = TensorNames.head + ".weight"
    static let score = TensorNames.score + ".weight"

    let names: TensorNames
    /// What the files leave out: older ones, and those of a model without a head, have no prefix.
    private let omitted: String

    /// The file holds the matrix that embedding and head share under the head's name only.
    private var isStoredAsHead = false

    init(_ spec: ModelSpec, files: WeightFiles) {
        names = spec.tensorNames
        omitted = files.contains(prefix: names.prefix) ? "" : names.prefix
        isStoredAsHead =
            spec.headWeights == .tied && files.contains(Self.head) && !files.contains(fileName(of: embedding))
    }

    /// The token embedding's parameter.
    var embedding: String { "\(names.prefix)\(names.tokenEmbedding).weight" }

    /// Whether a tensor belongs to another model.
    func isStrange(_ name: String, to table: ParameterTable) -> Bool {
        table[parameterName(of: name)] == nil && name != fileName(of: embedding) && !isBuffer(name)
    }

    func fileName(of parameter: String) -> String {
        if isStoredAsHead, parameter == embedding { return Self.head }
        return parameter.hasPrefix(omitted) ? String(parameter.dropFirst(omitted.count)) : parameter
    }

    func parameterName(of name: String) -> String {
        name == Self.head || name == Self.score ? name : omitted + name
    }

    /// Whether a tensor is a buffer that old files hold and the model computes for itself.
    func isBuffer(_ name: String) -> Bool { names.ignoredSuffixes.contains { ("." + name).hasSuffix($0) } }
}
