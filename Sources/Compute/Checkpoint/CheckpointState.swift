/// What a checkpoint holds beside tensors: the content of `state.json`.
package struct CheckpointState: Sendable, Equatable {
    /// The trial's step when the checkpoint was made: the N of its folder `step-N`.
    package var step: Int
    /// Optimizer updates done by then.
    package var updates: Int
    /// Named generators, each to continue where it stood.
    package var generators: [String: SeededGenerator]
    /// The caller's own words: dataset position, phase, versions. Not looked at here.
    package var values: [String: String]

    package init(
        step: Int, updates: Int = 0, generators: [String: SeededGenerator] = [:], values: [String: String] = [:],
    ) {
        self.step = step
        self.updates = updates
        self.generators = generators
        self.values = values
    }
}

extension CheckpointState {
    /// The text of `state.json`; generator words are strings, as JSON readers keep only 53 bits of a number.
    package var json: JSONValue {
        let generators = generators.sorted { $0.key < $1.key }.map { name, generator in
            JSONMember(name, .array(generator.state.map { .string(String($0)) }))
        }
        return .object([
            JSONMember("version", .integer(1)),
            JSONMember("step", .integer(step)),
            JSONMember("updates", .integer(updates)),
            JSONMember("generators", .object(generators)),
            JSONMember("values", .map(values)),
        ])
    }

    /// Reads what `json` wrote; `path` is named in errors.
    package init(json text: [UInt8], path: String) throws(ComputeError) {
        let root: JSONValue
        do { root = try JSONParser.parse(text) } catch { throw ComputeError.damaged(path, error.text) }
        guard root["version"]?.asInt == 1 else { throw ComputeError.damaged(path, "version is not 1") }
        guard let step = root["step"]?.asInt, let updates = root["updates"]?.asInt, step >= 0, updates >= 0 else {
            throw ComputeError.damaged(path, "step or updates is not a count")
        }
        guard let values = root["values"]?.asStringMap else {
            throw ComputeError.damaged(path, "values is not a map of strings")
        }
        var generators: [String: SeededGenerator] = [:]
        guard let members = root["generators"]?.asMembers else {
            throw ComputeError.damaged(path, "generators is not a map")
        }
        for member in members {
            let words = (member.value.asArray ?? []).map { $0.asString.flatMap { UInt64($0) } }
            guard !words.contains(nil), let generator = SeededGenerator(restoring: words.compactMap(\.self)) else {
                throw ComputeError.damaged(path, "generator '\(member.name)' has no state of four words")
            }
            generators[member.name] = generator
        }
        self.init(step: step, updates: updates, generators: generators, values: values)
    }
}
