import Foundation
import Protocol
import TestSupport
import Testing

@testable import Orchestrator

@Suite struct `The settings reference` {
    private static let path = "docs/guide/settings.md"

    @Test func `in the guide is what the declarations say`() throws {
        let page = SettingsReference.markdown()
        if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] != nil {
            try page.write(toFile: "\(SourceTree.root)/\(Self.path)", atomically: true, encoding: .utf8)
        }
        #expect(
            try SourceTree.text(Self.path) == page,
            "make it again with: cockpit experiments --settings --markdown > \(Self.path)")
    }

    @Test func `has a line for every setting of every experiment`() {
        let page = SettingsReference.markdown()
        for path in Set(Experiments.all.flatMap { $0.settings.map(\.path) }) {
            #expect(page.contains("| `\(path)` |"), "\(path)")
        }
    }

    private struct Demo: Experiment {
        let name: String
        var summary: String { "a demo" }
        let settings: [Setting]

        func plan(_ settings: Settings, id: TrialID) throws(ConfigurationError) -> TrialPlan {
            TrialPlan(id: id, seed: 1, modelWorkers: [], setups: [])
        }
    }

    @Test func `names the experiments where defaults differ, and where only some have a setting`() {
        func setting(_ path: String, _ value: Int) -> Setting {
            Setting(path, .integer(0...9), default: .integer(value), "a|b")
        }
        let page = SettingsReference.markdown(of: [
            Demo(name: "one", settings: [setting("x.a", 1), setting("x.b", 2)]),
            Demo(name: "two", settings: [setting("x.a", 3), setting("seed", 1)]),
        ])
        #expect(page.contains("## x\n\n| setting |"))
        #expect(page.contains("| `x.a` | one: `1`; two: `3` | a whole number from 0 to 9 | a\\|b |"))
        #expect(page.contains("| `x.b` | `2` | a whole number from 0 to 9 | a\\|b (one only) |"))
        #expect(page.contains("## general\n\nOf two.\n\n"))
    }
}
