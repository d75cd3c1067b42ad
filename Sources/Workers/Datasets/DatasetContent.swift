import Protocol

/// What a file of rows holds, as far as it was read.
package struct DatasetContent<Row: Sendable>: Sendable {
    package internal(set) var rows: [Row] = []
    package internal(set) var leftOut = LeftOutRows()
    /// Tokens of the longest row in `rows`.
    package internal(set) var longest = 0
    /// Whether the whole file was read.
    package internal(set) var isWhole = true
}

/// The rows of a file that cannot be used.
package struct LeftOutRows: Sendable, Equatable {
    /// A file of another kind breaks every row; nobody reads a million of the same complaint.
    package static let keptErrors = 100

    /// The errors of the first `keptErrors` of them.
    package private(set) var errors: [DatasetError] = []
    private var counts: [RowFault.Kind: Int] = [:]
    /// Tokens of the longest row that was too long.
    package private(set) var longest = 0
    /// What makes room for that one.
    private var remedy = ""
    /// Columns of the first row that lacks one.
    private var columns: [String] = []

    /// How many there are, errors kept or not.
    package var count: Int { counts.values.reduce(0, +) }

    mutating func add(_ fault: RowFault, path: String, line: Int) {
        counts[fault.kind, default: 0] += 1
        if fault.tokens > longest { (longest, remedy) = (fault.tokens, fault.remedy) }
        if columns.isEmpty { columns = fault.columns }
        if errors.count < Self.keptErrors {
            errors.append(DatasetError(.badRow, path: path, line: line, reason: fault.reason))
        }
    }

    /// "3 too long, 1 no UTF-8", the most common first.
    package var phrase: String {
        ordered.map { "\($0.count) \($0.kind.phrase)" }.joined(separator: ", ")
    }

    private var ordered: [(kind: RowFault.Kind, count: Int)] {
        RowFault.Kind.allCases.compactMap { kind in counts[kind].map { (kind: kind, count: $0) } }
            .sorted { $0.count > $1.count }
    }

    /// What helps most of them.
    /// - Parameter wanted: the columns that rows of this kind read.
    func advice(path: String, wanted: [String]) -> String {
        switch ordered.first?.kind {
        case .length: "the longest has \(longest) tokens: \(remedy), or shorten the rows"
        case .encoding: "convert it: iconv -f latin1 -t utf-8 '\(path)' > converted.jsonl"
        case .column where wanted == PromptRow.columns: ColumnNames(columns).advice(path: path)
        case .column: "give each row the columns \(wanted.joined(separator: ", "))"
        case .vocabulary: "correct the rows, or begin with a model whose tokenizer has these characters"
        case .list: ColumnNames.lastOfLists(path: path)
        case .json, .value, .repetition, .surrogate, .bytes, nil: "correct the rows"
        }
    }
}

extension LeftOutRows {
    /// - Throws: where more rows than the plan lets go were left out.
    func check(of plan: DatasetPlan, kept: Int) throws(DatasetError) {
        let all = kept + count
        guard plan.badRow == .skip, Double(count) > plan.badRowLimit * Double(all), let first = errors.first else {
            return
        }
        throw DatasetError(
            .tooManyLeftOut, path: plan.path,
            reason:
                "\(count) of \(all) rows (\(Self.percent(Double(count) / Double(all)))) would be left out, more than "
                + "dataset.bad_row_limit (\(Self.percent(plan.badRowLimit))): \(phrase); the first is line "
                + "\(first.line ?? 0): \(first.reason)",
            advice: advice(path: plan.path, wanted: plan.columns) + "; dataset.bad_row_limit=1 lets all of them go")
    }

    private static func percent(_ share: Double) -> String {
        let tenths = Int((share * 1000).rounded())
        return tenths % 10 == 0 ? "\(tenths / 10) %" : "\(tenths / 10).\(tenths % 10) %"
    }
}
