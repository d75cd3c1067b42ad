/// `rope_theta`, `rope_scaling` and `rope_parameters` of a `config.json`, with the defaults of `transformers`.
extension RotaryPosition {
    private static let defaultBase = 10_000.0
    private static let scalings = ["default", "linear", "dynamic", "llama3", "yarn"]

    /// Reads the old spelling (`rope_theta` beside `rope_scaling {type, factor, …}`) and the new one
    /// (`rope_parameters {rope_theta, rope_type, factor, …}`); `context` is `max_position_embeddings`.
    ///
    /// A file that has both means `rope_scaling`, as in `transformers`.
    init(from file: ConfigurationReader, context: Int) throws(ComputeError) {
        let (old, new) = (try file.section("rope_scaling"), try file.section("rope_parameters"))
        let parameters = old ?? new
        let (outer, inner) = (try file.number("rope_theta"), try parameters?.number("rope_theta"))
        let base = inner ?? outer ?? Self.defaultBase
        let share = "partial_rotary_factor"
        for part in [try file.number(share), try parameters?.number(share)].compactMap(\.self) where part != 1 {
            throw file.unsupported("\(share) \(part)", because: "Rotary positions turn whole heads here.")
        }
        var scaling = Scaling.none
        if let parameters { scaling = try Self.scaling(parameters, context) }
        self.init(base: base, scaling: scaling)
        if let fault { throw file.damaged("rope_parameters: \(fault)") }
    }

    private static func scaling(_ section: ConfigurationReader, _ context: Int) throws(ComputeError) -> Scaling {
        if let nested = section.firstNestedKey {
            throw section.unsupported("rope_parameters.\(nested)", because: "All layers turn alike here.")
        }
        let (new, old) = (try section.word("rope_type"), try section.word("type"))
        let type = new ?? old ?? "default"
        switch type {
        case "default": return .none
        case "linear": return .linear(factor: try section.requiredNumber("factor"))
        // The model's own context is where stretching begins; a second one in the section has no meaning.
        case "dynamic": return .dynamic(factor: try section.requiredNumber("factor"), originalContext: context)
        case "llama3":
            return .llama3(
                factor: try section.requiredNumber("factor"),
                lowFrequencyFactor: try section.requiredNumber("low_freq_factor"),
                highFrequencyFactor: try section.requiredNumber("high_freq_factor"),
                originalContext: try section.optionalSize(original) ?? context)
        case "yarn": return .yarn(try yarn(section, context))
        default: throw section.unknown("rope_type", type, among: scalings)
        }
    }

    private static let original = "original_max_position_embeddings"

    private static func yarn(_ section: ConfigurationReader, _ context: Int) throws(ComputeError) -> YaRN {
        let originalContext = try section.optionalSize(original) ?? context
        let factor = try section.number("factor") ?? Double(context) / Double(originalContext)
        let (stated, derived) = (try section.number("attention_factor"), try amplitude(section, factor))
        return YaRN(
            factor: factor, originalContext: originalContext,
            betaFast: try positive(section.number("beta_fast")) ?? 32,
            betaSlow: try positive(section.number("beta_slow")) ?? 1,
            attentionFactor: stated ?? derived,
            truncates: try section.flag("truncate", default: true))
    }

    /// DeepSeek's two factors, which count only together; nil leaves the amplitude to the paper's rule.
    private static func amplitude(_ section: ConfigurationReader, _ factor: Double) throws(ComputeError) -> Double? {
        guard let above = try positive(section.number("mscale")),
            let below = try positive(section.number("mscale_all_dim"))
        else { return nil }
        return amplitude(factor, scale: above) / amplitude(factor, scale: below)
    }

    /// Zero means absent.
    private static func positive(_ number: Double?) -> Double? { number == 0 ? nil : number }
}

// MARK: - Writing

extension RotaryPosition {
    /// Longest segment of a model whose `max_position_embeddings` is `context`: dynamic scaling begins behind it and
    /// is meant to reach `factor` times as far.
    func reach(of context: Int) -> Int {
        guard case .dynamic(let factor, _) = scaling else { return context }
        return Int(min(max(factor, 1) * Double(context), 0x1p22))
    }

    /// `max_position_embeddings` of a model that accepts `contextLength`.
    func statedContext(_ contextLength: Int) -> Int {
        guard case .dynamic(_, let originalContext) = scaling else { return contextLength }
        return originalContext
    }

    /// The old spelling, which every release of `transformers` reads.
    var configuration: [JSONMember] {
        [JSONMember("rope_theta", number: base), JSONMember("rope_scaling", scalingConfiguration)]
    }

    private var scalingConfiguration: JSONValue {
        func section(_ type: String, _ factor: Double, _ rest: [JSONMember] = []) -> JSONValue {
            .object([JSONMember("rope_type", .string(type)), JSONMember("factor", number: factor)] + rest)
        }
        switch scaling {
        case .none: return .null
        case .linear(let factor): return section("linear", factor)
        case .dynamic(let factor, _): return section("dynamic", factor)
        case .llama3(let factor, let low, let high, let context):
            return section(
                "llama3", factor,
                [
                    JSONMember("low_freq_factor", number: low), JSONMember("high_freq_factor", number: high),
                    JSONMember(Self.original, .integer(context)),
                ])
        case .yarn(let yarn):
            var rest = [
                JSONMember(Self.original, .integer(yarn.originalContext)),
                JSONMember("beta_fast", number: yarn.betaFast), JSONMember("beta_slow", number: yarn.betaSlow),
                JSONMember("truncate", .bool(yarn.truncates)),
            ]
            if let factor = yarn.attentionFactor { rest.append(JSONMember("attention_factor", number: factor)) }
            return section("yarn", yarn.factor, rest)
        }
    }
}
