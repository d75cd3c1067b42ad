package import Compute
package import Protocol

/// The one tokenizer of a trial: every character of every prompt and answer its setups train and evaluate on.
///
/// Every worker builds it from the files, in sorted order, so that all of them agree without sending it around, and a
/// later setup cannot meet a character that an earlier one's model has no token for.
package enum TrialVocabulary {
    package static func build(for plan: TrialPlan) throws -> CharacterTokenizer {
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
