/// How a terminal is going to be driven, decided from the environment alone.
struct TerminalPlan: Hashable, Sendable {
    /// The terminfo entries to try, best first.
    var types: [String]

    /// The most colours to use; the entry that opens may have fewer.
    var depth: ColorDepth
    var repertoire: Glyphs.Repertoire

    /// Whether the terminal may be asked for synchronized output.
    var asksForSynchronizedOutput: Bool

    /// Milliseconds after which an ESC alone is the key.
    var escapeDelay = 25

    /// Decides, or says why the dashboard cannot run here.
    static func decide(environment: [String: String], isTerminal: Bool) throws(TerminalError) -> TerminalPlan {
        guard isTerminal else {
            throw TerminalError(
                code: .notATerminal, message: "The dashboard needs a terminal for input and output",
                hint: "Use 'cockpit list', 'cockpit show' or 'cockpit start --headless' in scripts")
        }
        let type = environment["TERM"] ?? ""
        guard !type.isEmpty, type != "dumb" else {
            throw TerminalError(
                code: .dumb,
                message: type.isEmpty ? "TERM is not set" : "TERM=dumb cannot show the dashboard",
                hint: "Set TERM to your terminal's type, for example TERM=xterm-256color")
        }
        return TerminalPlan(
            types: types(type, environment: environment),
            depth: environment["NO_COLOR", default: ""].isEmpty ? .trueColor : .mono,
            repertoire: repertoire(type, environment: environment),
            asksForSynchronizedOutput: environment["COCKPIT_SYNC"] != "0" && type != "linux",
            escapeDelay: escapeDelay(environment))
    }

    /// What `ESCDELAY` says, as for every program on ncurses. Otherwise short where the keyboard is here, and long
    /// enough for a line that cuts sequences where it is not.
    private static func escapeDelay(_ environment: [String: String]) -> Int {
        if let wanted = environment["ESCDELAY"].flatMap({ Int($0) }), (0...10_000).contains(wanted) { return wanted }
        let isRemote = ["SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT"].contains { !environment[$0, default: ""].isEmpty }
        return isRemote ? 150 : 25
    }

    /// What a person may expect of it, in words. `colors` tells how many a terminfo entry promises; nil where there is
    /// no such entry.
    func abilities(colors: (String) -> Int?) -> String {
        let shown: String
        switch (depth, types.first) {
        case (.mono, _): shown = "no colour (NO_COLOR)"
        case (_, "cockpit-direct"): shown = "24-bit colour"
        default:
            switch types.lazy.compactMap(colors).first {
            case nil: shown = "no terminfo entry: install ncurses-term, or set TERM=xterm-256color"
            case .some(let count) where count >= 256:
                shown = "256 colours (COLORTERM=truecolor says when there are more)"
            case .some(let count) where count >= 8: shown = "\(count) colours, kept readable on black and on white"
            case .some: shown = "no colour"
            }
        }
        let characters = repertoire == .unicode ? "Unicode" : "ASCII only"
        return "\(shown), \(characters), ESC alone after \(escapeDelay) ms"
    }

    /// A 24-bit entry first where the terminal says that it can, the built-in one or an installed one; then its own
    /// entry; then the nearest common one.
    private static func types(_ type: String, environment: [String: String]) -> [String] {
        var types: [String] = []
        let isMultiplexer = type.hasPrefix("tmux") || type.hasPrefix("screen")
        let noColor = !environment["NO_COLOR", default: ""].isEmpty
        // GNU screen hands on the COLORTERM of the terminal around it, and before version 5 garbles 24-bit colours.
        let isGNUScreen = !environment["STY", default: ""].isEmpty && environment["TMUX", default: ""].isEmpty
        if isGNUScreen, type.hasPrefix("screen") {
            types.append(type.contains("256color") ? type : "screen-256color")
        } else if ["truecolor", "24bit"].contains(environment["COLORTERM"] ?? ""), !noColor {
            types += ["cockpit-direct", isMultiplexer ? "tmux-direct" : "xterm-direct"]
        }
        types.append(type)
        // New terminals often come with an entry that the remote machine lacks, and all of them speak xterm.
        if isMultiplexer { types += ["tmux-256color", "screen-256color"] }
        let isXtermLike = ["xterm", "alacritty", "foot", "kitty", "wezterm", "ghostty", "rio", "st"].contains {
            type.hasPrefix($0)
        }
        if isXtermLike || isMultiplexer { types += ["xterm-256color", "xterm"] }
        var seen: Set<String> = []
        return types.filter { seen.insert($0).inserted }
    }

    /// Unicode unless the person (`--ascii`, `COCKPIT_ASCII`), the locale or the terminal says otherwise. No locale at all says nothing.
    private static func repertoire(_ type: String, environment: [String: String]) -> Glyphs.Repertoire {
        if type == "linux" || !environment["COCKPIT_ASCII", default: ""].isEmpty { return .ascii }
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { environment[$0] }.first { !$0.isEmpty }
        guard let locale else { return .unicode }
        let name = locale.lowercased()
        return name.contains("utf-8") || name.contains("utf8") ? .unicode : .ascii
    }
}
