package import Compute
package import Protocol

/// The one tokenizer of a trial: that of the model folder it begins with, else every character of every prompt and
/// answer its setups train and evaluate on.
///
/// Every worker builds it from the files, in sorted order, so that all of them agree without sending it around, and a
/// later setup cannot meet a character that an earlier one's model has no token for.
package struct TrialVocabulary: Sendable {
    package let tokenizer: any Tokenizer
    /// Where it is from: a file, or files of data.
    package let origin: String

    package init(tokenizer: any Tokenizer, origin: String) {
        self.tokenizer = tokenizer
        self.origin = origin
    }

    /// - Parameter amount: how much of each file is read for its characters.
    /// - Throws: `WorkerError` where two model folders of the plan have different tokenizers.
    package static func build(for plan: TrialPlan, amount: JSONLReader.Amount = .all) throws -> TrialVocabulary {
        var found: (path: String, tokenizer: any Tokenizer)?
        let folders = modelFolders(of: plan)
        for path in folders {
            guard let tokenizer = try Tokenizers.load(folder: path) else { continue }
            if let found, !found.tokenizer.isSame(as: tokenizer) {
                throw WorkerError(
                    .plan, "the models in \(found.path) and \(path) have different tokenizers",
                    hint: "begin all models of a trial with folders of one tokenizer")
            }
            found = found ?? (path, tokenizer)
        }
        if let found {
            return TrialVocabulary(tokenizer: found.tokenizer, origin: "\(found.path)/\(TokenizerFile.mainName)")
        }
        if let folder = folders.first {
            throw WorkerError(
                .plan, "the model in \(folder) has no tokenizer",
                detail: "its tokens mean nothing without one, and the data's characters are not them",
                hint: "put the model's tokenizer.json and tokenizer_config.json into that folder")
        }
        return try characters(of: plan, amount)
    }

    /// - Throws: `WorkerError` where a model in a folder has fewer tokens than the tokenizer: its first row of data
    ///   might do, a later one would not.
    package func check(fits spec: ModelSpec, of folder: String) throws {
        guard tokenizer.vocabularySize > spec.vocabularySize else { return }
        throw WorkerError(
            .plan,
            "the tokenizer has \(tokenizer.vocabularySize) tokens, the model in \(folder) only \(spec.vocabularySize)",
            detail: "tokenizer: \(origin); model: vocab_size of \(folder)/config.json",
            hint: "put the tokenizer.json that belongs to the model into its folder")
    }

    private static func modelFolders(of plan: TrialPlan) -> [String] {
        var paths: [String] = []
        for model in plan.setups.flatMap(\.models) {
            guard case .transformer(let transformer) = model.module else { continue }
            if case .folder(let path) = transformer.initialization { paths.append(path) }
            if case .folder(let path) = transformer.shape { paths.append(path) }
        }
        var seen: Set<String> = []
        return paths.filter { seen.insert($0).inserted }
    }

    private static func characters(of plan: TrialPlan, _ amount: JSONLReader.Amount) throws -> TrialVocabulary {
        var texts: [String] = [], seen: Set<String> = [], paths: [String] = []
        for dataset in plan.setups.flatMap({ [$0.dataset] + ($0.evaluation.map { [$0.dataset] } ?? []) })
        where seen.insert("\(dataset.path)\u{0}\(dataset.type)").inserted {
            if !paths.contains(dataset.path) { paths.append(dataset.path) }
            texts += try Datasets.find(dataset.type).texts(of: dataset, amount: amount)
        }
        return TrialVocabulary(
            tokenizer: CharacterTokenizer(covering: texts),
            origin: "the characters of \(paths.joined(separator: ", "))")
    }
}
