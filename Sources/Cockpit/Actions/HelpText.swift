/// What the help overlay says, made from the keymap.
struct HelpSection: Equatable, Sendable {
    struct Line: Equatable, Sendable {
        var key: String
        var text: String
    }

    var title: String
    var lines: [Line]
}

extension HelpOverlay {
    /// The actions whose title or key fits what was typed, the focused scope first.
    func matches(in scopes: [Scope]) -> [Action] {
        let query = search.text.lowercased()
        let actions = scopes.flatMap(Keymap.actions(in:))
        guard !query.isEmpty else { return actions }
        return actions
            .compactMap { action in FuzzyMatch.score(query, in: action.title).map { ($0, action) } }
            .enumerated().sorted { ($1.element.0, $0.offset) < ($0.element.0, $1.offset) }.map(\.element.1)
    }

    /// The sections for the scopes in force, then the mouse, then the words used on the screens.
    static func sections(for scopes: [Scope]) -> [HelpSection] {
        scopes.map { scope in
            HelpSection(title: scope.title, lines: Keymap.actions(in: scope).filter(isListed).map { action in
                HelpSection.Line(key: label(of: action), text: action.title)
            })
        } + [mouse, definitions]
    }

    /// Ten lines for ten digits would tell less than one.
    private static func isListed(_ action: Action) -> Bool { (action.id.jumpShare ?? 0) == 0 }

    private static func label(of action: Action) -> String {
        if action.id.jumpShare != nil { return action.keyLabel }
        return action.keys.map(\.description).joined(separator: " ")
    }

    private static let mouse = HelpSection(
        title: "Mouse",
        lines: [
            HelpSection.Line(key: "click", text: "focus the pane, select, scrub"),
            HelpSection.Line(key: "wheel", text: "scroll lists, zoom charts"),
            HelpSection.Line(key: "shift", text: "the terminal's own selection"),
        ])

    private static let definitions = HelpSection(
        title: "Definitions",
        lines: [
            HelpSection.Line(key: "busy", text: "share of the window in which the MFC has a span (their union)"),
            HelpSection.Line(key: "bubble", text: "1 − busy of all MFCs of the worker together"),
            HelpSection.Line(key: "staleness", text: "weight version now − version that generated the sample"),
            HelpSection.Line(key: "ema", text: "debiased moving average; the raw range stays dim behind it"),
            HelpSection.Line(key: "hb", text: "time between a worker's last report and the newest record"),
        ])
}
