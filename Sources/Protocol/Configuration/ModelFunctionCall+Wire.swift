import SwiftProtobuf

/// How model function calls and their arguments look on the wire.
extension ModelFunctionCall {
    init(_ wire: WireModelFunctionCall, at place: PlanPlace) throws {
        guard wire.hasInterface else { throw place["interface"].isMissing }
        self.init(
            name: try place["name"].text(wire.name),
            interfaceType: try place["interface_type"].word(wire.interfaceType),
            interface: try InterfaceReference(wire.interface, at: place["interface"]),
            model: try ModelName(role: wire.role, replica: wire.replica, at: place),
            inputKeys: try Self.keys(wire.inputKeys) { place["input_keys", $0] },
            outputKeys: try Self.keys(wire.outputKeys) { place["output_keys", $0] },
            inputKeyRemap: try Self.remap(wire.inputKeyRemap, at: place["input_key_remap"]),
            outputKeyRemap: try Self.remap(wire.outputKeyRemap, at: place["output_key_remap"]),
            sequences: try place["sequences"].count(wire.sequences, atLeast: 1),
            microBatches: wire.hasMicroBatches
                ? try MicroBatchSpec(wire.microBatches, at: place["micro_batches"]) : MicroBatchSpec())
    }

    private static func keys(_ names: [String], at place: (Int) -> PlanPlace) throws -> [SequenceKey] {
        try names.enumerated().map { index, name in SequenceKey(try place(index).text(name)) }
    }

    private static func remap(_ names: [String: String], at place: PlanPlace) throws -> [SequenceKey: SequenceKey] {
        var keys: [SequenceKey: SequenceKey] = [:]
        for (from, to) in names {
            keys[SequenceKey(try place["key"].text(from))] = SequenceKey(try place["value"].text(to))
        }
        return keys
    }

    var wire: WireModelFunctionCall {
        .with {
            $0.name = name
            $0.interfaceType = interfaceType.rawValue
            $0.interface = interface.wire
            $0.role = model.role.description
            $0.replica = Int32(counted: model.replica)
            $0.inputKeys = inputKeys.map(\.description)
            $0.outputKeys = outputKeys.map(\.description)
            $0.inputKeyRemap = Self.names(inputKeyRemap)
            $0.outputKeyRemap = Self.names(outputKeyRemap)
            $0.sequences = Int32(counted: sequences)
            $0.microBatches = microBatches.wire
        }
    }

    private static func names(_ remap: [SequenceKey: SequenceKey]) -> [String: String] {
        var names: [String: String] = [:]
        for (from, to) in remap { names[from.description] = to.description }
        return names
    }
}

extension MicroBatchSpec {
    fileprivate init(_ wire: WireMicroBatchSpec, at place: PlanPlace) throws {
        self.init(
            minimumCount: try place["minimum_count"].count(wire.minimumCount, atLeast: 1),
            maximumTokens: wire.hasMaximumTokens
                ? try place["maximum_tokens"].count(wire.maximumTokens, atLeast: 1) : nil)
    }

    fileprivate var wire: WireMicroBatchSpec {
        .with {
            $0.minimumCount = Int32(counted: minimumCount)
            if let maximumTokens { $0.maximumTokens = Int32(counted: maximumTokens) }
        }
    }
}

extension InterfaceReference {
    init(_ wire: WireInterfaceReference, at place: PlanPlace) throws {
        self.init(
            try place["type"].text(wire.type), arguments: try GivenArguments(wire.arguments, at: place["arguments"]))
    }

    var wire: WireInterfaceReference {
        .with {
            $0.type = type
            $0.arguments = arguments.wire
        }
    }
}

extension GivenArguments {
    init(_ wire: WireArguments, at place: PlanPlace) throws {
        var values: [String: SettingValue] = [:]
        for (name, value) in wire.values { values[name] = try SettingValue(value, at: place["values", name]) }
        self.init(values, group: wire.group)
    }

    var wire: WireArguments {
        .with {
            $0.group = group
            $0.values = values.mapValues(\.wire)
        }
    }
}

extension SettingValue {
    fileprivate init(_ wire: WireArgumentValue, at place: PlanPlace) throws {
        switch wire.kind {
        case .integer(let value): self = .integer(Int(value))
        case .number(let value):
            guard value.isFinite else { throw place.refusal("\(value)", "it must be finite") }
            self = .number(value)
        case .text(let value): self = .text(value)
        case .boolean(let value): self = .boolean(value)
        case nil: throw place.isMissing
        }
    }

    fileprivate var wire: WireArgumentValue {
        .with {
            switch self {
            case .integer(let value): $0.integer = Int64(value)
            case .number(let value): $0.number = value
            case .text(let value): $0.text = value
            case .boolean(let value): $0.boolean = value
            }
        }
    }
}
