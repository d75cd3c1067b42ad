import Protocol
import Store

extension Reducer {
    static func takeKey(_ state: inout AppState, _ stroke: KeyStroke, over overlay: Overlay, now: Int64) -> [Effect] {
        switch overlay {
        case .help(let help): return takeHelpKey(&state, stroke, help, now: now)
        case .palette(let palette): return takePaletteKey(&state, stroke, palette, now: now)
        case .themes(let themes):
            takeThemesKey(&state, stroke, themes)
            return []
        case .confirm(let confirmation): return takeAnswerKey(&state, stroke, confirmation, now: now)
        }
    }

    /// Puts an overlay away as esc does.
    static func closeOverlay(_ state: inout AppState) {
        if case .themes(let themes) = state.overlay { state.theme = themes.original }
        state.overlay = nil
    }

    // MARK: Questions

    /// Only `y` says yes; every other key is the No that is selected from the start.
    private static func takeAnswerKey(
        _ state: inout AppState, _ stroke: KeyStroke, _ confirmation: Confirmation, now: Int64
    ) -> [Effect] {
        guard confirmation.isReadable(now: now) || stroke.key == .escape else { return [] }
        state.overlay = nil
        guard stroke == KeyStroke("y") else {
            toast(&state, "nothing was done", now: now)
            return []
        }
        switch confirmation.consequence {
        case .command(let kind, let worker, let trial):
            toast(&state, "asked \(trial) to \(kind.phrase)…", now: now)
            return [.command(kind, worker, trial)]
        case .launch(let draft):
            toast(&state, "starting \(draft.experiment)/\(draft.trial)…", now: now)
            return [.launch(draft)]
        case .leaveForm:
            leaveForm(&state)
            return []
        }
    }

    // MARK: Help

    private static func takeHelpKey(
        _ state: inout AppState, _ stroke: KeyStroke, _ help: HelpOverlay, now: Int64
    ) -> [Effect] {
        var help = help
        let last = HelpLayout(size: state.size, scopes: state.scopes).lastScroll
        switch stroke.key {
        case .escape, .function(1):
            state.overlay = nil
            return []
        case .character("?") where help.search.text.isEmpty, .character("q") where help.search.text.isEmpty:
            state.overlay = nil
            return []
        case .enter:
            guard let first = help.matches(in: state.scopes).first, !help.search.text.isEmpty else { return [] }
            state.overlay = nil
            return perform(&state, first.id, now: now)
        case .up: help.scroll = max(0, min(help.scroll, last) - 1)
        case .down: help.scroll = min(last, help.scroll + 1)
        case .pageUp: help.scroll = max(0, min(help.scroll, last) - 10)
        case .pageDown: help.scroll = min(last, help.scroll + 10)
        default: if help.search.handle(stroke) { help.scroll = 0 }
        }
        state.overlay = .help(help)
        return []
    }

    // MARK: Palette

    private static func takePaletteKey(
        _ state: inout AppState, _ stroke: KeyStroke, _ palette: PaletteOverlay, now: Int64
    ) -> [Effect] {
        var palette = palette
        let entries = Palette.entries(for: palette.input.text, in: state)
        switch stroke.key {
        case .escape:
            state.overlay = nil
            return []
        case .up: palette.selected = max(0, palette.selected - 1)
        case .down, .tab: palette.selected = min(max(0, entries.count - 1), palette.selected + 1)
        case .backspace where palette.input.text.isEmpty:
            state.overlay = nil
            return []
        case .enter:
            guard entries.indices.contains(palette.selected) else { return [] }
            state.overlay = nil
            return run(&state, entries[palette.selected], now: now)
        default: if palette.input.handle(stroke) { palette.selected = 0 }
        }
        state.overlay = .palette(palette)
        return []
    }

    private static func run(_ state: inout AppState, _ entry: Palette.Entry, now: Int64) -> [Effect] {
        if let reason = entry.disabled {
            toast(&state, reason, .warning, now: now)
            return []
        }
        switch entry.deed {
        case .action(let id):
            return perform(&state, id, now: now)
        case .theme(let name):
            state.theme = name
            return []
        case .step(let step):
            return goTo(state, step: step)
        }
    }

    // MARK: Themes

    private static func takeThemesKey(_ state: inout AppState, _ stroke: KeyStroke, _ themes: ThemesOverlay) {
        var themes = themes
        let last = state.themes.count - 1
        switch stroke.key {
        case .escape, .character("q"):
            closeOverlay(&state)
            return
        case .enter:
            state.overlay = nil
            return
        case .up, .character("k"): themes.selected = max(0, themes.selected - 1)
        case .down, .character("j"): themes.selected = min(max(0, last), themes.selected + 1)
        default: return
        }
        if state.themes.indices.contains(themes.selected) { state.theme = state.themes[themes.selected] }
        state.overlay = .themes(themes)
    }

    // MARK: Filters

    static func beginFilter(_ state: inout AppState) {
        if state.screen == .launch, let form = state.form {
            state.filterInput = FilterInput(target: .form, field: TextField(form.filter))
        } else if state.screen == .trials {
            state.filterInput = FilterInput(target: .trials, field: TextField(state.trials.filter))
        } else if let run = state.run, state.screen == .dashboard,
            let filter = Panels.panel(run.focus).filter(in: run)
        {
            state.filterInput = FilterInput(target: .panel(run.focus), field: TextField(filter))
        }
    }

    static func takeFilterKey(_ state: inout AppState, _ stroke: KeyStroke) {
        switch stroke.key {
        case .enter: state.filterInput = nil
        case .escape:
            state.filterInput?.field = TextField()
            applyFilter(&state)
            state.filterInput = nil
        default:
            guard state.filterInput?.field.handle(stroke) == true else { return }
            applyFilter(&state)
        }
    }

    static func applyFilter(_ state: inout AppState) {
        guard let input = state.filterInput else { return }
        switch input.target {
        case .form:
            state.form?.filter = input.field.text
            state.form?.focusFirstMatch()
        case .trials: state.trials.filter = input.field.text
        case .panel(let pane):
            guard var run = state.run else { return }
            Panels.panel(pane).setFilter(input.field.text, in: &run)
            state.run = run
        }
    }
}

extension TrialCommandKind {
    /// The command as part of a sentence: "asked … to stop".
    var phrase: String {
        switch self {
        case .stop: "stop"
        case .pause: "pause"
        case .resume: "go on"
        case .saveNow: "save a checkpoint"
        case .evaluateNow: "evaluate"
        case .killWorker: "kill a worker"
        case .status: "report"
        }
    }
}
