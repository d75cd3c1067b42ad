/// What a check found that a person should know of a plan that can work.
package struct PlanReport: Sendable, Equatable {
    /// What was found in each file that a setup reads, in the order of the setups.
    package var files: [File] = []
    /// Sentences: rows that will be left out, answers that cannot be generated.
    package var notes: [String] = []
    /// Bytes of memory that the setup that needs most is expected to take on all workers together.
    package var memory = 0
    /// Bytes of disk for the checkpoints that exist at one time.
    package var disk = 0

    package init() {}

    /// A file of rows, as a setup reads it.
    package struct File: Sendable, Equatable, Encodable {
        package let setup: String
        package let path: String
        /// Rows that can be used.
        package let rows: Int
        /// Tokens of the longest of them.
        package let longest: Int
        package let leftOut: Int
        package let bytes: Int
        /// How many of the bytes were looked at.
        package let bytesLookedAt: Int
    }
}

extension PlanReport.File: CustomStringConvertible {
    package var description: String {
        let counted = "\(rows) \(rows == 1 ? "row" : "rows"), the longest of \(longest) tokens, \(leftOut) left out"
        let part =
            bytesLookedAt < bytes
            ? " (first \(mebibytes(bytesLookedAt)) MiB of \(mebibytes(bytes)) MiB looked at)" : ""
        return "\(path): \(counted)\(part)"
    }

    private func mebibytes(_ bytes: Int) -> String {
        let tenths = (bytes * 10 + (1 << 19)) >> 20
        return tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(tenths % 10)"
    }
}

/// Bytes as people read them.
func gibibytes(_ bytes: Int) -> String {
    let tenths = (bytes + (1 << 29) / 10) * 10 / (1 << 30)
    return "\(tenths / 10).\(tenths % 10)"
}
