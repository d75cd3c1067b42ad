package import Protocol

/// The rows of a jsonl file, each checked, with what is to become of the broken ones decided by the plan.
package struct JSONLReader: Sendable {
    /// How much of a file is read.
    package enum Amount: Sendable, Equatable {
        case all
        /// As many usable rows as that.
        case rows(Int)
        /// The lines that begin in that many first bytes.
        case bytes(Int)
    }

    private let plan: DatasetPlan

    package init(_ plan: DatasetPlan) { self.plan = plan }

    /// - Parameter row: makes a row of what a line holds, or says why it cannot.
    /// - Throws: `DatasetError` where the file cannot be read, is of another kind or has no usable row, for the first
    ///   broken row or for more than the share that may be left out, as the plan says.
    package func read<Row: Sendable>(
        _ amount: Amount = .all, row: (RowRecord) throws(RowFault) -> Row
    ) throws(DatasetError) -> DatasetContent<Row> {
        try DatasetFileKind.check(plan.path)
        var reader = try LineReader.open(plan.path)
        var content = DatasetContent<Row>(), number = 0, bytes = 0
        while true {
            guard !Self.isEnough(amount, rows: content.rows.count, bytes: bytes) else {
                content.isWhole = false
                break
            }
            guard let line = try reader.next() else { break }
            number += 1
            bytes += line.byteCount + 1
            if line.isBlank { continue }
            do throws(RowFault) {
                content.rows.append(try row(try RowRecord(line, number: number)))
            } catch {
                if plan.badRow == .fail {
                    throw DatasetError(.badRow, path: plan.path, line: number, reason: error.reason)
                }
                content.leftOut.add(error, path: plan.path, line: number)
            }
        }
        if content.isWhole { try check(reader.fingerprint) }
        try check(content)
        return content
    }

    /// A worker that reads the file again must find what the others found.
    private func check(_ found: FileFingerprint) throws(DatasetError) {
        guard let known = plan.fingerprint, known != found else { return }
        let change =
            known.bytes == found.bytes
            ? "other content of the same size" : "it had \(known.bytes) bytes and has \(found.bytes)"
        throw DatasetError(
            .changed, path: plan.path, reason: "the file has changed since the trial began: \(change)",
            advice: "put the old file back, or resume the trial with --accept-changed-inputs")
    }

    private static func isEnough(_ amount: Amount, rows: Int, bytes: Int) -> Bool {
        switch amount {
        case .all: false
        case .rows(let wanted): rows >= wanted
        case .bytes(let wanted): bytes >= wanted
        }
    }

    private func check(_ content: DatasetContent<some Sendable>) throws(DatasetError) {
        if content.rows.isEmpty {
            let lost = content.leftOut
            guard let first = lost.errors.first else {
                throw DatasetError(.empty, path: plan.path, reason: "the file has no row")
            }
            throw DatasetError(
                .empty, path: plan.path, reason: "no usable row; the first of \(lost.count): \(first.summary)",
                advice: lost.advice(path: plan.path, wanted: plan.columns))
        }
        try content.leftOut.check(of: plan, kept: content.rows.count)
    }
}

extension LineReader.Line {
    var byteCount: Int {
        switch self {
        case .bytes(let bytes): bytes.count
        case .tooLong(let count): count
        }
    }

    var isBlank: Bool {
        guard case .bytes(let bytes) = self else { return false }
        return bytes.allSatisfy { $0 == 0x20 || $0 == 0x09 }
    }
}
