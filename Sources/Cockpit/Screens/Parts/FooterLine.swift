import Protocol

/// The last line: a filter being typed, or the keys of the field or the pane that has the focus.
struct FooterLine {
    let state: AppState

    func render(in surface: inout Surface, area: Rect) {
        if let input = state.filterInput {
            surface.fill(area, background: .footerBackground)
            surface.write("/", x: area.x + 1, y: area.y, role: .key, attributes: .bold)
            input.field.render(
                in: &surface, area: Rect(x: area.x + 2, y: area.y, width: min(50, area.width - 30), height: 1))
            surface.write("enter keep  esc clear", x: area.maxX - 22, y: area.y, role: .dim)
            return
        }
        let typing = typingHints
        FooterHints(hints: typing ?? hints, trailing: typing == nil ? trailing : []).render(in: &surface, area: area)
    }

    /// While a field of the form takes the letters: the keys that type nothing. Nil elsewhere.
    private var typingHints: [FooterHints.Hint]? {
        guard state.screen == .launch, let form = state.form, let field = form.editing else { return nil }
        let tab = form.wantsCompletion(of: field.text) ? "complete" : "field"
        let others = Keymap.actions(in: .form).filter { !$0.hint.isEmpty && $0.keys.first?.modifiers == .control }
        return [FooterHints.Hint("tab", tab), FooterHints.Hint("enter esc", "end typing")]
            + others.map { FooterHints.Hint(Self.label(of: $0), $0.hint) }
    }

    /// A few keys of the pane first, then those that are wanted everywhere, then the rest; each action once, and no key
    /// that a more special scope has taken.
    private var hints: [FooterHints.Hint] {
        var taken: Set<KeyStroke> = []
        var seen: Set<ActionID> = []
        var usable: [Action] = []
        for scope in scopesByUse {
            for action in Keymap.actions(in: scope) {
                let isFree = action.keys.first.map { !taken.contains($0) } ?? false
                taken.formUnion(action.keys)
                guard isFree, !action.hint.isEmpty, !Self.atTheRight.contains(action.id),
                    seen.insert(action.id).inserted,
                    Availability.reason(against: action.id, in: state) == nil, suits(action)
                else { continue }
                usable.append(action)
            }
        }
        let own = usable.filter { $0.scope == scopesByUse.first }.prefix(state.size.width >= 100 ? 6 : 4)
        let common = Self.everywhere.compactMap { id in usable.first { $0.id == id && !own.contains($0) } }
        let first = state.screen == .launch ? usable : own + common
        return (first + usable.filter { !first.contains($0) }).map(hint)
    }

    /// What an action is called here: in some rows of the form its first key types, or it does what the row is for.
    private func hint(_ action: Action) -> FooterHints.Hint {
        let usual = FooterHints.Hint(Self.label(of: action), action.hint)
        guard state.screen == .launch, let form = state.form else { return usual }
        switch (action.id, form.focusedRow) {
        case (.filter, _) where form.takesSlash: return FooterHints.Hint("ctrl-f", action.hint)
        case (.enter, .group): return FooterHints.Hint(usual.key, "fold")
        default: return usual
        }
    }

    /// In a replay its controls matter more than those of the pane.
    private var scopesByUse: [Scope] {
        let scopes = state.scopes
        return scopes.contains(.replay) ? [.replay] + scopes.filter { $0 != .replay } : scopes
    }

    private static let everywhere: [ActionID] = [.nextPane, .zoomPane, .stopTrial, .palette, .filter, .relaunch]

    /// Keys that do nothing useful on this screen.
    private func suits(_ action: Action) -> Bool {
        switch action.id {
        case .nextPane, .zoomPane: state.screen == .dashboard
        case .cycleValue: state.form?.hasChoices == true
        case .resetField: state.form?.hasValue == true
        case .enter where action.scope == .global: false
        case .enter where state.screen == .timeline: state.run?.timeline.span == nil
        default: true
        }
    }

    private var trailing: [FooterHints.Hint] {
        var hints: [FooterHints.Hint] = []
        if let run = state.run, state.screen != .trials, state.screen != .launch, run.transport.isReplay {
            hints.append(FooterHints.Hint("E", isAlive ? "live" : "end"))
        }
        if state.screen == .launch {
            hints.append(FooterHints.Hint("esc", "leave"))
        } else {
            hints.append(FooterHints.Hint("?", "help"))
            hints.append(FooterHints.Hint("q", state.screens.count > 1 ? "back" : (isAlive ? "detach" : "quit")))
        }
        return hints
    }

    private var isAlive: Bool {
        state.run?.isAlive ?? (state.trials.items ?? []).contains { !$0.status.isTerminal }
    }

    private static let atTheRight: Set<ActionID> = [.help, .back, .jumpToEnd, .cancelForm]

    private static func label(of action: Action) -> String {
        // Several keys for one action would only take room; the first is the one to learn.
        action.keyLabel.contains(" ") && action.keys.count > 1
            && action.keyLabel == action.keys.map(\.description).joined(separator: " ")
            ? action.keys[0].description : action.keyLabel
    }
}
