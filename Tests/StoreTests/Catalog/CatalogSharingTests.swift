import GRDB
import Glibc
import Protocol
import TestSupport
import Testing

@testable import Store

@Suite struct CatalogSharingTests {
    private let folder = TemporaryFolder()
    private var home: HomeFolder { HomeFolder(path: folder.file("deep/home")) }

    private func entry(_ trial: String, started: Int64 = 1) throws -> CatalogEntry {
        CatalogEntry(
            id: TrialID(experiment: try ExperimentName("sft"), trial: try TrialName(trial)), status: .running,
            statusDetail: "", startedWall: started, updatedWall: 9, step: 3, totalSteps: 10, orchestrator: nil,
            last: ["loss": .nan])
    }

    private func makeRun(_ trial: String) throws {
        var header = try RunBuilder.header()
        header.id = try entry(trial).id
        let writer = try RunWriter.create(home.trial(header.id), header: header)
        try writer.setStatus(.completed, detail: "", time: 50, orchestrator: nil)
        try writer.close()
    }

    private func names(_ catalog: RunCatalog) throws -> [String] {
        try catalog.entries().map(\.id.trial.description).sorted()
    }

    @Test(arguments: [false, true])
    func `orchestrators that start at once on a fresh home all find their line in one catalogue`(
        isDamaged: Bool
    ) throws {
        for number in 0..<4 { try makeRun("old-\(number)") }
        if isDamaged { folder.write("damaged beyond all repair", to: "deep/home/catalog.sqlite") }
        let home = home
        let failures = Order()
        let threads = try (0..<6).map { number in
            let entry = try entry("new-\(number)")
            return try TestThread {
                do {
                    try RunCatalog.open(home: home).upsert(entry)
                } catch {
                    failures.add("\(error)")
                }
            }
        }
        for thread in threads { thread.join() }
        #expect(failures.steps == [])
        let expected = (0..<6).map { "new-\($0)" } + (0..<4).map { "old-\($0)" }
        #expect(try names(RunCatalog.open(home: home)) == expected)
        #expect(FileBytes.exists("\(home.catalog).new") == false)
    }

    @Test func `entries of one trial written by two at once are one of the two, whole`() throws {
        let catalog = try RunCatalog.open(home: home)
        let home = home
        let threads = try (1...2).map { number in
            var entry = try entry("first")
            entry.step = number
            entry.last = ["loss": Double(number)]
            let mine = entry
            return try TestThread {
                guard let catalog = try? RunCatalog.open(home: home) else { return }
                for _ in 0..<30 { try? catalog.upsert(mine) }
            }
        }
        for thread in threads { thread.join() }
        let found = try catalog.entries()
        #expect(found.count == 1)
        #expect(found.first?.last == ["loss": Double(found.first?.step ?? 0)])
    }

    @Test(arguments: [0, 5, 100, 4096, 8192])
    func `a catalogue that was cut off is made again from the runs`(length: Int) throws {
        try makeRun("first")
        do {
            let catalog = try RunCatalog.open(home: home)
            for number in 0..<200 { try catalog.upsert(entry("gone-\(number)")) }
        }
        let bytes = try FileBytes.read(home.catalog)
        try #require(bytes.count > length)
        folder.write(bytes.prefix(length), to: "deep/home/catalog.sqlite")
        #expect(try names(RunCatalog.open(home: home)) == ["first"])
    }

    @Test func `a log left over from a catalogue that was deleted is not played into the new one`() throws {
        try makeRun("first")
        let old = try RunCatalog.open(home: home)
        try old.upsert(entry("gone"))
        let log = try FileBytes.read("\(home.catalog)-wal")
        try #require(log.count > 32)
        FileBytes.remove(home.catalog)
        folder.write(log, to: "deep/home/catalog.sqlite-wal")
        #expect(try names(RunCatalog.open(home: home)) == ["first"])
    }

    @Test func `a catalogue of a newer version is not thrown away`() throws {
        do { try RunCatalog.open(home: home).upsert(entry("first")) }
        try Damage.run("PRAGMA user_version = 7", on: home.catalog)
        let failure = #expect(throws: StoreError.self) { try RunCatalog.open(home: home) }
        #expect(failure?.code == .newerSchema)
        try Damage.run("PRAGMA user_version = 1", on: home.catalog)
        #expect(try names(RunCatalog.open(home: home)) == ["first"])
    }

    @Test func `lines that make no sense are left out or shown with what is known`() throws {
        let catalog = try RunCatalog.open(home: home)
        for name in ["first", "second", "third"] { try catalog.upsert(entry(name)) }
        try Damage.run(
            """
            UPDATE trial SET trial = 'not_a/name' WHERE trial = 'first';
            UPDATE trial SET status = 'dreaming', last = x'00' WHERE trial = 'second';
            """, on: home.catalog)
        let found = try catalog.entries()
        #expect(found.map(\.id.trial.description) == ["second", "third"])
        #expect(found.map(\.status) == [.failed, .running])
        #expect(found.first?.last == [:])
        #expect(found.last?.last["loss"]?.isNaN == true)
    }

    @Test func `a home that cannot be made is named`() {
        let file = folder.write("no folder", to: "file")
        let failure = #expect(throws: StoreError.self) { try RunCatalog.open(home: HomeFolder(path: "\(file)/home")) }
        #expect(failure?.code == .notFound || failure?.code == .permission)
        #expect(failure?.path == "\(file)/home/catalog.sqlite")
    }

    @Test func `the catalogue is its owner's alone`() throws {
        _ = try RunCatalog.open(home: home)
        #expect(try FileMode.of(home.catalog) == 0o600)
        #expect(try FileMode.of(home.path) == 0o700)
    }
}

@Suite struct ProcessLifeTests {
    /// A child that ends when it is killed or has nothing to read; nobody waits for it yet.
    private func spawn(_ arguments: [String]) throws -> pid_t {
        var pid: pid_t = 0
        let words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        try #require(posix_spawn(&pid, arguments[0], nil, nil, words, nil) == 0)
        return pid
    }

    @Test func `a process is alive until it ends, and a zombie is not alive`() throws {
        let pid = try spawn(["/bin/cat"])
        let identity = ProcessIdentity.of(pid)
        kill(pid, SIGKILL)
        var information = siginfo_t()
        // Waits for its end, and leaves it a zombie.
        #expect(waitid(P_PID, id_t(pid), &information, WEXITED | WNOWAIT) == 0)
        #expect(identity != nil)
        #expect(identity?.isAlive == false)
        #expect(ProcessIdentity.of(pid) == identity)
        var status: Int32 = 0
        #expect(waitpid(pid, &status, 0) == pid)
        #expect(ProcessIdentity.of(pid) != identity)
        #expect(identity?.isAlive == false)
    }

    @Test func `who was given the number of a dead process is another`() throws {
        let own = try #require(ProcessIdentity.current())
        let parent = try #require(ProcessIdentity.of(getppid()))
        #expect(own != parent)
        #expect(ProcessIdentity(pid: own.pid, startTicks: parent.startTicks &- 1).isAlive == false)
        #expect(ProcessIdentity(pid: own.pid, startTicks: 0).isAlive == false)
    }

    @Test(arguments: [0, -1, Int32.min, Int32.max])
    func `numbers no process has are nobody`(pid: Int32) {
        #expect(ProcessIdentity.of(pid) == nil)
        #expect(ProcessIdentity(pid: pid, startTicks: 0).isAlive == false)
    }

    @Test(
        arguments: [
            ("1 (x) R 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 77 0", 77),
            ("1 () R 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 77", 77),
            ("1 (a b) c) R 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 5", 5),
            ("1 (x) R 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0", nil),
            ("1 (x) R 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 -3", nil), ("1 x R", nil), (")", nil),
            ("1 (x) R 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 18446744073709551615", .max),
        ] as [(String, UInt64?)])
    func `the start is the 22nd field, whatever the command is called`(text: String, ticks: UInt64?) {
        #expect(ProcessIdentity.startTicks(inStat: text) == ticks)
    }
}
