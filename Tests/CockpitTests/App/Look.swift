import Protocol

@testable import Cockpit

/// A state and effects in a few words, so that a story's expectations can be read.
enum Look {
    /// `trials>dashboard charts full replay 400s [stop?] "message"`
    static func of(_ state: AppState) -> String {
        var words = [state.screens.map { "\($0)" }.joined(separator: ">")]
        if let run = state.run, state.screen == .dashboard || state.screen == .timeline {
            words.append("\(run.focus)" + (run.isZoomed ? " full" : ""))
            words += transport(run.transport)
        }
        if let form = state.form { words.append(row(form.focusedRow) + (form.editing.map { "=\($0.text)" } ?? "")) }
        if let input = state.filterInput { words.append("/\(target(input.target)):\(input.field.text)") }
        words += overlay(state.overlay)
        if state.isFrozen { words.append("frozen") }
        if let toast = state.toasts.last { words.append("\"\(toast.text)\"") }
        return words.joined(separator: " ")
    }

    private static func transport(_ transport: Transport) -> [String] {
        switch transport.mode {
        case .following: []
        case .paused(let time): ["at \(time / 1_000_000_000)s"]
        case .playing(let from, _): ["plays from \(from / 1_000_000_000)s x\(ShortNumber.text(transport.speed))"]
        }
    }

    private static func target(_ target: FilterInput.Target) -> String {
        switch target {
        case .trials: "trials"
        case .form: "form"
        case .panel(let pane): pane.name
        }
    }

    private static func row(_ row: LaunchForm.Row) -> String {
        switch row {
        case .experiment: "experiment"
        case .trial: "trial"
        case .group(let name): "<\(name)>"
        case .setting(let path): path
        }
    }

    private static func overlay(_ overlay: Overlay?) -> [String] {
        switch overlay {
        case .help(let help): ["[help \(help.search.text)]"]
        case .palette(let palette): ["[palette \(palette.input.text)]"]
        case .themes(let themes): ["[theme \(themes.selected)]"]
        case .confirm(let confirmation): ["[\(confirmation.question)]"]
        case nil: []
        }
    }

    /// Effects other than those that say what to read.
    static func of(_ effects: [Effect]) -> [String] {
        effects.compactMap { effect in
            switch effect {
            case .watch, .listTrials: nil
            case .seek(_, let direction, let from, let stop): "seek \(stop) \(direction) from \(from / 1_000_000_000)s"
            case .seekStep(_, let step): "seek step \(step)"
            case .loadExperiments: "load experiments"
            case .checkLaunch(let draft): "check \(draft.commandLine.dropFirst(17))"
            case .launch(let draft): "launch \(draft.commandLine.dropFirst(17))"
            case .command(let kind, let worker, let trial):
                "\(kind.rawValue) \(trial)" + (worker.map { " \($0)" } ?? "")
            case .copy(let text): "copy \(text)"
            case .export(let name): "export \(name)"
            case .setMouse(let capture): "mouse \(capture)"
            case .completePath(let path): "complete \(path)"
            case .repaint: "repaint"
            case .suspend: "suspend"
            case .quit(let farewell): farewell.isEmpty ? "quit" : "quit: \(farewell)"
            }
        }
    }

    /// Presses keys named as in the help, with blanks between: `ctrl-c`, `enter`, `PgDn`, `x`.
    static func press(_ keys: String, on state: inout AppState, now: Int64 = 0) -> [String] {
        keys.split(separator: " ").flatMap { key in
            of(ScreenPicture.press(stroke(String(key)), on: &state, now: now))
        }
    }

    private static let named: [String: KeyStroke] = {
        let others: [Key] = [
            .enter, .tab, .escape, .backspace, .delete, .up, .down, .left, .right, .home, .end, .pageUp, .pageDown,
            .function(1), .character(" "),
        ]
        var table = [String: KeyStroke]()
        for key in others {
            table[KeyStroke(key).description] = KeyStroke(key)
            table[KeyStroke(key, .shift).description] = KeyStroke(key, .shift)
        }
        for (name, key) in [("up", Key.up), ("down", .down), ("left", .left), ("right", .right)] {
            table[name] = KeyStroke(key)
        }
        for letter in "abcdefghijklmnopqrstuvwxyz" { table["ctrl-\(letter)"] = .control(letter) }
        return table
    }()

    static func stroke(_ name: String) -> KeyStroke { named[name] ?? KeyStroke(Character(name)) }
}
