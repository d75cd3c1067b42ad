package import Compute
package import Protocol

/// The one tokenizer of a trial: that of the model folder it begins with, else every character of every prompt and
/// answer its setups train and evaluate on.
///
/// Every worker builds it from the files, in sorted order, so that all of them agree without sending it around, and a
/// later setup cannot meet a character that an earlier one's model has no token for.
package enum TrialVocabulary {
    /// - Throws: `WorkerError` where two model folders of the plan have different tokenizers.
    package static func build(for plan: TrialPlan) throws -> any Tokenizer {
        var found: (path: String, tokenizer: any Tokenizer)?
        for path in modelFolders(of: plan) {
            guard let tokenizer = try Tokenizers.load(folder: path) else { continue }
            if let found, !found.tokenizer.isSame(as: tokenizer) {
                throw WorkerError(
                    .plan, "the models in \(found.path) and \(path) have different tokenizers",
                    hint: "begin all models of a trial with folders of one tokenizer")
            }
            found = found ?? (path, tokenizer)
        }
        return try found?.tokenizer ?? characters(of: plan)
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

    private static func characters(of plan: TrialPlan) throws -> CharacterTokenizer {
        var texts: [String] = [], seen: Set<String> = []
        for dataset in plan.setups.flatMap({ [$0.dataset] + ($0.evaluation.map { [$0.dataset] } ?? []) })
        where seen.insert("\(dataset.path)\u{0}\(dataset.maximumLength)").inserted {
            // Broken rows are judged and reported by whoever trains on them; here they add no character.
            var lenient = dataset
            lenient.badRow = .skip
            let rows = try JSONLReader(lenient, fields: .prompt).read().rows
            for row in rows {
                texts.append(row.prompt)
                if let answer = row.answer { texts.append(answer) }
            }
        }
        return CharacterTokenizer(covering: texts)
    }
}
