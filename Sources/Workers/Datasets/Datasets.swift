package import Compute
package import Protocol

/// What rows become: one sample for a row.
package protocol Dataset: Sendable {
    /// A row as it is kept until it is served.
    associatedtype Row: DatasetRow

    /// The name under which a plan asks for it.
    static var name: String { get }
    /// The keys it can supply.
    static var keys: [SequenceKey] { get }
    /// The columns its rows may read; every character of their texts is one of a trial's that has no tokenizer.
    static var columns: [String] { get }

    /// Reads what the keys in `needed` take of one line.
    static func row(_ record: RowRecord, needed: Set<SequenceKey>) throws(RowFault) -> Row
    /// Tokens of the longest sequence that a row brings to a model.
    static func tokenCount(of row: Row, tokenizer: any Tokenizer) throws -> Int
    /// The sample of one row, with the keys in `needed` and under `id`.
    static func sample(
        _ row: Row, id: SequenceID, needed: Set<SequenceKey>, tokenizer: any Tokenizer
    ) throws -> SequenceSample
}

/// One row of a dataset.
package protocol DatasetRow: Sendable {
    /// Counted from 1; it names the row in messages, and makes the id of what it is served as.
    var line: Int { get }
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

extension DatasetPlan {
    /// The columns that its rows may read; those of a prompt where nobody knows its type.
    var columns: [String] { (try? Datasets.find(type))?.columns ?? PromptRow.columns }
}
