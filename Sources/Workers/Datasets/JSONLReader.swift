package import Protocol

/// The rows of a jsonl file, each checked, with what is to become of the broken ones decided by the plan.
package struct JSONLReader: Sendable {
    /// What a file holds.
    package struct Content: Sendable, Equatable {
        package var rows: [PromptRow] = []
        /// The errors of the rows left out; the first `keptErrors` of them.
        package var errors: [DatasetError] = []
        /// Rows left out, errors kept or not.
        package var skipped = 0
    }

    /// A file of another kind breaks every row; nobody reads a million of the same complaint.
    package static let keptErrors = 100

    private let path: String
    private let policy: DatasetPlan.BadRow
    private let parser: RowParser

    package init(_ plan: DatasetPlan, fields: RowFields) {
        path = plan.path
        policy = plan.badRow
        parser = RowParser(fields: fields, maximumLength: plan.maximumLength)
    }

    /// - Parameter limit: rows that are enough; nil reads all.
    /// - Throws: `DatasetError` where the file cannot be read or has no usable row, and for the first broken row where
    ///   the plan says so.
    package func read(limit: Int? = nil) throws(DatasetError) -> Content {
        var reader = try LineReader.open(path)
        var content = Content(), lineOfID: [String: Int] = [:], number = 0
        while content.rows.count < limit ?? .max, let line = try reader.next() {
            number += 1
            if Self.isBlank(line) { continue }
            do throws(RowParser.Fault) {
                let row = try parser.row(line, number: number)
                if let earlier = lineOfID.updateValue(number, forKey: row.id) {
                    lineOfID[row.id] = earlier
                    throw RowParser.Fault(reason: "the id '\(row.id)' is already that of line \(earlier)")
                }
                content.rows.append(row)
            } catch {
                let broken = DatasetError(.badRow, path: path, line: number, reason: error.reason)
                if policy == .fail { throw broken }
                content.skipped += 1
                if content.errors.count < Self.keptErrors { content.errors.append(broken) }
            }
        }
        guard !content.rows.isEmpty else {
            let reason = content.errors.first.map { "no usable row; the first of \(content.skipped): \($0.summary)" }
            throw DatasetError(.empty, path: path, reason: reason ?? "the file has no row")
        }
        return content
    }

    private static func isBlank(_ line: LineReader.Line) -> Bool {
        guard case .bytes(let bytes) = line else { return false }
        return bytes.allSatisfy { $0 == 0x20 || $0 == 0x09 }
    }
}
