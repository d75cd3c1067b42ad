/// The theme that needs no file.
extension Theme {
    static let defaultDarkName = "default-dark"

    /// `themes/default-dark.theme`, parsed from the text below; a test keeps the two the same.
    static let defaultDark: Theme = {
        do {
            return try ThemeParser.parse(defaultDarkSource, file: "built-in theme") { (name) throws(ThemeError) in
                throw ThemeError(
                    code: .notFound, file: name, line: 0, message: "the built-in theme inherits nothing")
            }
        } catch {
            preconditionFailure("The built-in theme does not parse: \(error)")
        }
    }()

    static let defaultDarkSource = """
        # Keeps the terminal's own background.
        [meta]
        name = default-dark
        author = the cockpit authors
        licence = Apache-2.0
        appearance = dark
        cvd-safe = no

        [palette]
        fg = #d8dee9
        faint = #7f8a9e
        title = #e8edf5
        line = #4b5568
        focus = #7aa2f7
        blue = #7aa2f7
        cyan = #5ccfe6
        green = #87d37c
        yellow = #e6c35c
        orange = #f2a65a
        red = #ff7b72
        pink = #f49ac2
        violet = #b79cf2
        teal = #4fd1b5
        lime = #b8d957
        rose = #ff9d96
        sand = #d9b98c
        steel = #9fb3cc
        footer = #1e222b
        select = #2b3a58
        white = #ffffff
        mark = #3b3420
        search = #57480f
        trough = #2a2f3a
        alert = #5e1f26
        blush = #ffd9d6
        grid = #3d4554
        h1 = #6b8ee0
        h2 = #5fb0e0
        h3 = #5fd0bd
        h4 = #a5d65a
        h5 = #e6c35c
        h6 = #f29a4a
        h7 = #ff7b72

        [roles]
        bg = default
        fg = fg | default |
        dim = faint | 8 | dim
        title = title bold | 15 bold | bold
        accent = blue bold | 12 bold | bold
        border = line | 8 |
        border.focus = focus bold | 12 bold | bold
        key = cyan bold | 14 bold | bold
        footer.bg = footer | default |
        selection.bg = select | 4 | reverse
        selection.fg = white bold | 15 bold | bold
        mark.bg = mark | default bold | underline
        search.bg = search | 3 | reverse

        # Every status also has a glyph and a word; colour only helps.
        status.pending = steel | 7 | dim
        status.starting = yellow | 11 |
        status.running = green | 10 | bold
        status.paused = sand | 3 |
        status.stopping = orange | 3 bold |
        status.done = cyan | 14 |
        status.failed = red bold | 9 bold | reverse
        status.lost = violet bold | 13 bold | reverse

        rpc.initialize = steel | 7 |
        rpc.generate = blue | 12 |
        rpc.inference = violet | 13 |
        rpc.train = green | 10 | bold
        rpc.evaluate = cyan | 14 |
        rpc.save = pink | 13 |
        rpc.sync = yellow | 11 |
        rpc.offload = orange | 3 |
        rpc.flush = sand | 3 |
        rpc.idle = grid | 8 | dim

        series.1 = blue | 12 |
        series.2 = orange | 11 |
        series.3 = green | 10 |
        series.4 = pink | 13 |
        series.5 = cyan | 14 |
        series.6 = red | 9 |
        series.7 = violet | 5 |
        series.8 = lime | 2 |
        series.9 = sand | 3 |
        series.10 = teal | 6 |
        series.11 = rose | 1 |
        series.12 = steel | 7 |
        baseline = yellow | 11 | dim

        meter.low = green | 10 |
        meter.mid = yellow | 11 |
        meter.high = red | 9 | bold
        meter.bg = trough | default |

        heat.1 = h1 | 4 |
        heat.2 = h2 | 12 |
        heat.3 = h3 | 6 |
        heat.4 = h4 | 2 |
        heat.5 = h5 | 11 |
        heat.6 = h6 | 3 | bold
        heat.7 = h7 | 9 | bold

        log.debug = faint | 8 | dim
        log.info = fg | default |
        log.warn = yellow | 11 | bold
        log.error = red bold | 9 bold | reverse

        diff.add = green | 10 | bold
        diff.del = red | 9 | underline
        diff.chg = yellow | 11 | bold
        cross = white bold | 15 bold | bold
        grid = grid | 8 | dim
        alert.bg = alert | 1 | reverse
        alert.fg = blush bold | 15 bold | bold

        """
}
