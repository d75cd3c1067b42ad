/// One argument of an interface, an optimizer or a model: its only declaration. The setting, its line in the form and in
/// the reference, what `check` refuses and what the code reads all come from it.
package struct Argument: Sendable, Equatable {
    package let name: String
    package let kind: SettingKind
    package let defaultValue: SettingValue
    package let help: String

    package init(_ name: String, _ kind: SettingKind, default value: SettingValue, _ help: String) {
        guard let accepted = kind.accepted(value) else {
            preconditionFailure("the default of argument '\(name)' is not \(kind.description)")
        }
        self.name = name
        self.kind = kind
        self.defaultValue = accepted
        self.help = help
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
