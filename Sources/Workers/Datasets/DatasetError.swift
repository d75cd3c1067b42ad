package import Protocol

/// Why a dataset, or one row of it, cannot be used; it always names the file and, for a row, the line.
package struct DatasetError: UserFacingError, Equatable {
    package enum Code: Sendable {
        /// The file cannot be read.
        case unreadable
        /// The file has no usable row.
        case empty
        /// The file is no jsonl.
        case kind
        /// The file is not what it was when the trial began.
        case changed
        /// One row is broken.
        case badRow
        /// More rows are broken than may be left out.
        case tooManyLeftOut
        /// No dataset is registered under the name.
        case unknownType
    }

    package let code: Code
    package let path: String
    /// Counted from 1; nil where the whole file is meant.
    package let line: Int?
    package let reason: String
    /// What to do about this file, where more is known than its code says.
    package let advice: String?

    package init(_ code: Code, path: String, line: Int? = nil, reason: String, advice: String? = nil) {
        self.advice = advice
        self.code = code
        self.path = path
        self.line = line
        self.reason = reason
    }

    package var summary: String {
        let place = line.map { "\(path):\($0)" } ?? path
        return place.isEmpty ? reason : "\(place): \(reason)"
    }

    package var hint: String? {
        if let advice { return advice }
        return switch code {
        case .badRow: "correct the row, or set dataset.bad_row=skip to leave such rows out"
        case .empty: "give it rows such as {\"prompt\": \"1+1=\", \"answer\": \"2\"}, one a line"
        case .unreadable, .unknownType, .kind, .changed, .tooManyLeftOut: nil
        }
    }

    package var exitCode: Int32 { ExitCode.usage }

    /// What a file says, it says again; a file that cannot be read may only be away.
    package var persistence: Persistence {
        switch code {
        case .empty, .kind, .badRow, .tooManyLeftOut, .unknownType: .lasting
        case .unreadable, .changed: .passing
        }
    }
}
