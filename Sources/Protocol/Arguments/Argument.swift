/// One argument of an interface, an optimizer or a model: its only declaration. The setting, its line in the form and in
/// the reference, what `check` refuses and what the code reads all come from it.
package struct Argument: Sendable, Equatable {
    package let name: String
    package let kind: SettingKind
    package let defaultValue: SettingValue
    package let help: String
    /// What must hold for it to have an effect; nil: it always has.
    package let condition: Condition?

    package init(
        _ name: String, _ kind: SettingKind, default value: SettingValue, _ help: String,
        when condition: Condition? = nil
    ) {
        guard let accepted = kind.accepted(value) else {
            preconditionFailure("the default of argument '\(name)' is not \(kind.description)")
        }
        self.name = name
        self.kind = kind
        self.defaultValue = accepted
        self.help = help
        self.condition = condition
    }
}

/// What another argument must be, so that one has an effect.
package struct Condition: Sendable, Equatable {
    package enum Requirement: Sendable, Equatable {
        case isOneOf([String])
        case isAboveZero
        /// A text or path that is not empty.
        case isGiven
        case isNotGiven
    }

    /// The other argument's name, or its setting's path.
    package let name: String
    package let requirement: Requirement

    package init(_ name: String, _ requirement: Requirement) {
        self.name = name
        self.requirement = requirement
    }

    package func holds(for value: SettingValue) -> Bool {
        switch requirement {
        case .isOneOf(let words): value.text.map(words.contains) ?? false
        case .isAboveZero: (value.number ?? 0) > 0
        case .isGiven: value.text?.isEmpty == false
        case .isNotGiven: value.text?.isEmpty == true
        }
    }

    /// What a person does to make it hold.
    package var remedy: String {
        switch requirement {
        case .isOneOf(let words): "set \(name)=\(words.joined(separator: " or "))"
        case .isAboveZero: "set \(name) above 0"
        case .isGiven: "set \(name)"
        case .isNotGiven: "leave out \(name)"
        }
    }
}

extension SettingValue: ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral, ExpressibleByStringLiteral,
    ExpressibleByBooleanLiteral
{
    package init(integerLiteral value: Int) { self = .integer(value) }
    package init(floatLiteral value: Double) { self = .number(value) }
    package init(stringLiteral value: String) { self = .text(value) }
    package init(booleanLiteral value: Bool) { self = .boolean(value) }
}
