package import Compute
package import Protocol

/// How the rows of a file are taken in: what they are for, in whose tokens, and how long they may be.
package struct RowDemand: Sendable {
    package let needed: Set<SequenceKey>
    package let tokenizer: any Tokenizer
    package let limit: LengthLimit

    package init(needed: Set<SequenceKey>, tokenizer: any Tokenizer, limit: LengthLimit) {
        self.needed = needed
        self.tokenizer = tokenizer
        self.limit = limit
    }
}

extension Dataset {
    /// The rows of a file. Each is counted in tokens here, once, so that none is found too long, or to hold a character
    /// that the vocabulary lacks, when a step needs it.
    package static func read(
        _ plan: DatasetPlan, for demand: RowDemand, amount: JSONLReader.Amount = .all
    ) throws(DatasetError) -> DatasetContent<Row> {
        var longest = 0
        var content = try JSONLReader(plan).read(amount) { record throws(RowFault) in
            let made = try row(record, needed: demand.needed)
            let tokens = try count(made, demand.tokenizer)
            try demand.limit.check(tokens)
            longest = max(longest, tokens)
            return made
        }
        content.longest = longest
        return content
    }

    private static func count(_ row: Row, _ tokenizer: any Tokenizer) throws(RowFault) -> Int {
        do {
            return try tokenCount(of: row, tokenizer: tokenizer)
        } catch {
            throw RowFault(.vocabulary, (error as? any UserFacingError)?.summary ?? "\(error)")
        }
    }

    /// The rows of a file, ready to be served whatever their type.
    package static func open(
        _ plan: DatasetPlan, for demand: RowDemand, amount: JSONLReader.Amount = .all
    ) throws(DatasetError) -> DatasetRows {
        let content = try read(plan, for: demand, amount: amount)
        return DatasetRows(
            lines: content.rows.map(\.line), leftOut: content.leftOut, longest: content.longest,
            isWhole: content.isWhole,
            sample: { try sample(content.rows[$0], id: $1, needed: demand.needed, tokenizer: demand.tokenizer) })
    }

    /// Every text of the columns that rows of a file read; lines that are none give nothing, since whoever trains on them
    /// judges them.
    static func texts(
        of plan: DatasetPlan, amount: JSONLReader.Amount
    ) throws(DatasetError) -> [String] {
        var lenient = plan
        lenient.badRow = .skip
        lenient.badRowLimit = 1
        let content = try JSONLReader(lenient).read(amount) { record throws(RowFault) in
            columns.compactMap { try? record.text($0) }
        }
        return content.rows.flatMap(\.self)
    }
}

/// Rows of one file, whatever a row is.
package struct DatasetRows: Sendable {
    /// The line of each row.
    package let lines: [Int]
    package let leftOut: LeftOutRows
    /// Tokens of the longest of them.
    package let longest: Int
    /// Whether they are all of the file's.
    package let isWhole: Bool
    private let makeSample: @Sendable (Int, SequenceID) throws -> SequenceSample

    package init(
        lines: [Int], leftOut: LeftOutRows = LeftOutRows(), longest: Int = 0, isWhole: Bool = true,
        sample: @escaping @Sendable (_ index: Int, _ id: SequenceID) throws -> SequenceSample
    ) {
        self.lines = lines
        self.leftOut = leftOut
        self.longest = longest
        self.isWhole = isWhole
        makeSample = sample
    }

    package var count: Int { lines.count }

    /// The sample of one row in one epoch, under `<line>@<epoch>`: in the next epoch it is another item.
    func sample(_ index: Int, epoch: Int) throws -> SequenceSample { try makeSample(index, "\(lines[index])@\(epoch)") }
}
