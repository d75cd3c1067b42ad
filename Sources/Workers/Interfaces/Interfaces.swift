package import Protocol

/// The interfaces a plan can name. A new one is a file beside this and a line here.
package enum Interfaces {
    package static let all: [any ModelInterface.Type] = [
        SupervisedInterface.self,
        GRPOActorInterface.self,
        VerifierRewardInterface.self,
    ]

    package static var names: [String] { all.map { $0.name } }

    /// The type named `name`; an unknown name is an error with a suggestion.
    package static func find(_ name: String) throws -> any ModelInterface.Type {
        guard let found = all.first(where: { $0.name == name }) else {
            throw WorkerError(
                .plan, "unknown interface '\(name)'.\(Suggestion.phrase(for: name, among: names))",
                hint: "use one of \(names.joined(separator: ", "))")
        }
        return found
    }

    /// The interface a reference asks for, with its arguments checked.
    package static func make(_ reference: InterfaceReference) throws -> any ModelInterface {
        let type = try find(reference.type)
        return try make(type, reference.arguments)
    }

    /// An interface of `type`, with what was given checked against its declarations.
    static func make<Interface: ModelInterface>(
        _ type: Interface.Type, _ given: GivenArguments
    ) throws -> any ModelInterface {
        try type.init(
            arguments: ArgumentValues(given, of: "interface '\(type.name)'", declared: type.arguments))
    }

    /// The interface of `call`. Checks that it exists, serves its type, takes its arguments and has its keys.
    @discardableResult
    package static func check(_ call: ModelFunctionCall) throws -> any ModelInterface {
        let type = try find(call.interface.type)
        let interface = try make(call.interface)
        guard let signature = type.signatures[call.interfaceType] else {
            let served = type.signatures.keys.map(\.rawValue).sorted().joined(separator: ", ")
            throw WorkerError(
                .plan,
                "'\(call.name)' asks interface '\(type.name)' for \(call.interfaceType.rawValue); it serves \(served)")
        }
        let offered = Set(call.inputKeys.map { call.inputKeyRemap[$0] ?? $0 })
        for key in signature.inputs where !offered.contains(key) {
            throw WorkerError(.plan, "'\(call.name)' lacks input key '\(key)' of interface '\(type.name)'")
        }
        let made = Set(signature.outputs.map { call.outputKeyRemap[$0] ?? $0 })
        for key in call.outputKeys where !made.contains(key) {
            let listed = made.sorted().map(\.description).joined(separator: ", ")
            throw WorkerError(
                .plan,
                "'\(call.name)' promises key '\(key)', interface '\(type.name)' makes \(listed)."
                    + Suggestion.phrase(for: key.description, among: made.map(\.description)))
        }
        return interface
    }
}
