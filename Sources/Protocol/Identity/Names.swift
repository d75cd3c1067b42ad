/// Why a name was refused.
package struct NameError: UserFacingError, Equatable {
    package let summary: String
    package let hint: String?
    package var exitCode: Int32 { ExitCode.usage }
}

/// The rules that experiment and trial names share: they become folder names and parts of job names.
private func validated(_ name: String, as kind: String) throws(NameError) -> String {
    func refuse(_ reason: String, suggestion: String) -> NameError {
        NameError(summary: "\(kind) name '\(name)' \(reason).", hint: "use a name like '\(suggestion)'")
    }
    if name.isEmpty { throw refuse("is empty", suggestion: "first") }
    let repaired = String(name.map { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "." ? $0 : "-" })
    if name.contains("_") {
        throw refuse("has a '_', which separates experiment from trial in job names", suggestion: repaired)
    }
    if name.contains("/") { throw refuse("has a '/'", suggestion: repaired) }
    if name.hasPrefix(".") || name.hasPrefix("-") {
        throw refuse("starts with '\(name.prefix(1))'", suggestion: "t\(repaired)")
    }
    let isPlain = name.utf8.allSatisfy { (0x21...0x7e).contains($0) } && !name.contains("\\") && !name.contains("@")
    if !isPlain { throw refuse("has a character other than letters, digits, '-' and '.'", suggestion: "first") }
    if name.utf8.count > 64 { throw refuse("is longer than 64 characters", suggestion: String(repaired.prefix(32))) }
    return name
}

/// The name of a registered recipe, such as `grpo-arith`.
package struct ExperimentName: Hashable, Sendable, Codable, CustomStringConvertible {
    package let description: String

    package init(_ name: String) throws(NameError) { description = try validated(name, as: "experiment") }
    package init(from decoder: any Decoder) throws { try self.init(decoder.singleValueContainer().decode(String.self)) }
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// The name of one run of an experiment; it has no `_` and no `/`.
package struct TrialName: Hashable, Sendable, Codable, CustomStringConvertible {
    package let description: String

    package init(_ name: String) throws(NameError) { description = try validated(name, as: "trial") }
    package init(from decoder: any Decoder) throws { try self.init(decoder.singleValueContainer().decode(String.self)) }
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// An experiment and a trial of it: what a person names on the command line.
package struct TrialID: Hashable, Sendable, Codable, CustomStringConvertible {
    package let experiment: ExperimentName
    package let trial: TrialName

    package init(experiment: ExperimentName, trial: TrialName) {
        self.experiment = experiment
        self.trial = trial
    }

    /// `experiment/trial`.
    package var description: String { "\(experiment)/\(trial)" }
}
