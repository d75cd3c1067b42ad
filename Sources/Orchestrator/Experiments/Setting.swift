package import Protocol

/// What a setting accepts.
package enum SettingKind: Sendable, Equatable {
    case integer(ClosedRange<Int>)
    case number(ClosedRange<Double>)
    case text
    /// A file or folder: `~/` and `$COCKPIT_HOME/` are expanded, a relative path counts from the working folder, empty
    /// means none.
    case path
    case choice([String])
    case boolean

    /// What a form or a help page says is allowed.
    package var description: String {
        switch self {
        case .integer(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .number(let range): "a number from \(range.lowerBound) to \(range.upperBound)"
        case .text: "text"
        case .path: "a path"
        case .choice(let words): "one of \(words.joined(separator: ", "))"
        case .boolean: "true or false"
        }
    }
}

/// One knob of an experiment: what a configuration file, an override or the launch form may say.
package struct Setting: Sendable, Equatable {
    /// Dotted: `grpo.group_size`.
    package let path: String
    package let kind: SettingKind
    package let defaultValue: SettingValue
    package let help: String

    package init(_ path: String, _ kind: SettingKind, default value: SettingValue, _ help: String) {
        self.path = path
        self.kind = kind
        self.defaultValue = value
        self.help = help
    }

    /// Whether nothing can start before somebody gives it: the rows to train on, where the experiment brings none.
    package var isRequired: Bool { path == "dataset.path" && defaultValue.description.isEmpty }

    /// The same setting with another default, for an experiment that builds on another.
    package func defaulting(to value: SettingValue) -> Setting { Setting(path, kind, default: value, help) }

    /// Reads `text` as this setting's kind; the failure is a phrase that follows "'key=text' ".
    package func parse(_ text: String, paths: PathExpansion) -> Result<SettingValue, SettingRefusal> {
        switch kind {
        case .integer(let range):
            guard let value = Int(text) else { return .failure(refusal) }
            return range.contains(value) ? .success(.integer(value)) : .failure(outOfRange)
        case .number(let range):
            guard let value = Double(text), !value.isNaN else { return .failure(refusal) }
            return range.contains(value) ? .success(.number(value)) : .failure(outOfRange)
        case .text:
            return .success(.text(text))
        case .path:
            return .success(.text(paths.expand(text)))
        case .choice(let words):
            if words.contains(text) { return .success(.text(text)) }
            let suggestion = Suggestion.phrase(for: text, among: words)
            return .failure(
                SettingRefusal(phrase: suggestion.isEmpty ? refusal.phrase : "\(refusal.phrase).\(suggestion)"))
        case .boolean:
            switch text {
            case "true", "yes", "on": return .success(.boolean(true))
            case "false", "no", "off": return .success(.boolean(false))
            default: return .failure(refusal)
            }
        }
    }

    private var refusal: SettingRefusal { SettingRefusal(phrase: "must be \(kind.description)") }
    private var outOfRange: SettingRefusal { SettingRefusal(phrase: "is out of range: it must be \(kind.description)") }
}

/// Why a text is no value of a setting.
package struct SettingRefusal: Error, Equatable {
    package let phrase: String
}

/// How paths in settings become absolute.
package struct PathExpansion: Sendable {
    /// What a default that lies under the home folder begins with.
    package static let homePrefix = "$COCKPIT_HOME/"

    package let workingFolder: String
    package let userHome: String
    package let home: HomeFolder

    package init(workingFolder: String, userHome: String, home: HomeFolder) {
        self.workingFolder = workingFolder
        self.userHome = userHome
        self.home = home
    }

    package func expand(_ path: String) -> String {
        if path.isEmpty || path.hasPrefix("/") { return path }
        if path.hasPrefix(Self.homePrefix) { return "\(home.path)/\(path.dropFirst(Self.homePrefix.count))" }
        if path == "~" { return userHome }
        if path.hasPrefix("~/") { return userHome + path.dropFirst() }
        return "\(workingFolder)/\(path.hasPrefix("./") ? String(path.dropFirst(2)) : path)"
    }
}
