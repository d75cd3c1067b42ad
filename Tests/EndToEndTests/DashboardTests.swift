import Glibc
import TestSupport
import Testing

/// The real program in a terminal, driven by keys.
@Suite(.serialized) struct DashboardTests {
    private let small = SmallTrial()
    private static let sizes = [(120, 36), (80, 24)]

    private func startLongTrial(_ name: String) throws {
        let result = try small.program.run(
            ["start", "-e", "grpo", "-f", name, "--detach"] + small.grpo(sftSteps: 5, steps: 100_000))
        #expect(result.status == 0, "\(result.errors)")
        #expect(small.waitFor(step: 8, "grpo", name))
    }

    @Test(arguments: sizes)
    func `an empty home greets a newcomer and q leaves a restored terminal`(width: Int, height: Int) throws {
        let session = try TerminalSession(small.program, width: width, height: height)
        #expect(session.waitFor("N") != nil)
        #expect(session.screen.isOnAlternateScreen)
        session.press("q")
        #expect(session.waitForEnd() == 0)
        #expect(!session.screen.isOnAlternateScreen)
        #expect(session.screen.isCursorVisible)
        #expect(!session.screen.modes.contains(1006))
    }

    @Test(arguments: sizes)
    func `a running trial moves on screen, q detaches and it keeps running`(width: Int, height: Int) throws {
        try startLongTrial("live\(width)")
        let session = try TerminalSession(
            small.program, ["attach", "-e", "grpo", "-f", "live\(width)"], width: width, height: height)
        for word in ["actor", "reward", "buf", "running"] {
            #expect(session.waitUntil { $0.text.lowercased().contains(word) } != nil, "\(word)\n\(session.screen.text)")
        }
        let before = session.screen.text
        #expect(session.waitUntil { $0.text != before } != nil)
        session.press("q")
        #expect(session.waitForEnd() == 0)
        #expect(try small.show("grpo", "live\(width)").status == "running")
        #expect(try small.program.run("stop", "-e", "grpo", "-f", "live\(width)").status == 0)
    }

    @Test func `stop asks, enter alone does nothing, y stops`() throws {
        try startLongTrial("asked")
        let session = try TerminalSession(small.program, ["attach", "-e", "grpo", "-f", "asked"])
        #expect(session.waitFor("running") != nil)
        session.press("s")
        #expect(session.waitUntil { $0.text.contains("Stop grpo/asked?") && $0.text.contains("y Yes") } != nil)
        session.press("\r")
        #expect(try small.show("grpo", "asked").status == "running")
        session.press("s")
        #expect(session.waitUntil { $0.text.contains("y Yes") } != nil)
        session.press("y")
        #expect(try small.waitForEnd("grpo", "asked") == "stopped")
        session.press("q")
        #expect(session.waitForEnd() == 0)
    }

    @Test func `resizing down to twenty by five and back never breaks the screen`() throws {
        try startLongTrial("sized")
        let session = try TerminalSession(small.program, ["attach", "-e", "grpo", "-f", "sized"])
        #expect(session.waitFor("running") != nil)
        for (width, height) in [(20, 5), (300, 80), (1, 1), (80, 24), (120, 36)] {
            session.resize(width: width, height: height)
            session.pump(milliseconds: 200)
            #expect(session.isRunning)
        }
        #expect(session.waitFor("running") != nil)
        session.press("q")
        #expect(session.waitForEnd() == 0)
        #expect(try small.program.run("stop", "-e", "grpo", "-f", "sized").status == 0)
    }

    @Test func `a finished trial replays from its start and scrubs`() throws {
        let result = try small.program.run(["start", "-e", "grpo", "-f", "done"] + small.grpo(sftSteps: 5, steps: 10))
        #expect(result.status == 0, "\(result.errors)")
        let session = try TerminalSession(small.program, ["replay", "-e", "grpo", "-f", "done"])
        #expect(session.waitFor("REPLAY") != nil, "\(session.screen.text)")
        session.press("]]]")
        #expect(session.waitUntil { $0.text.contains("step 3") } != nil, "\(session.screen.text)")
        session.press("[")
        #expect(session.waitUntil { $0.text.contains("step 2") } != nil, "\(session.screen.text)")
        session.press("q")
        session.press("q")
        #expect(session.waitForEnd() == 0)
    }

    @Test func `a dumb terminal is refused with a way out`() throws {
        let session = try TerminalSession(small.program, environment: ["TERM": "dumb"])
        #expect(session.waitForEnd().map { $0 != 0 } == true)
        #expect(session.screen.text.contains("--headless") || session.screen.text.contains("TERM"))
    }

    @Test func `a crash of the dashboard gives the terminal back`() throws {
        let session = try TerminalSession(small.program)
        #expect(session.waitUntil { $0.isOnAlternateScreen } != nil)
        kill(session.programPid, SIGABRT)
        #expect(session.waitUntil { !$0.isOnAlternateScreen } != nil)
        #expect(!session.screen.isOnAlternateScreen)
        #expect(session.screen.isCursorVisible)
    }
}
