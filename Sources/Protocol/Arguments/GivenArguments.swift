/// Values that a plan gives to declared arguments. Those it does not give have their declared defaults.
package struct GivenArguments: Sendable, Equatable, ExpressibleByDictionaryLiteral {
    /// The group of settings a person gives them in: the argument `eps_clip` of group `grpo` is the setting
    /// `grpo.eps_clip`. Empty where no settings stand behind them.
    package var group: String
    package var values: [String: SettingValue]

    package init(_ values: [String: SettingValue] = [:], group: String = "") {
        self.values = values
        self.group = group
    }

    package init(dictionaryLiteral elements: (String, SettingValue)...) {
        self.init(Dictionary(elements) { _, last in last })
    }

    package subscript(name: String) -> SettingValue? {
        get { values[name] }
        set { values[name] = newValue }
    }
}

/// Kind by kind, because JSON does not tell 1.0 from 1.
extension GivenArguments: Codable {
    private struct Coded: Codable {
        var group: String
        var integers: [String: Int] = [:]
        var numbers: [String: Double] = [:]
        var texts: [String: String] = [:]
        var booleans: [String: Bool] = [:]
    }

    package init(from decoder: any Decoder) throws {
        let coded = try Coded(from: decoder)
        group = coded.group
        values = coded.integers.mapValues { .integer($0) }
        values.merge(coded.numbers.mapValues { .number($0) }) { $1 }
        values.merge(coded.texts.mapValues { .text($0) }) { $1 }
        values.merge(coded.booleans.mapValues { .boolean($0) }) { $1 }
    }

    package func encode(to encoder: any Encoder) throws {
        var coded = Coded(group: group)
        for (name, value) in values {
            switch value {
            case .integer(let value): coded.integers[name] = value
            case .number(let value): coded.numbers[name] = value
            case .text(let value): coded.texts[name] = value
            case .boolean(let value): coded.booleans[name] = value
            }
        }
        try coded.encode(to: encoder)
    }
}
