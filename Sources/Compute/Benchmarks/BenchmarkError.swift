import Protocol

/// A benchmark that cannot be run as it was asked for.
package struct BenchmarkError: UserFacingError, Equatable {
    package let summary: String
    package let detail: String
    // Optional as the protocol has it: a plain String would leave the protocol's own answer, nil, in its place.
    package let hint: String?
    package var exitCode: Int32 { ExitCode.usage }

    /// The error for a case that `suite` does not have.
    package init(unknown name: String, in suite: String, known: [String]) {
        summary =
            "The \(suite) benchmark has no case '\(name)'." + Suggestion.phrase(for: name, among: known)
        detail = ""
        hint = "Choose one of \(known.joined(separator: ", "))."
    }
}
