import Foundation
import Glibc
import Protocol
import Synchronization
import TestSupport
import Testing

@testable import Orchestrator

@Suite struct `Files of a trial's folder` {
    private let folder = TemporaryFolder()

    private func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    private func mode(_ path: String) -> mode_t {
        var information = stat()
        return stat(path, &information) == 0 ? information.st_mode & 0o777 : 0
    }

    @Test func `a folder is made with its parents, for the user only`() throws {
        try FolderFiles.makeFolder(folder.file("a/b/c"))
        for name in ["a", "a/b", "a/b/c"] { #expect(mode(folder.file(name)) == 0o700) }
        try FolderFiles.makeFolder(folder.file("a/b/c"))
    }

    @Test func `a folder that is a link to a folder will do`() throws {
        try FolderFiles.makeFolder(folder.file("disk"))
        symlink(folder.file("disk"), folder.file("link"))
        try FolderFiles.makeFolder(folder.file("link/logs"))
        #expect(FolderFiles.exists(folder.file("disk/logs")))
    }

    @Test func `a file in the place of a folder is named`() {
        folder.write("", to: "logs")
        let error = #expect(throws: LaunchError.self) { try FolderFiles.makeFolder(folder.file("logs")) }
        #expect(error?.summary == "\(folder.path)/logs is in the way: it is no folder")
        #expect(throws: LaunchError.self) { try FolderFiles.makeFolder(folder.file("logs/deeper")) }
    }

    @Test func `a link to nowhere in the place of a folder is named`() {
        symlink("/nowhere/else", folder.file("logs"))
        let error = #expect(throws: LaunchError.self) { try FolderFiles.makeFolder(folder.file("logs")) }
        #expect(error?.summary.contains("is in the way") == true)
    }

    @Test func `a folder that nobody may make is an error with the system's reason`() {
        let error = #expect(throws: LaunchError.self) { try FolderFiles.makeFolder("/proc/1/nothing/here") }
        #expect(error?.code == .folder)
        #expect(error?.summary.hasPrefix("/proc/1/nothing cannot be made: ") == true)
    }

    @Test(arguments: [0, 1, 4096, 1 << 20])
    func `a file is replaced whole`(size: Int) throws {
        let path = folder.file("run.json")
        try FolderFiles.replace(path, with: Array("old".utf8))
        let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0) }
        try FolderFiles.replace(path, with: bytes)
        #expect([UInt8](try Data(contentsOf: URL(filePath: path))) == bytes)
        #expect((FolderListing.names(in: folder.path) ?? []) == ["run.json"])
        #expect(mode(path) == 0o600)
    }

    @Test func `a reader sees the old content or the new, never a mixture`() throws {
        let path = folder.file("run.json")
        let contents = [String(repeating: "a", count: 50_000), String(repeating: "b", count: 80_000)]
        try FolderFiles.replace(path, with: Array(contents[0].utf8))
        let isDone = Mutex(false)
        let writer = try TestThread {
            for round in 0..<40 { try? FolderFiles.replace(path, with: Array(contents[round % 2].utf8)) }
            isDone.withLock { $0 = true }
        }
        var seen: Set<String> = []
        while !isDone.withLock({ $0 }) { seen.insert(try text(path)) }
        writer.join()
        #expect(seen.isSubset(of: contents))
    }

    @Test func `what a crash left half written is in nobody's way`() throws {
        folder.write("half", to: "run.json.new")
        try FolderFiles.replace(folder.file("run.json"), with: Array("whole".utf8))
        #expect((FolderListing.names(in: folder.path) ?? []) == ["run.json"])
    }

    @Test func `a link laid in the way of a write is not followed`() throws {
        let victim = folder.write("mine", to: "victim")
        symlink(victim, folder.file("run.json.new"))
        let error = #expect(throws: LaunchError.self) {
            try FolderFiles.replace(folder.file("run.json"), with: Array("theirs".utf8))
        }
        #expect(error?.summary.hasPrefix("\(folder.path)/run.json.new cannot be written: ") == true)
        #expect(try text(victim) == "mine")
    }

    @Test func `a write that fails leaves the old file and no other`() throws {
        // A folder in the place of the file: everything but the rename works.
        try FolderFiles.makeFolder(folder.file("run.json"))
        let error = #expect(throws: LaunchError.self) {
            try FolderFiles.replace(folder.file("run.json"), with: Array("x".utf8))
        }
        #expect(error?.summary == "\(folder.path)/run.json cannot be written: Is a directory")
        #expect((FolderListing.names(in: folder.path) ?? []) == ["run.json"])
    }

    @Test func `emptying removes all but what is kept, and follows no link`() throws {
        let outside = TemporaryFolder()
        outside.write("precious", to: "file")
        for name in ["a/b/c", "checkpoints/actor/step-1"] { try FolderFiles.makeFolder(folder.file(name)) }
        for name in ["lock", "run.sqlite", "a/b/x", ".hidden", "ünï côde"] { folder.write("x", to: name) }
        symlink(outside.path, folder.file("a/link"))
        symlink(outside.file("file"), folder.file("link"))
        try FolderFiles.empty(folder.path, keeping: ["lock"])
        #expect((FolderListing.names(in: folder.path) ?? []) == ["lock"])
        #expect((FolderListing.names(in: outside.path) ?? []) == ["file"])
    }

    @Test func `what is kept is kept at the top only`() throws {
        try FolderFiles.makeFolder(folder.file("a"))
        folder.write("", to: "a/lock")
        try FolderFiles.empty(folder.path, keeping: ["lock"])
        #expect((FolderListing.names(in: folder.path) ?? []).isEmpty)
    }

    @Test func `emptying what is not there is done already`() throws {
        try FolderFiles.empty("/nowhere/at/all", keeping: [])
        #expect((FolderListing.names(in: "/nowhere/at/all") ?? []).isEmpty)
    }
}

@Suite struct `A trial's lock` {
    private let folder = TemporaryFolder()

    private func trial() throws -> TrialFolder {
        let trial = HomeFolder(path: folder.path).trial(try Samples.id("sft", "first"))
        try FolderFiles.makeFolder(trial.path)
        return trial
    }

    /// Takes a lock of an open file (F_OFD_SETLK) on the file that is its argument.
    private static let lockScript = """
        import fcntl, struct, sys, time
        file = open(sys.argv[1], "a+")
        fcntl.fcntl(file, 37, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0))
        print("held", flush=True)
        time.sleep(60)
        """

    /// Another process that holds the lock until it is killed.
    private func holder(of path: String) throws -> ChildProcess {
        let log = folder.file("holder.log")
        let child = try ChildProcess.spawn(
            ChildProcess.Command(
                path: "/usr/bin/python3", arguments: ["-c", Self.lockScript, path], detachment: .ownGroup, logPath: log)
        )
        while LogTail.lines(of: log) != ["held"], child.exitStatus() == nil {
            _ = try Poller.wait([child.pollItem], timeout: .milliseconds(5))
        }
        return child
    }

    @Test func `is held by one process at a time, which the other is told of`() throws {
        let trial = try trial()
        folder.write("4711\n", to: String(trial.lock.dropFirst(folder.path.count + 1)))
        let other = try holder(of: trial.lock)
        let error = #expect(throws: LaunchError.self) { try TrialLock.take(trial) }
        #expect(error?.summary == "trial sft/first is already running (orchestrator pid 4711)")
        #expect(
            error?.hint
                == "watch it with: cockpit attach -e sft -f first; end it with: cockpit stop -e sft -f first")
        #expect(TrialLock.holder(of: trial) == 4711)
        other.signalGroup(SIGKILL)
        _ = try Poller.wait([other.pollItem], timeout: .seconds(120))
    }

    @Test func `goes with its holder, however that ends`() throws {
        let trial = try trial()
        let other = try holder(of: trial.lock)
        other.signalGroup(SIGKILL)
        _ = try Poller.wait([other.pollItem], timeout: .seconds(120))
        #expect(other.exitStatus() == .signalled(SIGKILL))
        let lock = try TrialLock.take(trial)
        #expect(TrialLock.holder(of: trial) == getpid())
        withExtendedLifetime(lock) {}
    }

    @Test(arguments: ["", "\n", "no number\n", "99999999999999999999\n", "12 13\n", "\u{0}\u{0}", "-"])
    func `with garbage in it still says that it is held`(content: String) throws {
        let trial = try trial()
        folder.write(content, to: String(trial.lock.dropFirst(folder.path.count + 1)))
        let other = try holder(of: trial.lock)
        #expect(TrialLock.holder(of: trial) == 0)
        let error = #expect(throws: LaunchError.self) { try TrialLock.take(trial) }
        #expect(error?.summary == "trial sft/first is already running")
        other.signalGroup(SIGKILL)
        _ = try Poller.wait([other.pollItem], timeout: .seconds(120))
    }

    @Test func `that a dead process left behind is taken, and its number replaced`() throws {
        let trial = try trial()
        folder.write("123456789\nand more\n", to: String(trial.lock.dropFirst(folder.path.count + 1)))
        #expect(TrialLock.holder(of: trial) == nil)
        let lock = try TrialLock.take(trial)
        #expect(LogTail.lines(of: trial.lock) == ["\(getpid())"])
        withExtendedLifetime(lock) {}
    }

    @Test func `is let go also where a child that is just starting has its file open`() throws {
        let trial = try trial()
        var lock: TrialLock? = try TrialLock.take(trial)
        let child = try #require(SharedDescriptor(path: trial.lock))
        #expect(lock != nil)
        lock = nil
        #expect(TrialLock.holder(of: trial) == nil)
        withExtendedLifetime(child) {}
    }

    @Test func `is free again as soon as it is let go, and its file stays`() throws {
        let trial = try trial()
        do { _ = try TrialLock.take(trial) }
        #expect(TrialLock.holder(of: trial) == nil)
        #expect(FolderFiles.exists(trial.lock))
    }

    @Test func `is taken again where its file was removed, and lost where another has it`() throws {
        let trial = try trial(), lock = try TrialLock.take(trial)
        #expect(lock.renew(in: trial) == .held)
        unlink(trial.lock)
        #expect(lock.renew(in: trial) == .takenAgain)
        #expect(TrialLock.holder(of: trial) == getpid())
        unlink(trial.lock)
        let other = try TrialLock.take(trial)
        #expect(lock.renew(in: trial) == .lost)
        withExtendedLifetime(other) {}
    }

    @Test func `is no link and no folder`() throws {
        let trial = try trial()
        symlink(folder.write("", to: "elsewhere"), trial.lock)
        #expect(throws: LaunchError.self) { try TrialLock.take(trial) }
        unlink(trial.lock)
        try FolderFiles.makeFolder(trial.lock)
        let error = #expect(throws: LaunchError.self) { try TrialLock.take(trial) }
        #expect(error?.summary == "\(trial.lock) cannot be opened: Is a directory")
    }

    @Test func `of a trial that is not there is held by nobody`() throws {
        #expect(TrialLock.holder(of: HomeFolder(path: "/nowhere").trial(try Samples.id())) == nil)
    }
}
