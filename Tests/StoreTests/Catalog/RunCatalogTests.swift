import Foundation
import Protocol
import TestSupport
import Testing

@testable import Store

@Suite struct RunCatalogTests {
    private let folder = TemporaryFolder()
    private var home: HomeFolder { HomeFolder(path: folder.file("home")) }

    private func id(_ trial: String) throws -> TrialID {
        TrialID(experiment: try ExperimentName("sft"), trial: try TrialName(trial))
    }

    private func entry(_ trial: String, started: Int64 = 1) throws -> CatalogEntry {
        CatalogEntry(
            id: try id(trial), status: .running, statusDetail: "", startedWall: started, updatedWall: 9, step: 3,
            totalSteps: 10, orchestrator: ProcessIdentity(pid: 5, startTicks: .max),
            last: ["loss": 0.5, "ppl": .infinity])
    }

    private func makeRun(_ trial: String) throws {
        var header = try RunBuilder.header()
        header.id = try id(trial)
        let writer = try RunWriter.create(home.trial(header.id), header: header)
        try writer.setStatus(.completed, detail: "", time: 50, orchestrator: nil)
        _ = try writer.append(Batch.of(seq: 1) { $0.metrics = [Batch.block(4, [("loss", 0.25)])] })
        try writer.close()
    }

    @Test func `an entry comes back as it was, the newest trial first`() throws {
        let catalog = try RunCatalog.open(home: home)
        try catalog.upsert(entry("old"))
        try catalog.upsert(entry("new", started: 2))
        #expect(try catalog.entries() == [entry("new", started: 2), entry("old")])
    }

    @Test func `reading it gives the same and writes nothing, also where there is none`() throws {
        #expect(try RunCatalog.read(home: home, .everything) == [])
        #expect(FileBytes.exists(home.path) == false)
        do {
            let catalog = try RunCatalog.open(home: home)
            try catalog.upsert(entry("first"))
            #expect(try RunCatalog.read(home: home, .everything) == [entry("first")], "beside its log")
            var state = try entry("first")
            state.last = [:]
            #expect(try RunCatalog.read(home: home, .states) == [state])
        }
        let before = FolderListing.names(in: home.path)
        #expect(try RunCatalog.read(home: home, .everything) == [entry("first")], "at rest")
        #expect(FolderListing.names(in: home.path) == before)
    }

    @Test(
        arguments: [
            [:], ["loss": 0.5],
            ["训练/loss": -0.0, "": .infinity, "x": .nan, String(repeating: "k", count: 300): 1e-300],
        ] as [[String: Double]])
    func `last values come back to the bit, from a cut list as many as are whole`(values: [String: Double]) {
        let bytes = LastValues.encode(values)
        let back = bytes.withUnsafeBytes { LastValues.decode($0) }
        #expect(back.mapValues(\.bitPattern) == values.mapValues(\.bitPattern))
        for length in 0..<bytes.count {
            let part = bytes.prefix(length).withUnsafeBytes { LastValues.decode($0) }
            #expect(part.count < max(1, values.count))
        }
    }

    @Test func `a line that the version before wrote is read`() throws {
        let encoder = PropertyListEncoder()
        encoder.outputFormat = .binary
        let bytes = [UInt8](try encoder.encode(["loss": 0.5]))
        #expect(bytes.withUnsafeBytes { LastValues.decode($0) } == ["loss": 0.5])
    }

    @Test func `a later entry takes the place of the earlier`() throws {
        let catalog = try RunCatalog.open(home: home)
        var changed = try entry("first")
        try catalog.upsert(changed)
        changed.status = .failed
        changed.orchestrator = nil
        try catalog.upsert(changed)
        #expect(try catalog.entries() == [changed])
    }

    @Test func `two processes' catalogues are one`() throws {
        let one = try RunCatalog.open(home: home)
        let other = try RunCatalog.open(home: home)
        try one.upsert(entry("first"))
        #expect(try other.entries().count == 1)
    }

    @Test func `a home that has trials and no catalogue gets one`() throws {
        try makeRun("first")
        let entries = try RunCatalog.open(home: home).entries()
        #expect(entries.map(\.id.trial.description) == ["first"])
        #expect(entries.map(\.status) == [.completed])
        #expect(entries.map(\.last) == [["loss": 0.25]])
        #expect(entries.map(\.step) == [4])
        #expect(entries.map(\.updatedWall) == [1_000_000 + 4_000_000])
    }

    @Test func `takes in what was copied to its home and has ended, under the name it has there`() throws {
        let catalog = try RunCatalog.open(home: home)
        try makeRun("first")
        try makeRun("broken")
        try FileManager.default.copyItem(atPath: home.trial(id("first")).path, toPath: home.trial(id("copy")).path)
        folder.write("", to: "home/trials/sft/broken/run.sqlite")
        try catalog.adopt(from: home, most: 0)
        #expect(try catalog.entries().isEmpty)
        try catalog.adopt(from: home)
        #expect(try catalog.entries().map(\.id.trial.description).sorted() == ["copy", "first"])
        #expect(try catalog.entries().map(\.step) == [4, 4])
    }

    @Test func `what it takes in stands in the way of no line that is there`() throws {
        let catalog = try RunCatalog.open(home: home)
        try makeRun("first")
        try catalog.upsert(entry("first"))
        try catalog.adopt(from: home)
        #expect(try catalog.entries() == [entry("first")])
    }

    @Test func `a damaged catalogue is made again`() throws {
        try makeRun("first")
        folder.write("this is no database at all", to: "home/catalog.sqlite")
        #expect(try RunCatalog.open(home: home).entries().count == 1)
    }

    @Test func `a catalogue made again drops what is gone and what cannot be read`() throws {
        try makeRun("first")
        try makeRun("broken")
        folder.write("", to: "home/trials/sft/broken/run.sqlite")
        try RunCatalog.open(home: home).upsert(entry("gone"))
        FileBytes.remove(home.catalog)
        #expect(try RunCatalog.open(home: home).entries().map(\.id.trial.description) == ["first"])
    }
}

@Suite struct ProcessIdentityTests {
    @Test func `this process is alive, and another of its number is not`() throws {
        let own = try #require(ProcessIdentity.current())
        #expect(own.isAlive)
        #expect(ProcessIdentity(pid: own.pid, startTicks: own.startTicks + 1).isAlive == false)
        #expect(ProcessIdentity(pid: -7, startTicks: 1).isAlive == false)
    }

    @Test func `a command's name may hold anything`() {
        let fields = (4...30).map { "\($0)" }.joined(separator: " ")
        #expect(ProcessIdentity.startTicks(inStat: "12 (a) b) (c) S \(fields)") == 22)
        #expect(ProcessIdentity.startTicks(inStat: "12 (short) S 1") == nil)
        #expect(ProcessIdentity.startTicks(inStat: "") == nil)
    }
}

@Suite struct StoreBenchmarkTests {
    @Test func `the benchmark measures what it says, and its size stays within the bar`() throws {
        let folder = TemporaryFolder()
        let result = try StoreBenchmark.run(in: folder.path, series: 20, steps: 600, points: 600, columns: 50)
        #expect(result.valuesPerSecond > 0)
        #expect(result.reducedPoints == 600)
        #expect((1...16).contains(result.bytesPerValue))
        #expect(try Integrity.check(path: folder.file("ingest.sqlite")).values == 12_000)
    }
}
