import Protocol
import TestSupport
import Testing

@testable import Orchestrator

@Suite struct `The inputs of a trial` {
    private let folder = TemporaryFolder()

    /// As if the trial had run with the rows that are there.
    private func begun() throws -> Launching {
        let launching = Samples.launching(folder)
        let trial = try PreparedTrial.prepare(Samples.request(), launching: launching).folder
        folder.write("", to: String(trial.database.dropFirst(folder.path.count + 1)))
        return launching
    }

    private func resume(_ launching: Launching, _ changed: ChangedInputs = .refuse) throws -> PreparedTrial {
        var request = Samples.request()
        request.recoverMode = .resume
        request.changedInputs = changed
        return try PreparedTrial.prepare(request, launching: launching)
    }

    private static let row = #"{"prompt":"1+1=","answer":"2"}"# + "\n"

    @Test func `that have not changed are gone on with`() throws {
        let resumed = try resume(begun())
        #expect(resumed.acceptedChanges.isEmpty)
        #expect(resumed.startReason == "resumed")
    }

    @Test func `that have another size are refused by name, with both sizes`() throws {
        let launching = try begun()
        folder.write(String(repeating: Self.row, count: 201), to: "rows.jsonl")
        let error = #expect(throws: LaunchError.self) { try resume(launching) }
        #expect(error?.code == .frozenDiffers)
        #expect(error?.summary == "what trial sft/first reads has changed since it began")
        #expect(error?.detail == "\(folder.path)/rows.jsonl had 6200 bytes and has 6231")
        #expect(error?.hint?.contains("--accept-changed-inputs") == true)
    }

    @Test func `that have the same size and other content are refused, too`() throws {
        let launching = try begun()
        let other = Self.row.replacing("1+1=", with: "2+0=")
        folder.write(other + String(repeating: Self.row, count: 199), to: "rows.jsonl")
        #expect(throws: LaunchError.self) { try resume(launching) }
    }

    @Test func `that have changed are gone on with when told to, which is recorded, and once is enough`() throws {
        let launching = try begun()
        folder.write(String(repeating: Self.row, count: 201), to: "rows.jsonl")
        let change = "\(folder.path)/rows.jsonl had 6200 bytes and has 6231"
        do {
            let resumed = try resume(launching, .accept)
            #expect(resumed.acceptedChanges == [change])
            #expect(resumed.startReason == "resumed with changed inputs: \(change)")
        }
        let again = try resume(launching)
        #expect(again.acceptedChanges.isEmpty)
        #expect(FrozenInputs.read(again.folder)?.accepted == [change])
    }

    @Test func `are watched between attempts: what was touched is looked at, what was changed is told`() throws {
        try FolderFiles.makeFolder(folder.file("m"))
        let data = folder.write(Self.row, to: "d.jsonl"), model = folder.write("{}", to: "m/config.json")
        let home = HomeFolder(path: folder.file("home"))
        let plan = try Samples.plan("sft", ["dataset.path=\(data)", "model.checkpoint=\(folder.file("m"))"])
        let watch = InputWatch(FrozenInputs(of: plan, home: home), of: plan, home: home)
        #expect(watch.changes().isEmpty)
        folder.write("{}", to: "m/config.json")
        #expect(watch.changes().isEmpty)
        folder.write("[]", to: "m/config.json")
        #expect(watch.changes() == ["\(model) has other content of the same size"])
    }

    @Test func `that have changed are refused by a check as by a start, and it writes nothing`() throws {
        let launching = try begun()
        folder.write(String(repeating: Self.row, count: 201), to: "rows.jsonl")
        var request = Samples.request()
        request.recoverMode = .resume
        let trial = launching.home.trial(try request.id())
        let before = FrozenInputs.read(trial)
        let error = #expect(throws: LaunchError.self) { try launching.verify(request) }
        #expect(error?.code == .frozenDiffers)
        #expect(FrozenInputs.read(trial) == before)
        request.changedInputs = .accept
        #expect(throws: Never.self) { try launching.verify(request) }
    }

    @Test func `that an earlier version froze and nobody reads are held against nobody`() throws {
        let home = HomeFolder(path: folder.file("home"))
        try FolderFiles.makeFolder("\(home.path)/m")
        for name in ["config.json", "model.safetensors"] { folder.write(name, to: "home/m/\(name)") }
        // A dataset may have any name and lie anywhere.
        let data = folder.write("{}\n", to: "home/m/rows.txt")
        let plan = try Samples.plan("sft", ["dataset.path=\(data)", "model.checkpoint=\(home.path)/m"])
        let now = FrozenInputs(of: plan, home: home)
        var before = now
        for name in ["README.md", "flax_model.msgpack", "training_args.json"] {
            before.files.append(FrozenInputs.File(path: "$COCKPIT_HOME/m/\(name)", bytes: 1, crc32: 2))
        }
        let read = before.read(by: plan, home: home)
        #expect(read.changes(to: now).isEmpty)
        #expect(read.files.map(\.path) == now.files.map(\.path))
        before.files.removeAll { $0.path.hasSuffix("/config.json") || $0.path.hasSuffix("/rows.txt") }
        #expect(
            before.read(by: plan, home: home).changes(to: now) == [
                "$COCKPIT_HOME/m/config.json is new", "$COCKPIT_HOME/m/rows.txt is new",
            ])
    }

    @Test func `are every file of a model's folder that is read, by name from the home folder where they lie in it`()
        throws
    {
        let home = HomeFolder(path: folder.file("home"))
        try FolderFiles.makeFolder("\(home.path)/m")
        for name in ["config.json", "a.safetensors", "notes.txt", "trainer_state.json"] {
            folder.write(name, to: "home/m/\(name)")
        }
        let data = folder.write("{}\n", to: "d.jsonl")
        let plan = try Samples.plan("sft", ["dataset.path=\(data)", "model.checkpoint=\(home.path)/m"])
        #expect(
            FrozenInputs(of: plan, home: home).files.map(\.path) == [
                data, "$COCKPIT_HOME/m/a.safetensors", "$COCKPIT_HOME/m/config.json",
            ])
    }
}
