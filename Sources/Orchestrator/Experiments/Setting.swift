package import Protocol
import Workers

/// One knob of an experiment: what a configuration file, an override or the launch form may say.
package struct Setting: Sendable, Equatable {
    /// Whether somebody has to give it.
    package enum Need: Sendable, Equatable {
        case optional
        /// Where the default is empty.
        case required
    }

    /// Dotted: `grpo.group_size`.
    package let path: String
    package let kind: SettingKind
    package let defaultValue: SettingValue
    package let help: String
    /// What another setting must be, so that this one has an effect; nil: it always has.
    package let condition: Condition?
    private let need: Need

    package init(
        _ path: String, _ kind: SettingKind, default value: SettingValue, _ help: String,
        when condition: Condition? = nil, need: Need = .optional
    ) {
        self.path = path
        self.kind = kind
        self.defaultValue = value
        self.help = help
        self.condition = condition
        self.need = need
    }

    /// Whether nothing can start before somebody gives it: the rows to train on, where the experiment brings none.
    package var isRequired: Bool { need == .required && defaultValue.description.isEmpty }

    /// The first part of its path; settings without one form the group `general`.
    package var group: String { path.contains(".") ? String(path.prefix { $0 != "." }) : "general" }

    /// The same setting with another default, for an experiment that builds on another.
    package func defaulting(to value: SettingValue) -> Setting {
        Setting(path, kind, default: value, help, when: condition, need: need)
    }

    /// The same setting, which has an effect only where `condition` holds.
    func when(_ condition: Condition) -> Setting {
        Setting(path, kind, default: defaultValue, help, when: condition, need: need)
    }

    /// Reads `text` as this setting's kind; the failure is a phrase that follows "'key=text' ".
    package func parse(_ text: String, paths: PathExpansion) -> Result<SettingValue, SettingRefusal> {
        kind.parse(kind == .path ? paths.expand(text) : text)
    }
}

extension [Argument] {
    /// The settings that give these arguments, as `group.name`.
    package func settings(under group: String) -> [Setting] {
        map { argument in
            Setting(
                "\(group).\(argument.name)", argument.kind, default: argument.defaultValue, argument.help,
                when: argument.condition.map { Condition("\(group).\($0.name)", $0.requirement) })
        }
    }
}

extension Settings {
    /// What the settings of `group` say of the arguments `declared`.
    func arguments(_ declared: [Argument], under group: String) -> GivenArguments {
        let values = declared.map { ($0.name, self["\(group).\($0.name)"]) }
        return GivenArguments(Dictionary(values) { first, _ in first }, group: group)
    }

    /// The interface `type` with the arguments that the settings of `group` give it.
    func interface(_ type: any ModelInterface.Type, under group: String) -> InterfaceReference {
        InterfaceReference(type.name, arguments: arguments(type.arguments, under: group))
    }
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
