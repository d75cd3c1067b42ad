/// The one table of keys.
enum Keymap {
    static let actions: [Action] = global + panels + trials + run + charts + timeline + workers + logs + replay + form

    /// What a key does where these scopes are in force, the most special scope first.
    static func action(for stroke: KeyStroke, in scopes: [Scope]) -> ActionID? {
        for scope in scopes {
            if let found = byKey[Binding(scope: scope, stroke: stroke)] { return found }
        }
        return nil
    }

    /// The entries of one scope in table order.
    static func actions(in scope: Scope) -> [Action] { actions.filter { $0.scope == scope } }

    /// The keys of an entry that do it where these scopes are in force: those that no more special scope has taken, or
    /// all of them where its own scope is not in force.
    static func keys(of entry: Action, in scopes: [Scope]) -> [KeyStroke] {
        guard scopes.contains(entry.scope) else { return entry.keys }
        return entry.keys.filter { action(for: $0, in: scopes) == entry.id }
    }

    private struct Binding: Hashable {
        var scope: Scope
        var stroke: KeyStroke
    }

    private static let byKey: [Binding: ActionID] = {
        var table: [Binding: ActionID] = [:]
        for action in actions {
            for key in action.keys { table[Binding(scope: action.scope, stroke: key)] = action.id }
        }
        return table
    }()

    // MARK: The table

    private static func key(_ character: Character) -> KeyStroke { KeyStroke(character) }

    private static let global: [Action] = [
        Action(.help, "this help", hint: "help", scope: .global, keys: [key("?"), KeyStroke(.function(1))]),
        Action(.palette, "command palette", hint: "palette", scope: .global, keys: [key(":"), .control("p")]),
        Action(.filter, "filter this pane", hint: "filter", scope: .global, keys: [key("/")]),
        Action(.nextPane, "next pane", hint: "pane", scope: .global, keys: [KeyStroke(.tab)]),
        Action(.previousPane, "previous pane", scope: .global, keys: [KeyStroke(.tab, .shift)]),
        Action(.zoomPane, "zoom the pane to the full screen and back", hint: "zoom", scope: .global, keys: [key("z")]),
        Action(.showTrials, "go to the trials list", scope: .global, keys: [key("1")]),
        Action(.showDashboard, "go to the dashboard", scope: .global, keys: [key("2")]),
        Action(.up, "up", scope: .global, keys: [key("k"), KeyStroke(.up)]),
        Action(.down, "down", scope: .global, keys: [key("j"), KeyStroke(.down)]),
        Action(.left, "left", scope: .global, keys: [key("h"), KeyStroke(.left)]),
        Action(.right, "right", scope: .global, keys: [key("l"), KeyStroke(.right)]),
        Action(.pageUp, "page up", scope: .global, keys: [KeyStroke(.pageUp), .control("u")]),
        Action(.pageDown, "page down", scope: .global, keys: [KeyStroke(.pageDown), .control("d")]),
        Action(.top, "to the top", scope: .global, keys: [key("g"), KeyStroke(.home)]),
        Action(.bottom, "to the bottom", scope: .global, keys: [key("G"), KeyStroke(.end)]),
        Action(.enter, "go in", hint: "open", scope: .global, keys: [KeyStroke(.enter)]),
        Action(.escape, "come out, clear the filter", scope: .global, keys: [KeyStroke(.escape)], keyLabel: "esc"),
        Action(.nextTheme, "next theme", hint: "theme", scope: .global, keys: [key("t")]),
        Action(.themeList, "choose a theme", scope: .global, keys: [key("T")]),
        Action(.copy, "copy what is selected", scope: .global, keys: [key("y")]),
        Action(.export, "write this screen as a picture", scope: .global, keys: [key("e")]),
        Action(.freeze, "freeze the display; recording goes on", hint: "freeze", scope: .global, keys: [key("p")]),
        Action(.repaint, "repaint", scope: .global, keys: [.control("l")]),
        Action(.mouse, "mouse capture on or off", scope: .global, keys: [key("m")]),
        Action(.suspend, "suspend to the shell", scope: .global, keys: [.control("z")]),
        Action(.back, "back, on the top screen detach", hint: "back", scope: .global, keys: [key("q")]),
        Action(.interrupt, "back; twice leaves; never touches workers", scope: .global, keys: [.control("c")]),
    ]

    private static let panels: [Action] = ActionID.allCases.compactMap { id in
        guard let place = id.panelPlace, Panels.all.indices.contains(place) else { return nil }
        let pane = Panels.all[place].id
        let keys = Panels.digit(of: pane).map { [KeyStroke($0)] } ?? []
        return Action(id, "go to the \(pane.name)", scope: .global, keys: keys)
    }

    private static let trials: [Action] = [
        Action(.newTrial, "launch a new trial", hint: "new", scope: .trials, keys: [key("N"), key("n")]),
        Action(.enter, "open the trial", hint: "open", scope: .trials, keys: [KeyStroke(.enter)]),
        Action(.replay, "replay the trial from its start", hint: "replay", scope: .trials, keys: [key("r")]),
        Action(.stopTrial, "stop the trial", hint: "stop", scope: .trials, keys: [key("s")], danger: .asksFirst),
        Action(
            .relaunch, "resume the trial, or relaunch it with edits", hint: "relaunch", scope: .trials,
            keys: [key("R")], danger: .asksFirst),
        Action(.sort, "sort by the next column", hint: "sort", scope: .trials, keys: [key("o")]),
    ]

    private static let run: [Action] = [
        Action(.stopTrial, "stop the trial", hint: "stop", scope: .run, keys: [key("s")], danger: .asksFirst),
        Action(.pauseTrial, "pause the trial, or let it go on", scope: .run, keys: [key("P")], danger: .asksFirst),
        Action(
            .relaunch, "resume the trial, or relaunch it with edits", scope: .run, keys: [key("R")],
            danger: .asksFirst),
        Action(.replay, "replay from the start", hint: "replay", scope: .run, keys: [key("r")]),
        Action(.saveNow, "save a checkpoint now", scope: .run, keys: [.control("s")]),
        Action(.evaluateNow, "evaluate now", scope: .run, keys: [.control("e")]),
        Action(.jumpToEnd, "follow the newest record", scope: .run, keys: [key("E")]),
        Action(.stepBack, "one step back in time", scope: .run, keys: [key("[")]),
        Action(.stepForward, "one step forward in time", scope: .run, keys: [key("]")]),
    ]

    private static let charts: [Action] = [
        Action(.zoomIn, "zoom in", hint: "zoom", scope: .charts, keys: [key("+")], keyLabel: "+ -"),
        Action(.zoomOut, "zoom out", scope: .charts, keys: [key("-")]),
        Action(.fit, "fit the whole curve", scope: .charts, keys: [key("=")]),
        Action(.panLeft, "pan left", hint: "pan", scope: .charts, keys: [key("H")], keyLabel: "H L"),
        Action(.panRight, "pan right", scope: .charts, keys: [key("L")]),
        Action(.smoothMore, "smooth more", hint: "smooth", scope: .charts, keys: [key("S")], keyLabel: "S s"),
        Action(.smoothLess, "smooth less", scope: .charts, keys: [key("s")]),
        Action(.logarithmic, "logarithmic axis", hint: "log", scope: .charts, keys: [key("Y")]),
        Action(.follow, "follow the newest steps", scope: .charts, keys: [key("F")]),
    ]

    private static let timeline: [Action] = [
        Action(.zoomIn, "zoom in", hint: "zoom", scope: .timeline, keys: [key("+"), key("=")], keyLabel: "+ -"),
        Action(.zoomOut, "zoom out", scope: .timeline, keys: [key("-")]),
        Action(.panLeft, "pan to earlier", hint: "pan", scope: .timeline, keys: [key("H")], keyLabel: "H L"),
        Action(.panRight, "pan to later", scope: .timeline, keys: [key("L")]),
        Action(
            .down, "next lane", hint: "lane", scope: .timeline, keys: [key("j"), KeyStroke(.down)], keyLabel: "j k"),
        Action(.up, "previous lane", scope: .timeline, keys: [key("k"), KeyStroke(.up)]),
        Action(
            .left, "previous span", hint: "span", scope: .timeline, keys: [key("h"), KeyStroke(.left)],
            keyLabel: "h l"),
        Action(.right, "next span", scope: .timeline, keys: [key("l"), KeyStroke(.right)]),
        Action(.stepBack, "previous step", hint: "step", scope: .timeline, keys: [key("[")], keyLabel: "[ ]"),
        Action(.stepForward, "next step", scope: .timeline, keys: [key("]")]),
        Action(.wholeRun, "the whole run", hint: "all", scope: .timeline, keys: [key("0")]),
        Action(.follow, "back to the newest spans", scope: .timeline, keys: [key("F")]),
        Action(.idleShading, "show or hide idle dots", scope: .timeline, keys: [key("I")]),
        Action(.enter, "span details, full screen", hint: "details", scope: .timeline, keys: [KeyStroke(.enter)]),
    ]

    private static let workers: [Action] = [
        Action(
            .killWorker, "kill the worker; the trial recovers by itself", hint: "kill", scope: .workers,
            keys: [key("K")], danger: .asksFirst),
        Action(.enter, "show this worker's log", hint: "its log", scope: .workers, keys: [KeyStroke(.enter)]),
    ]

    private static let logs: [Action] = [
        Action(.follow, "follow the newest lines", hint: "follow", scope: .logs, keys: [key("f")]),
        Action(.wrap, "wrap long lines", hint: "wrap", scope: .logs, keys: [key("w")]),
        Action(.level, "raise the lowest level shown", hint: "level", scope: .logs, keys: [key("v")]),
        Action(.chooseWorker, "only the next worker's lines", hint: "worker", scope: .logs, keys: [key("W")]),
        Action(.copy, "copy the line", hint: "copy", scope: .logs, keys: [key("y")]),
    ]

    private static let replay: [Action] =
        [
            Action(.playPause, "play or pause", hint: "play/pause", scope: .replay, keys: [key(" ")]),
            Action(.eventBack, "one event back", hint: "event", scope: .replay, keys: [key(",")], keyLabel: ", ."),
            Action(.eventForward, "one event forward", scope: .replay, keys: [key(".")]),
            Action(.stepBack, "one step back", hint: "step", scope: .replay, keys: [key("[")], keyLabel: "[ ]"),
            Action(.stepForward, "one step forward", scope: .replay, keys: [key("]")]),
            Action(.slower, "slower", hint: "speed", scope: .replay, keys: [key("<")], keyLabel: "< >"),
            Action(.faster, "faster", scope: .replay, keys: [key(">")]),
            Action(.jumpToEnd, "jump to the end, or to live", hint: "end", scope: .replay, keys: [key("E")]),
        ] + jumps

    private static let jumps: [Action] = ActionID.allCases.compactMap { id in
        guard let share = id.jumpShare else { return nil }
        let digit = Int((share * 10).rounded())
        return Action(
            id, "jump to \(digit * 10) % of the run", hint: digit == 1 ? "jump" : "", scope: .replay,
            keys: [KeyStroke(Character("\(digit)"))], keyLabel: digit == 1 ? "1-9" : nil)
    }

    private static let form: [Action] = [
        Action(
            .nextField, "next field", hint: "field", scope: .form, keys: [KeyStroke(.tab), KeyStroke(.down)],
            keyLabel: "tab"),
        Action(.filter, "find a setting", hint: "find", scope: .form, keys: [key("/"), .control("f")], keyLabel: "/"),
        Action(.previousField, "previous field", scope: .form, keys: [KeyStroke(.tab, .shift), KeyStroke(.up)]),
        Action(
            .enter, "edit the field, as typing does; then take it", hint: "edit", scope: .form,
            keys: [KeyStroke(.enter)]),
        Action(.cycleValue, "next choice", hint: "choice", scope: .form, keys: [key(" ")]),
        Action(.launch, "launch the trial", hint: "launch", scope: .form, keys: [.control("s")]),
        Action(.resetField, "back to the default", hint: "reset", scope: .form, keys: [.control("r")]),
        Action(.onlyChanged, "show only what was changed", hint: "only changed", scope: .form, keys: [.control("o")]),
        Action(.copyCommand, "copy the equal command line", hint: "copy command", scope: .form, keys: [.control("y")]),
        Action(
            .cancelForm, "leave without launching", hint: "leave", scope: .form,
            keys: [KeyStroke(.escape)], keyLabel: "esc"),
    ]
}
