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
