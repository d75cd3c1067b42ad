import Foundation
import Glibc
package import Protocol
import Store

/// What trials need of the place they are written to, tried out.
package struct PlaceProbe: Sendable, Equatable {
    package let subject: String
    package let isGood: Bool
    package let detail: String

    /// Tries locks, shared memory, socket paths and the disk's speed in a folder that exists and can be written to; what
    /// is made for it is removed.
    package static func all(in folder: String, home: HomeFolder) -> [PlaceProbe] {
        [locks(in: folder), sharedMemory(in: folder), sockets(of: home), disk(in: folder)]
    }

    /// A lock that one descriptor holds must be refused to another.
    private static func locks(in folder: String) -> PlaceProbe {
        let path = "\(folder)/.doctor-\(getpid()).lock"
        defer { unlink(path) }
        let first = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o600), second = open(path, O_RDWR | O_CLOEXEC)
        defer { for descriptor in [first, second] where descriptor >= 0 { close(descriptor) } }
        guard first >= 0, second >= 0, flock(first, LOCK_EX | LOCK_NB) == 0 else {
            return PlaceProbe(
                subject: "locks", isGood: false, detail: "flock does not work here: \(String(cString: strerror(errno)))"
            )
        }
        let isExclusive = flock(second, LOCK_EX | LOCK_NB) != 0
        return PlaceProbe(
            subject: "locks", isGood: isExclusive,
            detail: isExclusive
                ? "flock works"
                : "flock locks nothing here: a trial could be started twice; set COCKPIT_HOME to a local disk")
    }

    private static func sharedMemory(in folder: String) -> PlaceProbe {
        let problem = StoreProbe.problem(in: folder)
        return PlaceProbe(
            subject: "shared memory", isGood: problem == nil,
            detail: problem.map { "\($0); set COCKPIT_HOME to a local disk" } ?? "SQLite's write-ahead log works")
    }

    /// Sockets of a home whose path is too long lie in /tmp, which a clean-up may sweep.
    private static func sockets(of home: HomeFolder) -> PlaceProbe {
        guard let experiment = try? ExperimentName("x"), let trial = try? TrialName("x") else {
            return PlaceProbe(subject: "sockets", isGood: false, detail: "no trial can be named")
        }
        let folder = RuntimeFolder.expected(for: home.trial(TrialID(experiment: experiment, trial: trial)))
        let isInHome = folder.path.hasPrefix(home.path)
        let parent = (folder.path as NSString).deletingLastPathComponent
        return PlaceProbe(
            subject: "sockets", isGood: true,
            detail: isInHome
                ? "in \(parent)"
                : "in /tmp, because the home folder's path is too long for sockets; a shorter one avoids it")
    }

    /// Writes as a checkpoint does, and as the store's commits do.
    private static func disk(in folder: String) -> PlaceProbe {
        let path = "\(folder)/.doctor-\(getpid()).data"
        defer { unlink(path) }
        let descriptor = open(path, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            return PlaceProbe(
                subject: "disk", isGood: false, detail: "no file can be made: \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        let piece = [UInt8](repeating: 0xA5, count: 1 << 20), pieces = 16, commits = 8
        let clock = ContinuousClock()
        var isWritten = true
        let whole = clock.measure {
            for _ in 0..<pieces where write(descriptor, piece, piece.count) != piece.count { isWritten = false }
            isWritten = fsync(descriptor) == 0 && isWritten
        }
        let synced = clock.measure {
            for _ in 0..<commits {
                isWritten = write(descriptor, piece, 4096) == 4096 && fsync(descriptor) == 0 && isWritten
            }
        }
        guard isWritten else {
            return PlaceProbe(
                subject: "disk", isGood: false, detail: "cannot be written: \(String(cString: strerror(errno)))")
        }
        let speed = Double(pieces) / max(whole / .seconds(1), 1e-6),
            commit = synced / .milliseconds(1) / Double(commits)
        let words = "\(Int(speed)) MiB/s, a commit takes \((commit * 10).rounded() / 10) ms"
        let isFast = speed > 1 && commit < 2000
        return PlaceProbe(
            subject: "disk", isGood: isFast,
            detail: isFast ? words : "\(words): checkpoints and commits will hold trials up")
    }
}

/// What this process may use of the machine, in words.
package struct MachineShare: Sendable, Equatable {
    package let detail: String

    package static func current(home: HomeFolder) -> MachineShare {
        let group = ControlGroup.current, facts = MachineFacts.current(home: home)
        return MachineShare(
            group, threads: facts.cores, cores: ProcessInfo.processInfo.activeProcessorCount,
            machine: Int(clamping: ProcessInfo.processInfo.physicalMemory))
    }

    init(_ group: ControlGroup, threads: Int, cores: Int, machine: Int) {
        let processors = group.processors.map { " (a quota of \(($0 * 100).rounded() / 100) cores)" } ?? ""
        let memory = group.memory(of: machine)
        let limit = memory < machine ? " (a limit; the machine has \(gibibytes(machine)))" : ""
        detail =
            "\(threads) threads of \(cores) cores\(processors), \(gibibytes(memory)) GiB of memory\(limit)"
    }
}
