import Glibc
import Protocol
import TestSupport
import Testing

@testable import Orchestrator

/// Runs a shell script as a child.
private func shell(
    _ script: String, log: String? = nil, detachment: ChildProcess.Detachment = .ownGroup, inherited: Int32? = nil
) throws -> ChildProcess {
    try ChildProcess.spawn(
        ChildProcess.Command(
            path: "/bin/sh", arguments: ["-c", script], detachment: detachment, logPath: log, inherited: inherited))
}

private func end(of child: ChildProcess) throws -> Orchestrator.ExitStatus? {
    _ = try Poller.wait([child.pollItem], timeout: .seconds(120))
    return child.exitStatus()
}

private func text(of path: String) -> String { LogTail.lines(of: path).joined(separator: "\n") }

@Suite struct `A child process` {
    @Test func `ends with its own exit status`() throws {
        #expect(try end(of: shell("exit 7")) == .exited(7))
    }

    @Test func `that is killed says by which signal`() throws {
        let child = try shell("exec sleep 60")
        child.signalGroup(SIGKILL)
        #expect(try end(of: child) == .signalled(SIGKILL))
    }

    @Test func `has no exit status while it lives`() throws {
        let child = try shell("exec sleep 60")
        #expect(child.exitStatus() == nil)
        child.signalGroup(SIGKILL)
        _ = try end(of: child)
    }

    @Test func `that cannot be executed is an error with the system's reason`() {
        #expect(throws: SpawnError(path: "/nowhere/program", number: ENOENT)) {
            try ChildProcess.spawn(
                ChildProcess.Command(path: "/nowhere/program", arguments: [], detachment: .ownGroup))
        }
    }

    @Test func `appends output and errors to its log`() throws {
        let folder = TemporaryFolder()
        let log = folder.write("before\n", to: "log")
        _ = try end(of: shell("echo out; echo err >&2", log: log))
        #expect(text(of: log) == "before\nout\nerr")
    }

    @Test func `whose log cannot be opened is not started`() {
        #expect(throws: SpawnError(path: "/nowhere/log", number: ENOENT, doing: "open the log file")) {
            try shell("true", log: "/nowhere/log")
        }
    }

    @Test func `reads nothing from its parent's input`() throws {
        #expect(try end(of: shell("read line")) == .exited(1))
    }

    @Test func `leads a group of its own, which is signalled as a whole`() throws {
        let folder = TemporaryFolder()
        let log = folder.file("log")
        // The grandchild holds the pipe open until it dies.
        let child = try shell("sleep 60 & echo $!; wait", log: log)
        while text(of: log).isEmpty { _ = try Poller.wait([child.pollItem], timeout: .milliseconds(5)) }
        let grandchild = try #require(Int32(text(of: log)))
        let watch = try #require(ProcessWatch(pid: grandchild))
        child.signalGroup(SIGKILL)
        #expect(try watch.waitForEnd(.seconds(120)))
        _ = try end(of: child)
    }

    @Test func `in its own session leads that session`() throws {
        let folder = TemporaryFolder()
        let child = try shell("cut -d' ' -f6 /proc/$$/stat", log: folder.file("log"), detachment: .ownSession)
        _ = try end(of: child)
        #expect(text(of: folder.file("log")) == "\(child.pid)")
    }

    @Test func `gets the one descriptor it is given and no other`() throws {
        let folder = TemporaryFolder()
        let given = open("/dev/null", O_RDONLY)
        defer { close(given) }
        // Words of the shell itself: a pipeline would open descriptors of its own.
        let script = "for fd in 0 1 2 3 4 5 6 7 8 9; do [ ! -e /proc/$$/fd/$fd ] || echo $fd; done"
        let child = try shell(script, log: folder.file("log"), inherited: given)
        _ = try end(of: child)
        #expect(text(of: folder.file("log")) == "0\n1\n2\n3")
    }

    @Test func `starts with no signal blocked or ignored`() throws {
        let folder = TemporaryFolder()
        let child = try shell("grep -E 'Sig(Blk|Ign)' /proc/self/status | cut -f2", log: folder.file("log"))
        _ = try end(of: child)
        let masks = text(of: folder.file("log")).split(separator: "\n").compactMap { UInt64($0, radix: 16) }
        // Above them stand the C library's own signals, which nobody can reset.
        #expect(masks.map { $0 & 0x7fff_ffff } == [0, 0])
    }

    @Test func `dies with the thread that spawned it`() throws {
        let folder = TemporaryFolder()
        let log = folder.file("log")
        let thread = try OwnThread(name: "spawner") {
            let child = try? shell("echo $$; exec sleep 60", log: log)
            while child != nil, text(of: log).isEmpty { _ = try? Poller.wait([], timeout: .milliseconds(5)) }
        }
        thread.join()
        let pid = try #require(Int32(text(of: log)))
        // It may be gone by now, which is as good.
        #expect(try ProcessWatch(pid: pid)?.waitForEnd(.seconds(120)) ?? true)
        var status: Int32 = 0
        waitpid(pid, &status, 0)
        #expect(status & 0x7f == SIGKILL)
    }
}

@Suite struct `An exit status` {
    @Test(arguments: [
        (Orchestrator.ExitStatus.exited(3), "left with exit status 3"),
        (.signalled(9), "was killed by signal 9 (SIGKILL)"),
        (.signalled(63), "was killed by signal 63"),
    ])
    func `reads as a phrase`(status: Orchestrator.ExitStatus, phrase: String) {
        #expect(status.description == phrase)
    }
}

@Suite struct `The tail of a log` {
    @Test func `is its last lines`() {
        let folder = TemporaryFolder()
        #expect(LogTail.lines(of: folder.write("a\nb\nc\n", to: "log"), count: 2) == ["b", "c"])
    }

    @Test func `leaves out a line that is cut off at the front`() {
        let folder = TemporaryFolder()
        #expect(LogTail.lines(of: folder.write("long line\nlast\n", to: "log"), bytes: 8) == ["last"])
    }

    @Test func `of no file is empty`() {
        #expect(LogTail.lines(of: "/nowhere/log").isEmpty)
    }
}
