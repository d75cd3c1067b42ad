/// Why a name was refused.
package struct NameError: UserFacingError, Equatable {
    package let summary: String
    package let hint: String?
    package var exitCode: Int32 { ExitCode.usage }
}

/// The rules that experiment and trial names share: they become folder names and parts of job names.
private func validated(_ name: String, as kind: String) throws(NameError) -> String {
    func refuse(_ reason: String) -> NameError {
        NameError(summary: "\(kind) name '\(name)' \(reason).", hint: "use a name like '\(repaired(name))'")
    }
    if name.isEmpty { throw refuse("is empty") }
    if name.contains("_") { throw refuse("has a '_', which separates experiment from trial in job names") }
    if name.contains("/") { throw refuse("has a '/'") }
    if name.hasPrefix(".") || name.hasPrefix("-") { throw refuse("starts with '\(name.prefix(1))'") }
    // Anything else a shell would read in its own way when the name is part of a command that a hint offers.
    if !name.unicodeScalars.allSatisfy(isPlain) {
        throw refuse("has a character other than letters, digits, '-' and '.'")
    }
    if name.utf8.count > longestName { throw refuse("is longer than \(longestName) characters") }
    return name
}

private let longestName = 64

/// A letter or digit of ASCII, '-' or '.'.
private func isPlain(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "a"..."z", "A"..."Z", "0"..."9", "-", ".": true
    default: false
    }
}

/// The nearest name that the rules allow.
private func repaired(_ name: String) -> String {
    var plain = ""
    for scalar in name.unicodeScalars { plain.unicodeScalars.append(isPlain(scalar) ? scalar : "-") }
    guard plain.contains(where: { $0 != "-" && $0 != "." }) else { return "first" }
    if plain.hasPrefix(".") || plain.hasPrefix("-") { plain = "t\(plain)" }
    return plain.utf8.count > longestName ? String(plain.prefix(32)) : plain
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
