import Testing

@testable import Cockpit

@Suite("The terminal plan")
struct TerminalPlanTests {
    private func plan(_ environment: [String: String]) throws -> TerminalPlan {
        try TerminalPlan.decide(environment: environment, isTerminal: true)
    }

    @Test
    func `takes the 24-bit entry where the terminal promises it`() throws {
        let plan = try plan(["TERM": "xterm-256color", "COLORTERM": "truecolor"])
        #expect(plan.types == ["cockpit-direct", "xterm-direct", "xterm-256color", "xterm"])
        #expect(plan.depth == .trueColor)
    }

    @Test
    func `stays with tmux inside tmux`() throws {
        let plan = try plan(["TERM": "tmux-256color", "COLORTERM": "truecolor"])
        #expect(
            plan.types == [
                "cockpit-direct", "tmux-direct", "tmux-256color", "screen-256color", "xterm-256color", "xterm",
            ])
    }

    @Test
    func `uses the terminal's own entry otherwise`() throws {
        #expect(try plan(["TERM": "vt220"]).types == ["vt220"])
        #expect(try plan(["TERM": "foot"]).types == ["foot", "xterm-256color", "xterm"])
    }

    @Test
    func `shows no colour where NO_COLOR is set to something`() throws {
        let plan = try plan(["TERM": "xterm", "COLORTERM": "truecolor", "NO_COLOR": "1"])
        #expect(plan.depth == .mono)
        #expect(plan.types == ["xterm", "xterm-256color"])
        #expect(try self.plan(["TERM": "xterm", "NO_COLOR": ""]).depth == .trueColor)
    }

    @Test(arguments: [
        (["TERM": "xterm", "LANG": "C.UTF-8"], Glyphs.Repertoire.unicode),
        (["TERM": "xterm", "LC_ALL": "de_DE.utf8"], .unicode),
        (["TERM": "xterm", "LC_ALL": "C", "LANG": "C.UTF-8"], .ascii),
        (["TERM": "xterm", "LC_ALL": "", "LANG": "en_US.ISO-8859-1"], .ascii),
        (["TERM": "xterm"], .unicode),
        (["TERM": "linux", "LANG": "C.UTF-8"], .ascii),
    ])
    func `draws with Unicode unless the locale says no`(environment: [String: String], repertoire: Glyphs.Repertoire)
        throws
    {
        #expect(try plan(environment).repertoire == repertoire)
    }

    @Test
    func `asks for synchronized output unless told not to`() throws {
        #expect(try plan(["TERM": "xterm"]).asksForSynchronizedOutput)
        #expect(try !plan(["TERM": "xterm", "COCKPIT_SYNC": "0"]).asksForSynchronizedOutput)
    }

    @Test(arguments: [
        (["TERM": "dumb"], true, TerminalError.Code.dumb), ([:], true, .dumb),
        (["TERM": "xterm"], false, .notATerminal),
    ])
    func `says why there can be no dashboard`(
        environment: [String: String], isTerminal: Bool, code: TerminalError.Code
    ) {
        let error = #expect(throws: TerminalError.self) {
            try TerminalPlan.decide(environment: environment, isTerminal: isTerminal)
        }
        #expect(error?.code == code)
        #expect(error?.hint != nil)
    }

    @Test
    func `gives GNU screen 256 colours, whatever the terminal around it can do`() throws {
        let inScreen = ["TERM": "screen", "COLORTERM": "truecolor", "STY": "123.pts-1"]
        #expect(try plan(inScreen).types.first == "screen-256color")
        let named = inScreen.merging(["TERM": "screen.xterm-256color"]) { _, new in new }
        #expect(try plan(named).types.first == "screen.xterm-256color")
        // tmux inside of screen speaks for itself.
        let inTmux = inScreen.merging(["TMUX": "/tmp/x"]) { _, new in new }
        #expect(try plan(inTmux).types.first == "cockpit-direct")
    }

    @Test(
        arguments: [
            ([:], 25), (["SSH_CONNECTION": "a b c d"], 150), (["SSH_TTY": "/dev/pts/1"], 150),
            (["SSH_CONNECTION": ""], 25),
            (["ESCDELAY": "400"], 400), (["ESCDELAY": "10", "SSH_TTY": "x"], 10), (["ESCDELAY": "soon"], 25),
            (["ESCDELAY": "-1"], 25),
        ] as [([String: String], Int)])
    func `waits short for ESC here, longer over ssh, and as long as ESCDELAY says`(
        environment: [String: String], milliseconds: Int
    ) throws {
        #expect(try plan(["TERM": "xterm"].merging(environment) { $1 }).escapeDelay == milliseconds)
    }

    @Test
    func `draws with ASCII where a person asks for it`() throws {
        #expect(try plan(["TERM": "xterm", "LANG": "C.UTF-8", "COCKPIT_ASCII": "1"]).repertoire == .ascii)
    }

    @Test
    func `tells what a person may expect`() throws {
        let ssh = ["TERM": "xterm", "LANG": "C.UTF-8", "SSH_TTY": "x"]
        #expect(
            try plan(ssh).abilities { $0 == "xterm" ? 8 : nil }
                == "8 colours, kept readable on black and on white, Unicode, ESC alone after 150 ms")
        #expect(try plan(ssh).abilities { _ in nil }.hasPrefix("no terminfo entry: install ncurses-term"))
        let rich = ["TERM": "xterm-256color", "COLORTERM": "truecolor"]
        #expect(try plan(rich).abilities { _ in 256 }.hasPrefix("24-bit colour"))
        #expect(TerminalPlan.colors(ofEntry: "xterm") == 8)
        #expect(TerminalPlan.colors(ofEntry: "no-such-terminal") == nil)
    }
}
