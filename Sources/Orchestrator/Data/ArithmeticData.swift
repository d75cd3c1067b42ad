import Foundation
import Protocol

/// The demo's dataset: every addition of two two-digit numbers once, split into training and held-out rows by seed.
package enum ArithmeticData {
    /// The split that experiments and the demo use.
    package static let seed: UInt64 = 1
    package static let heldOutRows = 500

    /// What was written.
    package struct Written: Sendable, Equatable {
        package let training: String
        package let heldOut: String
        package let trainingRows: Int
        package let heldOutRows: Int
    }

    package struct Row: Sendable, Equatable {
        package let id: String
        package let prompt: String
        package let answer: String

        /// One line of jsonl. Nothing in a row needs escaping.
        var line: String { #"{"id":"\#(id)","prompt":"\#(prompt)","answer":"\#(answer)"}"# + "\n" }
    }

    /// All 8,100 additions in an order that depends on the seed only.
    package static func rows(seed: UInt64) -> [Row] {
        var rows = (10...99).flatMap { left in
            (10...99).map { right in Row(id: "\(left)+\(right)", prompt: "\(left)+\(right)=", answer: "\(left + right)")
            }
        }
        var random = SplitGenerator(state: seed)
        rows.shuffle(using: &random)
        return rows
    }

    /// Writes `train.jsonl` and `heldout.jsonl` into `folder`, each whole or as it was before.
    package static func write(to folder: String, seed: UInt64, heldOutRows: Int) throws(DataError) -> Written {
        let rows = rows(seed: seed)
        guard (1..<rows.count).contains(heldOutRows) else {
            throw DataError(
                summary: "\(heldOutRows) held-out rows are not possible",
                hint: "choose between 1 and \(rows.count - 1)")
        }
        let training = rows.dropFirst(heldOutRows), heldOut = rows.prefix(heldOutRows)
        let trainingPath = "\(folder)/train.jsonl", heldOutPath = "\(folder)/heldout.jsonl"
        do {
            try FolderFiles.makeFolder(folder)
            try write(training, to: trainingPath)
            try write(heldOut, to: heldOutPath)
        } catch {
            throw DataError(summary: "the dataset cannot be written to \(folder)", detail: describe(error))
        }
        return Written(
            training: trainingPath, heldOut: heldOutPath, trainingRows: training.count, heldOutRows: heldOut.count)
    }

    private static func write(_ rows: ArraySlice<Row>, to path: String) throws {
        try OutputFile.write(rows.map(\.line).joined(), to: path)
    }

    /// SplitMix64: a file must come out the same on every platform and in every version.
    private struct SplitGenerator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
            return mixed ^ (mixed >> 31)
        }
    }
}

/// Why a dataset could not be made.
package struct DataError: UserFacingError {
    package let summary: String
    package let detail: String
    package let hint: String?

    init(summary: String, detail: String = "", hint: String? = nil) {
        self.summary = summary
        self.detail = detail
        self.hint = hint
    }
}
