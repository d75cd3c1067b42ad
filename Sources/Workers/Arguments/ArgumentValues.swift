package import Protocol

/// The values of declared arguments: what was given, checked against the declarations, and defaults for the rest.
package struct ArgumentValues: Sendable, Equatable {
    private let values: [String: SettingValue]
    private let group: String
    private let owner: String

    /// - Parameter owner: who declares them, in words for an error: `interface 'sft'`.
    /// - Throws: `WorkerError` for an unknown name (with a suggestion) or a value that its argument does not accept.
    package init(_ given: GivenArguments, of owner: String, declared: [Argument]) throws {
        self.owner = owner
        group = given.group
        var values = Dictionary(declared.map { ($0.name, $0.defaultValue) }) { first, _ in first }
        for (name, value) in given.values.sorted(by: { $0.key < $1.key }) {
            guard let argument = declared.first(where: { $0.name == name }) else {
                throw WorkerError(
                    .plan,
                    "\(owner) has no argument '\(name)'."
                        + Suggestion.phrase(for: name, among: declared.map(\.name)))
            }
            guard let accepted = argument.kind.accepted(value) else {
                throw Self.refusal(
                    Self.label(name, given.group, owner), value, "it must be \(argument.kind.description)")
            }
            values[name] = accepted
        }
        self.values = values
    }

    package func integer(_ name: String) throws -> Int { try read(name, \.integer) }
    package func number(_ name: String) throws -> Double { try read(name, \.number) }
    package func text(_ name: String) throws -> String { try read(name, \.text) }
    package func boolean(_ name: String) throws -> Bool { try read(name, \.boolean) }

    /// A number where single precision computes with it.
    package func float(_ name: String) throws -> Float { Float(try number(name)) }

    /// What stands between the commas of a text.
    package func words(_ name: String) throws -> [String] {
        try text(name).split { $0 == "," || $0 == " " }.map(String.init)
    }

    private func read<Value>(_ name: String, _ reading: (SettingValue) -> Value?) throws -> Value {
        guard let value = values[name].flatMap(reading) else {
            throw WorkerError(.plan, "\(owner) reads '\(name)', which it does not declare so")
        }
        return value
    }

    /// How a person knows an argument: the path of its setting, or its name and owner where it has none.
    package func label(_ name: String) -> String { Self.label(name, group, owner) }

    /// What is thrown for a value that its kind accepts and its owner does not.
    /// - Parameter phrase: follows "it must be ".
    package func refusal(_ name: String, mustBe phrase: String, detail: String = "", hint: String? = nil) -> WorkerError
    {
        Self.refusal(label(name), values[name] ?? .text(""), "it must be \(phrase)", detail: detail, hint: hint)
    }

    private static func label(_ name: String, _ group: String, _ owner: String) -> String {
        group.isEmpty ? "argument '\(name)' of \(owner)" : "\(group).\(name)"
    }

    private static func refusal(
        _ label: String, _ value: SettingValue, _ phrase: String, detail: String = "", hint: String? = nil
    ) -> WorkerError {
        let shown = if case .text(let text) = value { "'\(text)'" } else { value.description }
        return WorkerError(.plan, "\(label) is \(shown); \(phrase)", detail: detail, hint: hint)
    }
}
