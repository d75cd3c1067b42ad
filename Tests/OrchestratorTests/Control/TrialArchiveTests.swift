import Foundation
import Glibc
import Protocol
import Store
import TestSupport
import Testing

@testable import Orchestrator

/// Copies of trials, also of one that is written.
@Suite struct TrialArchiveTests {
    private let folder = TemporaryFolder()
    private var home: HomeFolder { HomeFolder(path: folder.file("home")) }
    private var target: String { folder.file("copy") }

    /// A trial whose writer is still at it, with settings, a log and two checkpoints, one of them half written.
    private func live() throws -> (trial: TrialFolder, writer: RunWriter) {
        let trial = home.trial(try Samples.id("sft", "a"))
        let header = RunHeader(
            id: trial.id, startedWall: 5, seed: 1, totalSteps: 12, settings: [:], workers: ["master_worker/0"],
            lanes: [])
        let writer = try RunWriter.create(trial, header: header)
        try writer.beginAttempt(1, resumeStep: 0, time: 1, reason: "peculiar")
        try writer.setStatus(.running, detail: "", time: 2, orchestrator: ProcessIdentity.current())
        let files = [
            "config.yaml": "seed: 1\n", "logs/master_worker-0.log": "line\n",
            "checkpoints/actor/step-5/model.safetensors": "weights", "checkpoints/actor/.step-6.partial/x": "half",
        ]
        for (name, text) in files {
            let path = "\(trial.path)/\(name)"
            try FolderFiles.makeFolder((path as NSString).deletingLastPathComponent)
            try FolderFiles.replace(path, with: Array(text.utf8))
        }
        return (trial, writer)
    }

    private func names(_ path: String) -> [String] {
        (FileManager.default.subpaths(atPath: path) ?? []).filter { name in
            var isFolder: ObjCBool = false
            return FileManager.default.fileExists(atPath: "\(path)/\(name)", isDirectory: &isFolder)
                && !isFolder.boolValue
        }.sorted()
    }

    @Test func `a live trial is copied whole, without what is half written`() throws {
        let (trial, writer) = try live()
        var told: [String] = []
        let result = try TrialArchive.copy(trial.id, home: home, to: target) { told.append($0) }
        let expected = [
            "checkpoints/actor/step-5/model.safetensors", "config.yaml", "logs/master_worker-0.log", "run.sqlite",
        ]
        #expect(names(target) == expected)
        #expect(told.sorted() == expected)
        #expect(result.files == 4)
        #expect(result.vanished == [])
        #expect(try Integrity.check(path: "\(target)/run.sqlite").findings == [])
        let copy = try StoredRun.open(path: "\(target)/run.sqlite").snapshot(RunQuery())
        #expect(copy.status == .running)
        #expect(copy.damage == [])
        try writer.setStatus(.completed, detail: "", time: 3, orchestrator: nil)
        try writer.close()
        #expect(FolderListing.names(in: folder.path) == ["copy", "home"], "nothing is left beside it")
    }

    @Test func `a checkpoint that goes while it is copied is left out and named`() throws {
        let (trial, writer) = try live()
        defer { withExtendedLifetime(writer) {} }
        let path = "\(trial.path)/checkpoints/actor/step-5"
        let result = try TrialArchive.copy(trial.id, home: home, to: target) { name in
            guard name.hasPrefix("checkpoints") else { return }
            try? FileManager.default.removeItem(atPath: path)
        }
        #expect(result.vanished == ["checkpoints/actor/step-5"])
        #expect(names(target) == ["config.yaml", "logs/master_worker-0.log", "run.sqlite"])
    }

    @Test(arguments: ["folder", "file", "link"]) func `what is there is never touched`(kind: String) throws {
        let (trial, _) = try live()
        switch kind {
        case "folder": try FolderFiles.makeFolder(target)
        case "file": folder.write("mine", to: "copy")
        default: #expect(symlink("nowhere", target) == 0)
        }
        let error = #expect(throws: LaunchError.self) {
            try TrialArchive.copy(trial.id, home: home, to: target) { _ in }
        }
        #expect(error?.code == .alreadyExists)
        #expect(FolderListing.names(in: folder.path) == ["copy", "home"])
    }

    @Test func `a damaged run is refused, and nothing is left of the copy`() throws {
        let (trial, writer) = try live()
        try writer.close()
        let bytes = try #require(FileManager.default.contents(atPath: trial.database))
        var damaged = [UInt8](bytes)
        let place = try #require(bytes.range(of: Data("peculiar".utf8))).lowerBound
        damaged[place] ^= 1
        try FolderFiles.overwrite(trial.database, with: damaged)
        let error = #expect(throws: LaunchError.self) {
            try TrialArchive.copy(trial.id, home: home, to: target) { _ in }
        }
        #expect(error?.detail.contains("damaged") == true)
        #expect(FolderListing.names(in: folder.path) == ["home"])
    }

    @Test func `a trial that is not there is named`() throws {
        let id = try Samples.id("sft", "none")
        #expect(throws: ControlError.self) { try TrialArchive.copy(id, home: home, to: target) { _ in } }
    }
}
