import Testing

@testable import Cockpit

/// One ncurses per process, and one terminal guard: these tests take turns.
@Suite("The real screen", .serialized)
@MainActor
struct TerminalTests {
    private let plain = TerminalPlan(
        types: ["xterm-256color", "xterm"], depth: .mono, repertoire: .unicode, asksForSynchronizedOutput: false)

    private func surface(_ text: String, role: Role = .foreground) -> Surface {
        var surface = Surface(width: 40, height: 6)
        surface.write(text, x: 0, y: 0, role: role)
        return surface
    }

    private func withScreen(
        _ plan: TerminalPlan, _ body: (PseudoTerminal, NCursesScreen) throws -> Void
    ) throws {
        let terminal = try PseudoTerminal()
        let screen = try NCursesScreen.open(plan: plan, input: terminal.program, terminal: terminal.program)
        defer { screen.close() }
        try body(terminal, screen)
    }

    @Test
    func `takes over the terminal and gives it back`() throws {
        let terminal = try PseudoTerminal()
        #expect(terminal.echoes)
        let screen = try NCursesScreen.open(plan: plain, input: terminal.program, terminal: terminal.program)
        #expect(!terminal.echoes)
        #expect(screen.size == Size(width: 40, height: 6))
        screen.present(surface("hello"), theme: .defaultDark)
        let start = terminal.output()
        for mode in ["\u{1B}[?1049h", "\u{1B}[?1006h", "\u{1B}[?2004h", "hello"] { #expect(start.contains(mode)) }
        screen.close(farewell: "3 workers keep running\n")
        screen.close()
        let end = terminal.output()
        #expect(end.hasSuffix("3 workers keep running\r\n"))
        for mode in ["\u{1B}[?1049l", "\u{1B}[?1002l", "\u{1B}[?2004l", "\u{1B}[?25h"] { #expect(end.contains(mode)) }
        #expect(terminal.echoes)
    }

    @Test
    func `sends only what changed`() throws {
        try withScreen(plain) { terminal, screen in
            screen.present(surface("step 1283"), theme: .defaultDark)
            _ = terminal.output()
            screen.present(surface("step 1284"), theme: .defaultDark)
            let change = terminal.output()
            #expect(change.contains("4"))
            #expect(!change.contains("step"))
            screen.present(surface("step 1284"), theme: .defaultDark)
            #expect(terminal.output() == "")
        }
    }

    @Test
    func `draws braille and wide characters`() throws {
        try withScreen(plain) { terminal, screen in
            screen.present(surface("⣿⣷ 训练 ok"), theme: .defaultDark)
            #expect(terminal.output().contains("⣿⣷ 训练 ok"))
        }
    }

    @Test
    func `draws ASCII only where there is no Unicode`() throws {
        var plan = plain
        plan.repertoire = .ascii
        try withScreen(plan) { terminal, screen in
            screen.present(surface("● model/0 → 训 ok"), theme: .defaultDark)
            #expect(terminal.output().contains("* model/0 > ?? ok"))
        }
    }

    @Test
    func `uses 24-bit colours without an installed entry`() throws {
        var plan = plain
        plan.types = ["cockpit-direct"]
        plan.depth = .trueColor
        try withScreen(plan) { terminal, screen in
            #expect(screen.colorDepth == .trueColor)
            var theme = Theme.defaultDark
            theme[.key].trueColor = .rgb(RGB(0x66CCFF))
            screen.present(surface("q", role: .key), theme: theme)
            #expect(terminal.output().contains("38;2;102;204;255m"))
        }
    }

    @Test(arguments: [("xterm-256color", ColorDepth.indexed256), ("xterm", .basic8), ("xterm-mono", .mono)])
    func `falls back to the colours an entry has`(type: String, depth: ColorDepth) throws {
        var plan = plain
        plan.types = [type]
        plan.depth = .trueColor
        try withScreen(plan) { _, screen in #expect(screen.colorDepth == depth) }
    }

    @Test
    func `shows no colour when there must be none`() throws {
        try withScreen(plain) { terminal, screen in
            screen.present(surface("failed", role: .statusFailed), theme: .defaultDark)
            let output = terminal.output()
            #expect(output.contains("7mfailed"))
            for color in 30...37 { #expect(!output.contains("\(color)m")) }
            #expect(!output.contains("38;"))
        }
    }

    @Test
    func `brackets frames once the terminal has said that it can`() throws {
        var plan = plain
        plan.asksForSynchronizedOutput = true
        try withScreen(plan) { terminal, screen in
            #expect(terminal.output().contains("\u{1B}[?2026$p"))
            screen.present(surface("one"), theme: .defaultDark)
            #expect(!terminal.output().contains("\u{1B}[?2026h"))
            screen.receive(.synchronizedOutput(isSupported: true))
            screen.present(surface("two"), theme: .defaultDark)
            let frame = terminal.output()
            #expect(frame.hasPrefix("\u{1B}[?2026h"))
            #expect(frame.hasSuffix("\u{1B}[?2026l"))
        }
    }

    @Test
    func `copies through the terminal and says when it is too much`() throws {
        try withScreen(plain) { terminal, screen in
            #expect(screen.copy("hello") == .copied(bytes: 5))
            #expect(terminal.output().contains("\u{1B}]52;c;aGVsbG8=\u{7}"))
            let long = String(repeating: "x", count: 80_000)
            #expect(screen.copy(long) == .tooLong(bytes: 80_000, limit: 74_000))
        }
    }

    @Test
    func `draws everything again after a resize`() throws {
        try withScreen(plain) { terminal, screen in
            screen.present(surface("hello"), theme: .defaultDark)
            _ = terminal.output()
            screen.resize(to: Size(width: 30, height: 4))
            screen.present(surface("hello"), theme: .defaultDark)
            #expect(terminal.output().contains("hello"))
        }
    }

    @Test
    func `waits for a slow terminal with the newest frame and ends without it`() throws {
        let terminal = try PseudoTerminal()
        let screen = try NCursesScreen.open(plan: plain, input: terminal.program, terminal: terminal.program)
        for number in 0..<400 {
            screen.present(surface(String(repeating: "\(number % 10)", count: 40)), theme: .defaultDark)
        }
        while screen.blockedOutput == nil {
            _ = screen.copy(String(repeating: "x", count: 60_000))
        }
        screen.present(surface("newest"), theme: .defaultDark)
        while screen.blockedOutput != nil {
            _ = terminal.output()
            screen.drain()
        }
        #expect(terminal.output().contains("newest"))
        while screen.blockedOutput == nil { _ = screen.copy(String(repeating: "x", count: 60_000)) }
        screen.close()
        #expect(terminal.echoes)
    }

    @Test
    func `says which terminal type is unknown`() throws {
        let terminal = try PseudoTerminal()
        var plan = plain
        plan.types = ["no-such-terminal"]
        let error = #expect(throws: TerminalError.self) {
            try NCursesScreen.open(plan: plan, input: terminal.program, terminal: terminal.program)
        }
        #expect(error?.code == .unknownType)
        #expect(terminal.echoes)
    }
}
