package import Compute
package import Protocol

/// What rows become: one sample for a row.
package protocol Dataset: Sendable {
    /// The name under which a plan asks for it.
    static var name: String { get }
    /// The keys it can supply.
    static var keys: [SequenceKey] { get }
    /// The fields its rows must have for `needed` of those keys.
    static func fields(for needed: Set<SequenceKey>) -> RowFields
    /// The sample of one row, with the keys in `needed` and under `id`.
    static func sample(
        _ row: PromptRow, id: SequenceID, needed: Set<SequenceKey>, tokenizer: any Tokenizer
    ) throws -> SequenceSample
}

/// The datasets a plan can name. A new one is a file beside this and a line here.
package enum Datasets {
    package static let all: [any Dataset.Type] = [
        PromptDataset.self,
        PromptAnswerDataset.self,
    ]

    package static var names: [String] { all.map { $0.name } }

    /// The type named `name`; an unknown name is an error with a suggestion.
    package static func find(_ name: String) throws(DatasetError) -> any Dataset.Type {
        guard let found = all.first(where: { $0.name == name }) else {
            throw DatasetError(
                .unknownType, path: "",
                reason: "unknown dataset type '\(name)'.\(Suggestion.phrase(for: name, among: names))")
        }
        return found
    }
}
