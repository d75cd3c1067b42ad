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
    /// The actions whose title or key fits what was typed, the focused scope first, each once.
    func matches(in scopes: [Scope]) -> [Action] {
        let query = search.text.lowercased()
        var seen: Set<ActionID> = []
        let actions = scopes.flatMap(Keymap.actions(in:)).filter { seen.insert($0.id).inserted }
        guard !query.isEmpty else { return actions }
        return
            actions
            .compactMap { action in FuzzyMatch.score(query, in: action.title).map { ($0, action) } }
            .enumerated().sorted { ($1.element.0, $0.offset) < ($0.element.0, $1.offset) }.map(\.element.1)
    }

    /// The sections for the scopes in force, then the mouse, then the words used on the screens.
    ///
    /// Actions and keys that a more special scope has taken over are left out below; pairs that belong together share a
    /// line.
    static func sections(for scopes: [Scope]) -> [HelpSection] {
        var seen: Set<ActionID> = []
        let keys = scopes.map { scope in
            let entries = Keymap.actions(in: scope).filter { !seen.contains($0.id) }
                .map { Entry(action: $0, keys: Keymap.keys(of: $0, in: scopes)) }.filter { !$0.keys.isEmpty }
            seen.formUnion(entries.map(\.action.id))
            return HelpSection(title: scope.title, lines: lines(of: entries))
        }
        return keys.filter { !$0.lines.isEmpty } + [mouse, definitions]
    }

    /// An action with the keys that do it here.
    private struct Entry {
        var action: Action
        var keys: [KeyStroke]

        var line: HelpSection.Line {
            HelpSection.Line(key: keys.map(\.description).joined(separator: " "), text: action.title)
        }
    }

    private static func lines(of entries: [Entry]) -> [HelpSection.Line] {
        var told: Set<ActionID> = []
        return entries.compactMap { entry in
            guard !told.contains(entry.action.id) else { return nil }
            guard let family = families.first(where: { $0.ids.contains(entry.action.id) }) else { return entry.line }
            let members = entries.filter { family.ids.contains($0.action.id) }
            told.formUnion(members.map(\.action.id))
            guard members.count > 1 else { return entry.line }
            return HelpSection.Line(
                key: family.label ?? members.map { $0.keys[0].description }.joined(separator: " "), text: family.text)
        }
    }

    /// Actions that read better on one line.
    private struct Family {
        var ids: [ActionID]
        var text: String
        /// Instead of the first key of each.
        var label: String?
    }

    private static let families: [Family] = [
        Family(ids: [.up, .down, .left, .right], text: "move; arrows too"),
        Family(ids: [.pageUp, .pageDown], text: "page up / down; ctrl-u ctrl-d"),
        Family(ids: [.top, .bottom], text: "to the top / bottom"),
        Family(ids: [.zoomIn, .zoomOut], text: "zoom in / out"),
        Family(ids: [.panLeft, .panRight], text: "pan earlier / later"),
        Family(ids: [.smoothMore, .smoothLess], text: "smooth more / less"),
        Family(ids: [.stepBack, .stepForward], text: "previous / next step"),
        Family(ids: [.eventBack, .eventForward], text: "previous / next event"),
        Family(ids: [.slower, .faster], text: "slower / faster"),
        Family(ids: [.nextPane, .previousPane], text: "next / previous pane"),
        Family(ids: [.nextField, .previousField], text: "next / previous field"),
        Family(ids: [.nextTheme, .themeList], text: "next theme / list of themes"),
        Family(
            ids: [.showTrials, .showDashboard] + ActionID.allCases.filter { $0.panelPlace != nil },
            text: (["trials", "dashboard"] + Panels.all.map(\.id.name)).joined(separator: ", "),
            label: "1-\(Panels.all.count + 2)"),
        Family(
            ids: ActionID.allCases.filter { $0.jumpShare != nil }, text: "jump to 0 to 90 % of the run", label: "0-9"),
    ]

    private static let mouse = HelpSection(
        title: "Mouse",
        lines: [
            HelpSection.Line(key: "click", text: "focus, select, scrub"),
            HelpSection.Line(key: "wheel", text: "scroll lists, zoom charts"),
            HelpSection.Line(key: "shift", text: "the terminal's own selection"),
        ])

    private static let definitions = HelpSection(
        title: "Definitions",
        lines: [
            HelpSection.Line(key: "busy", text: "union of the MFC's spans over the window"),
            HelpSection.Line(key: "bub", text: "bubble: 1 − busy of all MFCs of the worker"),
            HelpSection.Line(key: "age", text: "staleness: weight version now − version that generated the sample"),
            HelpSection.Line(key: "ema", text: "debiased moving average; the raw range stays dim behind it"),
            HelpSection.Line(key: "hb", text: "time since a worker's last heartbeat"),
            HelpSection.Line(key: "ver", text: "weight version: how many updates the model trained there has had"),
        ])
}
