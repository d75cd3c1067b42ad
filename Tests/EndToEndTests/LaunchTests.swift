import TestSupport
import Testing

/// A trial's life in one terminal: launched from the form, watched, stopped, found in the list, replayed.
@Suite(.serialized) struct LaunchTests {
    private let small = SmallTrial()
    private static let sizes = [(120, 36), (80, 24)]

    /// The line of the form that has the focus, without the plan beside it.
    private func focused(_ screen: TerminalEmulator) -> String {
        screen.text.split(separator: "\n").first { $0.contains("▸") }.map { String($0.prefix(50)) } ?? ""
    }

    /// Opens the form and chooses the experiment `grpo`.
    private func openForm(_ session: TerminalSession) throws {
        #expect(session.waitFor("No trial yet") != nil)
        session.press("N")
        _ = try #require(session.waitFor("1 of"), "\(session.screen.text)")
        session.press("\u{1B}")
        session.pump(milliseconds: 100)
        session.press("\u{1B}[Z")
        _ = try #require(session.waitUntil { focused($0).contains("experiment") })
        for _ in 0..<4 where !session.screen.text.contains("Launch  grpo/") {
            let before = focused(session.screen)
            session.press(" ")
            _ = try #require(session.waitUntil { ![before, ""].contains(focused($0)) })
        }
        #expect(session.screen.text.contains("Launch  grpo/"), "\(session.screen.text)")
    }

    /// Goes down to the setting `path` with the tab key and types its value; the focus stays on it.
    private func set(_ path: String, _ value: String, _ session: TerminalSession) throws {
        let parts = path.split(separator: ".")
        let group = String(parts[0]), name = String(parts[1])
        // What is required stands above all groups.
        var isInGroup = path == "dataset.path"
        for _ in 0..<120 {
            let line = focused(session.screen)
            if line.contains(group), !line.contains("[") { isInGroup = true }
            if isInGroup, line.contains(name), line.contains("[") { break }
            session.press("\t")
            _ = try #require(
                session.waitUntil { ![line, ""].contains(focused($0)) }, "\(path)\n\(session.screen.text)")
        }
        #expect(focused(session.screen).contains(name), "\(path)\n\(session.screen.text)")
        session.press("\r")
        session.press("\u{15}")
        session.press(value)
        session.press("\r")
        // Of a long path the end is shown.
        #expect(session.waitUntil { focused($0).contains(value.suffix(12)) } != nil, "\(path)\n\(session.screen.text)")
    }

    @Test(arguments: sizes)
    func `a trial is launched from the form, stopped and replayed without a shell`(width: Int, height: Int) throws {
        let session = try TerminalSession(small.program, width: width, height: height)
        try openForm(session)
        try set("dataset.path", small.dataset, session)
        try set("sft.steps", "3", session)
        try set("grpo.steps", "100000", session)
        try set("model.width", "16", session)
        #expect(session.waitFor("ready, ctrl-s") != nil, "\(session.screen.text)")
        session.press("\u{13}")

        #expect(session.waitFor("RUNNING") != nil, "\(session.screen.text)")
        for word in ["actor_gen", "reward", "buf", "cpu", "model/0"] {
            #expect(session.waitUntil { $0.text.lowercased().contains(word) } != nil, "\(word)\n\(session.screen.text)")
        }
        #expect(small.waitFor(step: 6, "grpo", "first"))
        session.press("s")
        #expect(session.waitUntil { $0.text.contains("y Yes") } != nil)
        session.press("y")
        #expect(session.waitFor("STOPPED") != nil, "\(session.screen.text)")
        #expect(try small.show("grpo", "first").status == "stopped")
        #expect(eventually { small.survivors.isEmpty })

        try replay(session)
        session.press("q")
        session.press("q")
        #expect(session.waitForEnd() == 0)
        #expect(!session.screen.isOnAlternateScreen)
    }

    /// From the stopped trial's screen: a pause, steps on, steps back, and at eight times the speed.
    private func replay(_ session: TerminalSession) throws {
        session.press("r")
        _ = try #require(session.waitFor("REPLAY"), "\(session.screen.text)")
        // It plays until it is told otherwise, and may have come to its end by then.
        session.press(" ")
        if session.waitFor("paused", within: 2) == nil { session.press(" ") }
        _ = try #require(session.waitFor("paused"), "\(session.screen.text)")
        #expect(press("]", session) { $0 >= 3 }, "\(session.screen.text)")
        #expect(press("[", session) { $0 < 3 }, "\(session.screen.text)")
        session.press(">>>")
        #expect(session.waitFor("8x") != nil, "\(session.screen.text)")
    }

    /// Presses `key` until the replay stands where `isThere` says.
    private func press(_ key: String, _ session: TerminalSession, until isThere: (Int) -> Bool) -> Bool {
        eventually {
            session.press(key)
            return session.waitUntil(within: 1) { _ in step(of: session).map(isThere) ?? false } != nil
        }
    }

    /// The step at which the replay stands, from its pane.
    private func step(of session: TerminalSession) -> Int? {
        let line = session.screen.lines.first { $0.contains("paused") }
        guard let words = line?.split(separator: " "), let place = words.lastIndex(of: "step") else { return nil }
        return words.dropFirst(place + 1).first.flatMap { Int($0) }
    }
}
