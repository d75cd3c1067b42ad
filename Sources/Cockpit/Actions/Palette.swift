/// What the palette offers: every action by name, the themes, and steps to go to.
enum Palette {
    enum Deed: Equatable, Sendable {
        case action(ActionID)
        case theme(String)
        case step(Int)
    }

    struct Entry: Equatable, Sendable {
        var title: String
        var keys: String
        var scope: String
        /// Why it cannot be done now.
        var disabled: String?
        var deed: Deed
    }

    /// The entries that match what was typed, best first; of the same quality those that can be done now come first.
    static func entries(for text: String, in state: AppState) -> [Entry] {
        let query = text.trimmingPrefix(while: { $0 == " " || $0 == ":" }).lowercased()
        if let step = goTo(query) {
            return [Entry(title: "go to step \(step)", keys: "", scope: "Replay", disabled: nil, deed: .step(step))]
        }
        return all(in: state)
            .compactMap { entry in FuzzyMatch.score(query, in: "\(entry.title) \(entry.scope)").map { ($0, entry) } }
            .enumerated()
            .sorted { left, right in
                let (l, r) = (left.element, right.element)
                if l.0 != r.0 { return l.0 > r.0 }
                if (l.1.disabled == nil) != (r.1.disabled == nil) { return l.1.disabled == nil }
                return left.offset < right.offset
            }
            .map(\.element.1)
    }

    /// All entries: each action once, with the keys of the most special scope in force that has it, less those that
    /// mean something else here.
    static func all(in state: AppState) -> [Entry] {
        let scopes = state.scopes
        var seen: Set<ActionID> = []
        let ordered = scopes.flatMap(Keymap.actions(in:)) + Keymap.actions
        let actions = ordered.filter { seen.insert($0.id).inserted }.map { action in
            Entry(
                title: action.title,
                keys: Keymap.keys(of: action, in: scopes).map(\.description).joined(separator: " "),
                scope: action.scope.title,
                disabled: scopes.contains(action.scope)
                    ? Availability.reason(against: action.id, in: state) : "not on this screen",
                deed: .action(action.id))
        }
        let themes = state.themes.map {
            Entry(title: "theme \($0)", keys: "", scope: "Theme", disabled: nil, deed: .theme($0))
        }
        return actions + themes
    }

    private static func goTo(_ query: String) -> Int? {
        let words = query.split(separator: " ").filter { !["goto", "go", "to", "step"].contains($0) }
        guard query.hasPrefix("go") || query.hasPrefix("step"), words.count == 1 else { return nil }
        return Int(words[0]).flatMap { $0 >= 0 ? $0 : nil }
    }
}

/// Whether the letters of a query occur in order, and how well.
enum FuzzyMatch {
    /// Higher is better; nil when a letter is missing. Whole words and word starts count most.
    static func score(_ query: String, in text: String) -> Int? {
        guard !query.isEmpty else { return 0 }
        let letters = Array(text.lowercased())
        var position = 0
        var score = 0
        var previous = -2
        for wanted in query where wanted != " " {
            guard let found = letters[position...].firstIndex(of: wanted) else { return nil }
            if found == previous + 1 { score += 5 }
            if found == 0 || letters[found - 1] == " " || letters[found - 1] == "-" { score += 4 }
            score -= min(3, found - position)
            previous = found
            position = found + 1
        }
        if text.lowercased().hasPrefix(query) { score += 20 }
        return score
    }
}
