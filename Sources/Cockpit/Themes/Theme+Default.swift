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
        trough = #2a2f3a
        alert = #5e1f26
        blush = #ffd9d6
        grid = #3d4554

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

        # Every status also has a glyph and a word; colour only helps.
        status.pending = steel | 7 | dim
        status.starting = yellow | 11 |
        status.running = green | 10 | bold
        status.paused = sand | 3 |
        status.stopping = orange | 3 bold |
        status.done = cyan | 14 |
        status.failed = red bold | 9 bold | reverse
        status.lost = violet bold | 13 bold | reverse

        mfc.initialize = steel | 7 |
        mfc.generate = blue | 12 |
        mfc.inference = violet | 13 |
        mfc.train = green | 10 | bold
        mfc.evaluate = cyan | 14 |
        mfc.save = pink | 13 |
        mfc.sync = yellow | 11 |
        mfc.idle = grid | 8 | dim

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

        meter.low = green | 10 |
        meter.mid = yellow | 11 |
        meter.high = red | 9 | bold
        meter.bg = trough | default |

        log.debug = faint | 8 | dim
        log.info = fg | default |
        log.warn = yellow | 11 | bold
        log.error = red bold | 9 bold | reverse

        diff.chg = yellow | 11 | bold
        cross = white bold | 15 bold | bold
        alert.bg = alert | 1 | reverse
        alert.fg = blush bold | 15 bold | bold

        """
}
