/// Something a person can do; the same entry feeds dispatch, footer, help, palette and the documentation.
struct Action: Equatable, Sendable, Identifiable {
    enum Danger: Sendable {
        case harmless
        /// Asks first, with No as the default and `y` as the only way to say yes.
        case asksFirst
    }

    let id: ActionID
    /// A phrase for help and palette: "stop the trial".
    let title: String
    /// One or two words for the footer; empty where the footer never shows it.
    let hint: String
    let scope: Scope
    let keys: [KeyStroke]
    /// What footer and help print for the keys where several actions share one entry, such as `+ -`.
    let keyLabel: String
    let danger: Danger

    init(
        _ id: ActionID, _ title: String, hint: String = "", scope: Scope, keys: [KeyStroke], keyLabel: String? = nil,
        danger: Danger = .harmless
    ) {
        self.id = id
        self.title = title
        self.hint = hint
        self.scope = scope
        self.keys = keys
        self.keyLabel = keyLabel ?? keys.map(\.description).joined(separator: " ")
        self.danger = danger
    }
}
