import Foundation
import Glibc
import Protocol
import TestSupport
import Testing

@testable import Orchestrator

private func spawn(
    _ arguments: [String], path: String = "/bin/sh", log: String? = nil, environment: [String: String] = [:]
) throws -> ChildProcess {
    try ChildProcess.spawn(
        ChildProcess.Command(
            path: path, arguments: arguments, detachment: .ownGroup, logPath: log, environment: environment))
}

private func end(of child: ChildProcess) throws -> Orchestrator.ExitStatus? {
    _ = try Poller.wait([child.pollItem], timeout: .seconds(20))
    return child.exitStatus()
}

@Suite struct `How a child ends` {
    @Test(arguments: [0, 1, 2, 3, 126, 127, 128, 254, 255] as [Int32])
    func `is told by its own exit status`(code: Int32) throws {
        let child = try spawn(["-c", "exit \(code)"])
        #expect(try end(of: child) == .exited(code))
        // It is reaped once and remembered.
        #expect(child.exitStatus() == .exited(code))
        #expect(child.exitStatus()?.isSuccess == (code == 0))
    }

    @Test(arguments: [
        SIGHUP, SIGINT, SIGQUIT, SIGILL, SIGABRT, SIGBUS, SIGFPE, SIGKILL, SIGSEGV, SIGPIPE, SIGTERM, SIGUSR1,
    ])
    func `is told by the signal that ended it`(signal: Int32) throws {
        #expect(try end(of: spawn(["-c", "ulimit -c 0; kill -\(signal) $$"])) == .signalled(signal))
    }

    @Test func `a signal after its end reaches nobody`() throws {
        let child = try spawn(["-c", "exit 0"])
        _ = try end(of: child)
        // The number may belong to another group by now; this must be a no-op.
        child.signalGroup(SIGKILL)
        #expect(child.exitStatus() == .exited(0))
    }

    @Test func `a stopped child has not ended`() throws {
        let child = try spawn(["-c", "exec sleep 60"])
        child.signalGroup(SIGSTOP)
        #expect(try Poller.wait([child.pollItem], timeout: .milliseconds(20)) == [false])
        #expect(child.exitStatus() == nil)
        // Not even SIGKILL needs it to be awake.
        child.signalGroup(SIGKILL)
        #expect(try end(of: child) == .signalled(SIGKILL))
    }
}

@Suite struct `A program that cannot be run` {
    private let folder = TemporaryFolder()

    private func failure(_ path: String) -> SpawnError? {
        #expect(throws: SpawnError.self) { try spawn([], path: path) }
    }

    @Test func `is told by the system's reason`() {
        let plain = folder.write("#!/bin/sh\n", to: "plain")
        let noFormat = folder.write("garbage", to: "garbage")
        chmod(noFormat, 0o700)
        let noInterpreter = folder.write("#!/nowhere/sh\n", to: "script")
        chmod(noInterpreter, 0o700)
        #expect(failure(plain)?.number == EACCES)
        #expect(failure(noFormat)?.number == ENOEXEC)
        #expect(failure(noInterpreter)?.number == ENOENT)
        #expect(failure(folder.path)?.number == EACCES)
        #expect(failure("\(plain)/deeper")?.number == ENOTDIR)
        #expect(failure("")?.number == ENOENT)
        #expect(failure(String(repeating: "x", count: 5000))?.number == ENAMETOOLONG)
    }

    @Test(arguments: [
        (ENOENT, "start", "could not start /x: No such file or directory", nil),
        (
            EAGAIN, "start", "could not start /x: Resource temporarily unavailable",
            "too many processes: see 'ulimit -u'"
        ),
        (EACCES, "open the log file", "could not open the log file /x: Permission denied", nil),
    ])
    func `reads as a sentence, with what helps`(number: Int32, doing: String, summary: String, hint: String?) {
        let error = SpawnError(path: "/x", number: number, doing: doing)
        #expect(error.summary == summary)
        #expect(error.hint == hint)
    }

    @Test func `leaves no descriptor behind`() {
        func descriptors() -> Int { (FolderListing.names(in: "/proc/self/fd") ?? []).count }
        for _ in 0..<3 { _ = try? spawn([], path: "/nowhere/x", log: folder.file("log")) }
        let before = descriptors()
        for _ in 0..<200 { _ = try? spawn([], path: "/nowhere/x", log: folder.file("log")) }
        // Other tests open and close theirs meanwhile.
        #expect(descriptors() < before + 150)
    }
}

@Suite struct `What a child is given` {
    private let folder = TemporaryFolder()
    private var log: String { folder.file("log") }
    private func text() throws -> String { try String(contentsOfFile: log, encoding: .utf8) }

    @Test func `are its arguments as they are, whatever stands in them`() throws {
        let words = ["", " ", "a b", "\"", "'", "$HOME", "*", "ü→長", "-x", "line\nbreak", "{\"json\":1}"]
        _ = try end(of: spawn(["-c", #"for word; do printf '[%s]' "$word"; done"#, "sh"] + words, log: log))
        #expect(try text() == words.map { "[\($0)]" }.joined())
    }

    @Test func `is its parent's environment with entries replaced`() throws {
        let extra = ["HOME": "/elsewhere", "CK_NEW": "a=b c", "CK_EMPTY": ""]
        _ = try end(
            of: spawn(
                ["-c", #"echo "$HOME|$CK_NEW|${CK_EMPTY-unset}"; env | grep -c ^HOME="#], log: log, environment: extra))
        #expect(try text() == "/elsewhere|a=b c|\n1\n")
        let path = try #require(ProcessInfo.processInfo.environment["PATH"])
        let other = folder.file("other")
        _ = try end(of: spawn(["-c", #"echo "$PATH""#], log: other, environment: extra))
        #expect(LogTail.lines(of: other) == [path])
    }

    @Test func `is a log that takes megabytes`() throws {
        let script = "head -c 3000000 /dev/zero | tr '\\0' 'x'; echo; echo end"
        _ = try end(of: spawn(["-c", script], log: log))
        #expect(try Data(contentsOf: URL(filePath: log)).count == 3_000_005)
        #expect(LogTail.lines(of: log) == ["end"])
    }

    @Test func `is a log that others write to at the same time, line by line`() throws {
        let children = try (0..<4).map { number in
            try spawn(["-c", "for i in $(seq 200); do echo line-\(number); done"], log: log)
        }
        for child in children { _ = try end(of: child) }
        let lines = try text().split(separator: "\n")
        #expect(lines.count == 800)
        #expect(Set(lines) == ["line-0", "line-1", "line-2", "line-3"])
    }

    @Test func `is a log for the user only`() throws {
        _ = try end(of: spawn(["-c", "true"], log: log))
        var information = stat()
        #expect(stat(log, &information) == 0)
        #expect(information.st_mode & 0o777 == 0o600)
    }
}

@Suite struct `A worker's process` {
    private let folder = TemporaryFolder()

    @Test func `is told who it is and where, and writes to its own log`() throws {
        let trial = HomeFolder(path: folder.path).trial(try Samples.id())
        try FolderFiles.makeFolder(trial.logs)
        let spawner = LocalSpawner(program: "/bin/echo", folder: trial, runtime: RuntimeFolder(path: "/run/ck"))
        let process = try spawner.spawn(WorkerID(.model, 1), attempt: 4, launch: 2)
        _ = try Poller.wait([process.pollItem], timeout: .seconds(20))
        #expect(process.exitStatus() == .exited(0))
        #expect(
            LogTail.lines(of: "\(trial.logs)/model_worker-1.log") == [
                "worker --id model_worker/1 --attempt 4 --launch 2 --runtime /run/ck"
            ])
    }

    @Test func `is not started when it would have no log`() throws {
        let trial = HomeFolder(path: folder.file("gone")).trial(try Samples.id())
        let spawner = LocalSpawner(program: "/bin/echo", folder: trial, runtime: RuntimeFolder(path: "/run/ck"))
        let error = #expect(throws: SpawnError.self) { try spawner.spawn(.master, attempt: 1, launch: 0) }
        #expect(error?.summary.hasPrefix("could not open the log file ") == true)
    }

    @Test func `dies with its orchestrator, and what it started too`() throws {
        // The program in between stands for an orchestrator that is killed; its worker ignores every polite signal.
        let trial = HomeFolder(path: folder.path).trial(try Samples.id())
        try FolderFiles.makeFolder(trial.logs)
        let log = folder.file("pid")
        let thread = try OwnThread(name: "orchestrator") {
            let worker = try? spawn(["-c", "trap '' TERM HUP INT; echo $$; while :; do sleep 60; done"], log: log)
            while worker != nil, LogTail.lines(of: log).isEmpty {
                _ = try? Poller.wait([], timeout: .milliseconds(5))
            }
        }
        thread.join()
        let pid = try #require(LogTail.lines(of: log).first.flatMap { Int32($0) })
        #expect(try ProcessWatch(pid: pid)?.waitForEnd(.seconds(20)) ?? true)
        var status: Int32 = 0
        waitpid(pid, &status, 0)
        kill(-pid, SIGKILL)
        #expect(status & 0x7f == SIGKILL)
    }
}

@Suite struct `Watching a process` {
    @Test func `says that it goes on when it does`() throws {
        let child = try spawn(["-c", "exec sleep 60"])
        let watch = try #require(ProcessWatch(pid: child.pid))
        #expect(try !watch.waitForEnd(.milliseconds(10)))
        #expect(try !watch.waitForEnd(.zero))
        child.signalGroup(SIGKILL)
        #expect(try watch.waitForEnd(.seconds(20)))
        _ = try end(of: child)
    }

    @Test(arguments: [-1, 0, .max] as [Int32])
    func `is not possible where there is none`(pid: Int32) {
        #expect(ProcessWatch(pid: pid) == nil)
    }
}

@Suite struct `The end of a log file` {
    private let folder = TemporaryFolder()

    @Test(
        arguments: [
            ("", []), ("\n\n\n", []), ("no end", ["no end"]), ("a\n\nb", ["a", "b"]), ("a\r\nb\r\n", ["a", "b"]),
            ("\u{1b}[31mred\n", ["\u{1b}[31mred"]),
        ] as [(String, [String])])
    func `is its lines, the last one also without an end`(text: String, lines: [String]) {
        #expect(LogTail.lines(of: folder.write(text, to: "log")).map { Array($0.utf8) } == lines.map { Array($0.utf8) })
    }

    @Test func `is read at every length without a trap, the last line whole`() {
        let text = "første linje\nzweite Zeile\n第三行です\n"
        for bytes in 1...text.utf8.count + 1 {
            let lines = LogTail.lines(of: folder.write(text, to: "log"), bytes: bytes)
            if bytes > 17 { #expect(lines.last == "第三行です") }
        }
    }

    @Test func `survives bytes that are no text`() {
        let lines = LogTail.lines(of: folder.write([0xff, 0xfe, 0x0a, 0x00, 0x41] as [UInt8], to: "log"))
        #expect(lines == ["\u{fffd}\u{fffd}", "\u{0}A"])
    }

    @Test func `of a folder is empty`() {
        #expect(LogTail.lines(of: folder.path).isEmpty)
    }
}
