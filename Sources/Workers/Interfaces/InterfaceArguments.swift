package import Protocol

/// One argument an interface understands.
package struct InterfaceArgument: Sendable, Equatable {
    package let name: String
    package let defaultValue: SettingValue
    package let help: String

    package init(_ name: String, _ defaultValue: SettingValue, _ help: String) {
        self.name = name
        self.defaultValue = defaultValue
        self.help = help
    }
}

/// The arguments of one interface reference, checked against what the interface understands.
package struct InterfaceArguments: Sendable, Equatable {
    private let values: [String: SettingValue]
    private let interface: String

    /// - Throws: `WorkerError` for an unknown name (with a suggestion) or a value of the wrong kind.
    package init(_ given: [String: SettingValue], of interface: String, known: [InterfaceArgument]) throws {
        var values = Dictionary(known.map { ($0.name, $0.defaultValue) }) { first, _ in first }
        for (name, value) in given.sorted(by: { $0.key < $1.key }) {
            guard let expected = values[name] else {
                throw WorkerError(
                    .plan,
                    "interface '\(interface)' has no argument '\(name)'."
                        + Suggestion.phrase(for: name, among: known.map(\.name)))
            }
            guard Self.fits(value, expected) else {
                throw WorkerError(.plan, "argument '\(name)' of interface '\(interface)' cannot be '\(value)'")
            }
            values[name] = value
        }
        self.values = values
        self.interface = interface
    }

    private static func fits(_ value: SettingValue, _ expected: SettingValue) -> Bool {
        switch expected {
        case .integer: value.integer != nil
        case .number: value.number != nil
        case .text: value.text != nil
        case .boolean: value.boolean != nil
        }
    }

    /// A whole number within `range`.
    package func integer(_ name: String, in range: ClosedRange<Int>) throws -> Int {
        guard let value = values[name]?.integer, range.contains(value) else { throw outside(name, "\(range)") }
        return value
    }

    /// A number within `range`.
    package func number(_ name: String, in range: ClosedRange<Double>) throws -> Double {
        guard let value = values[name]?.number, range.contains(value) else { throw outside(name, "\(range)") }
        return value
    }

    private func outside(_ name: String, _ range: String) -> WorkerError {
        let value = values[name]?.description ?? "nothing"
        return WorkerError(.plan, "argument '\(name)' of interface '\(interface)' is \(value); it must be in \(range)")
    }
}
