/// How a terminal is going to be driven, decided from the environment alone.
struct TerminalPlan: Hashable, Sendable {
    /// The terminfo entries to try, best first.
    var types: [String]

    /// The most colours to use; the entry that opens may have fewer.
    var depth: ColorDepth
    var repertoire: Glyphs.Repertoire

    /// Whether the terminal may be asked for synchronized output.
    var asksForSynchronizedOutput: Bool

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
            asksForSynchronizedOutput: environment["COCKPIT_SYNC"] != "0" && type != "linux")
    }

    /// A 24-bit entry first where the terminal says that it can, the built-in one or an installed one; then its own
    /// entry; then the nearest common one.
    private static func types(_ type: String, environment: [String: String]) -> [String] {
        var types: [String] = []
        let isMultiplexer = type.hasPrefix("tmux") || type.hasPrefix("screen")
        let noColor = !environment["NO_COLOR", default: ""].isEmpty
        if ["truecolor", "24bit"].contains(environment["COLORTERM"] ?? ""), !noColor {
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

    /// Unicode unless the locale or the terminal says otherwise. No locale at all says nothing.
    private static func repertoire(_ type: String, environment: [String: String]) -> Glyphs.Repertoire {
        if type == "linux" { return .ascii }
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { environment[$0] }.first { !$0.isEmpty }
        guard let locale else { return .unicode }
        let name = locale.lowercased()
        return name.contains("utf-8") || name.contains("utf8") ? .unicode : .ascii
    }
}
