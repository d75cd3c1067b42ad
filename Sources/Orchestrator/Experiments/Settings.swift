package import Protocol

/// An experiment's settings with all their values resolved: defaults, then a file, then overrides.
package struct Settings: Sendable, Equatable {
    /// Definition order: the order of a form and of the frozen file.
    package let definitions: [Setting]
    private var values: [String: SettingValue]
    /// Those that somebody has set, to whatever value.
    private var given: Set<String> = []

    /// How its paths become absolute.
    private let paths: PathExpansion

    /// Every setting at its default.
    package init(_ definitions: [Setting], paths: PathExpansion) {
        self.definitions = definitions
        self.paths = paths
        values = [:]
        for definition in definitions {
            values[definition.path] =
                definition.kind == .path
                ? .text(paths.expand(definition.defaultValue.description)) : definition.defaultValue
        }
    }

    package static func == (left: Settings, right: Settings) -> Bool {
        left.definitions == right.definitions && left.values == right.values
    }

    /// The value of a setting the experiment defines.
    package subscript(path: String) -> SettingValue {
        guard let value = values[path] else { preconditionFailure("no setting '\(path)' is defined") }
        return value
    }

    package func integer(_ path: String) -> Int { typed(path, \.integer) }
    package func number(_ path: String) -> Double { typed(path, \.number) }
    package func text(_ path: String) -> String { typed(path, \.text) }
    package func boolean(_ path: String) -> Bool { typed(path, \.boolean) }

    private func typed<Value>(_ path: String, _ reading: (SettingValue) -> Value?) -> Value {
        // The value was checked against the setting's kind when it was set; only our own code can ask for another.
        guard let value = reading(self[path]) else { preconditionFailure("'\(path)' is of another kind") }
        return value
    }

    /// Dotted key to text, for the store and for `show`.
    package var texts: [String: String] { values.mapValues(\.description) }

    /// Sets one value from text; `place` begins the message of a failure ("config.yaml:4", "override 'a=b'").
    package mutating func set(_ path: String, to text: String, at place: String) throws(ConfigurationError) {
        guard let definition = definitions.first(where: { $0.path == path }) else {
            let known = definitions.map(\.path)
            throw ConfigurationError(
                .unknownKey, "\(place): there is no setting '\(path)'.\(Self.suggestion(for: path, among: known))",
                hint: "cockpit experiments lists every setting")
        }
        switch definition.parse(text, paths: paths) {
        case .success(let value):
            values[path] = value
            given.insert(path)
        case .failure(let refusal):
            throw ConfigurationError(
                .badValue, "\(place): \(path)='\(text)' \(refusal.phrase)", detail: definition.help)
        }
    }

    /// A whole path that is close, or the one path that ends in the word that was given.
    private static func suggestion(for path: String, among known: [String]) -> String {
        let ending = known.filter { $0.hasSuffix(".\(path)") }
        if ending.count == 1 { return " Did you mean '\(ending[0])'?" }
        return Suggestion.phrase(for: path, among: known)
    }

    /// Whether another setting that was given speaks in its place, as a model's folder does of the model's sizes.
    func isReplaced(_ definition: Setting) -> Bool {
        guard let condition = definition.condition, condition.requirement == .isNotGiven else { return false }
        return !condition.holds(for: self[condition.name])
    }

    /// Refuses what would be accepted and ignored.
    /// - Throws: `.badValue` for the first value that has no effect beside the others and is not the default, or was
    ///   given although another setting speaks in its place: that may well say something else.
    package func checkEffects() throws(ConfigurationError) {
        let untouched = Settings(definitions, paths: paths)
        let idle = definitions.filter { definition in
            guard let condition = definition.condition, !condition.holds(for: self[condition.name]) else {
                return false
            }
            return self[definition.path] != untouched[definition.path]
                || (given.contains(definition.path) && isReplaced(definition))
        }
        guard let first = idle.first, let condition = first.condition else { return }
        let other = self[condition.name].description
        let alike = idle.filter { $0.condition == condition }.map(\.path)
        throw ConfigurationError(
            .badValue,
            "\(first.path)=\(self[first.path]) has no effect "
                + (other.isEmpty ? "without \(condition.name)" : "with \(condition.name)=\(other)"),
            detail: first.help, hint: "leave out \(alike.joined(separator: ", ")), or \(condition.remedy)")
    }

    /// The paths of settings whose values differ.
    package func differences(from other: Settings) -> [String] {
        definitions.map(\.path).filter { values[$0] != other.values[$0] }
    }

    /// An absolute path, as a path setting would make of `path`.
    func expand(_ path: String) -> String { paths.expand(path) }

    /// Applies `key=value` words in order; later ones win.
    package mutating func apply(overrides: [String]) throws(ConfigurationError) {
        for override in overrides {
            // By bytes: with a combining mark after it, the equals sign would be another character.
            guard let equals = override.utf8.firstIndex(of: UInt8(ascii: "=")), equals != override.startIndex else {
                throw ConfigurationError(
                    .badOverride, "'\(override)' is no override", hint: "write it as key=value, such as seed=2")
            }
            let key = String(override[..<equals]), text = String(override[override.utf8.index(after: equals)...])
            try set(key, to: text, at: "override '\(override)'")
        }
    }
}
