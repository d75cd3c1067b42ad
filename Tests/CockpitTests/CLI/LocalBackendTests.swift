import Foundation
import Orchestrator
import Protocol
import Store
import TestSupport
import Testing

@testable import Cockpit

/// The dashboard's world over a home folder on this machine.
@Suite struct LocalBackendTests {
    private let stored = StoredHome()
    private var backend: LocalBackend { LocalBackend(home: stored.home, exportFolder: stored.folder.path) }

    @Test func `its rows say what was recorded`() throws {
        let id = try stored.add("first", status: .failed, detail: "out of memory")
        #expect(
            try backend.trials() == [
                TrialItem(
                    id: id, status: .failed, statusDetail: "out of memory", totalWorkers: 2, step: 3, totalSteps: 3,
                    startedWall: StoredHome.started, last: ["sft/loss": 2, "tokens_per_second": 1234.5])
            ])
    }

    @Test func `a trial that is opened is read, one that is not there is named`() throws {
        let id = try stored.add("first")
        #expect(try backend.open(id).points(of: "sft/loss", after: -1, limit: 10).points.map(\.value) == [3, 2.5, 2])
        let error = #expect(throws: StoreError.self) { try backend.open(try StoredHome.id("none")) }
        #expect(error?.report.contains("none") == true)
    }

    @Test func `every default of every experiment passes the form's own check`() throws {
        let experiments = try backend.experiments()
        #expect(experiments.map(\.name) == Experiments.all.map(\.name))
        for experiment in experiments {
            for setting in experiment.settings {
                #expect(setting.kind.problem(with: setting.defaultValue.description) == nil, "\(setting.path)")
                #expect(!setting.help.isEmpty)
            }
        }
    }

    @Test func `a default in the home folder is known by its absolute path too`() throws {
        let experiment = try #require(try backend.experiments().first { $0.name == "sft-arith" })
        let setting = try #require(experiment.settings.first { $0.path == "dataset.path" })
        #expect(setting.isDefault("$COCKPIT_HOME/data/arithmetic/train.jsonl"))
        #expect(setting.isDefault("\(stored.home.path)/data/arithmetic/train.jsonl"))
        #expect(!setting.isDefault("/elsewhere/data/arithmetic/train.jsonl"))
    }

    @Test func `what the form calls wrong, the check refuses too`() throws {
        let experiment = try #require(try backend.experiments().first { $0.name == "sft" })
        let data = try ArithmeticData.write(to: stored.folder.file("data"), seed: 1, heldOutRows: 8_000)
        let dataset = "dataset.path=\(data.training)"
        for setting in experiment.settings where setting.kind.problem(with: "x y") != nil {
            let draft = LaunchDraft(
                experiment: "sft", trial: "a", overrides: [dataset, "\(setting.path)=x y"])
            #expect(throws: (any Error).self, "\(setting.path)") { try backend.check(draft) }
        }
        let plan = try backend.check(LaunchDraft(experiment: "sft", trial: "a", overrides: [dataset]))
        #expect(plan.id.description == "sft/a")
    }

    @Test func `resuming what was never started is refused`() throws {
        let draft = LaunchDraft(experiment: "sft", trial: "none", mode: .resume)
        let error = #expect(throws: (any Error).self) { try backend.launch(draft) }
        #expect(error.map(describe)?.isEmpty == false)
        #expect(!FileManager.default.fileExists(atPath: stored.home.trial(try StoredHome.id("none")).path))
    }

    @Test func `a command to a trial that has ended says that nobody is there`() throws {
        let id = try stored.add("first")
        let error = #expect(throws: ControlError.self) { try backend.send(.stop, worker: nil, to: id) }
        #expect(error?.report.contains("sft/first") == true)
    }

    @Test func `a picture is written where the person stands`() throws {
        var surface = Surface(width: 10, height: 2)
        surface.write("hello", x: 0, y: 0, role: .foreground)
        let picture = ExportedPicture(name: "shot", surface: surface, theme: .defaultDark)
        let path = try backend.export(picture)
        #expect(path == stored.folder.file("shot.svg"))
        #expect(
            try String(contentsOfFile: path, encoding: .utf8) == SurfaceSVG.text(of: surface, theme: .defaultDark))
    }

    @Test func `a picture that cannot be written names its path`() {
        let backend = LocalBackend(home: stored.home, exportFolder: stored.folder.file("missing"))
        let picture = ExportedPicture(name: "shot", surface: Surface(width: 1, height: 1), theme: .defaultDark)
        let error = #expect(throws: OutputFileError.self) { try backend.export(picture) }
        #expect(error?.summary == "\(stored.folder.path)/missing/shot.svg cannot be written")
        #expect(error?.exitCode == 1)
    }
}
