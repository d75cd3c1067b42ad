import Testing

@testable import Cockpit

@Suite struct PaletteTests {
    @Test func `typing letters of a name finds the action first`() throws {
        let state = try StateFixtures.live()
        #expect(Palette.entries(for: "stop", in: state).first?.deed == .action(.stopTrial))
        #expect(Palette.entries(for: ":theme nord", in: state).isEmpty)
        #expect(Palette.entries(for: "theme mono", in: state).first?.deed == .theme("mono"))
    }

    @Test func `a step can be gone to by number`() throws {
        let state = try StateFixtures.live()
        #expect(Palette.entries(for: "goto step 120", in: state).map(\.deed) == [.step(120)])
        #expect(Palette.entries(for: "step 7", in: state).map(\.deed) == [.step(7)])
    }

    @Test func `an action that cannot be done says why`() throws {
        let entries = Palette.all(in: try StateFixtures.live())
        let relaunch = entries.first { $0.deed == .action(.relaunch) }
        #expect(relaunch?.disabled == "it is running; stop it first")
        #expect(entries.first { $0.deed == .action(.sort) }?.disabled == "not on this screen")
    }

    @Test func `letters must occur in order`() {
        #expect(FuzzyMatch.score("stp", in: "stop the trial") != nil)
        #expect(FuzzyMatch.score("pts", in: "stop") == nil)
        #expect(FuzzyMatch.score("", in: "anything") == 0)
    }

    @Test func `word starts beat letters inside words`() throws {
        let start = try #require(FuzzyMatch.score("tr", in: "the replay"))
        let inside = try #require(FuzzyMatch.score("tr", in: "after dark"))
        #expect(start > inside)
    }

    @Test func `help lists each action once and pairs on one line`() {
        let sections = HelpOverlay.sections(for: [.timeline, .run, .global])
        #expect(sections.map(\.title) == ["Timeline", "Trial", "Global", "Mouse", "Definitions"])
        let timeline = sections[0].lines
        #expect(timeline.contains(HelpSection.Line(key: "+ -", text: "zoom in / out")))
        let global = sections[2].lines.map(\.text)
        #expect(!global.contains("move; arrows too"))
        #expect(global.count { $0.contains("trials, dashboard") } == 1)
    }

    @Test func `help finds an action by what it does`() {
        var help = HelpOverlay()
        help.search.insert("kill")
        #expect(help.matches(in: [.workers, .run, .global]).first?.id == .killWorker)
    }
}
