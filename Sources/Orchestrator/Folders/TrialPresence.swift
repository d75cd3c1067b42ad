import Foundation
import Glibc
package import Protocol
import Store

/// Where a trial's orchestrator is, as far as it can be known from here.
package enum TrialPresence: Sendable, Equatable {
    /// On this machine, in a process that can be seen.
    case here(pid: Int32)
    /// On another machine, or in another container of this one; `quiet`: seconds since it last wrote anything.
    case elsewhere(host: String, quiet: Int)
    case gone

    /// A trial of another machine that has written nothing for so many seconds is not running: it writes every second.
    static let longestQuiet = 120

    /// The lock decides: it goes with its holder, whatever the numbers of processes say, and a copy of a trial's folder
    /// does not have it. The process does where it has the sockets of this very folder.
    package static func of(
        _ record: RunRecord, in folder: TrialFolder, machine: Machine = .current,
        now: Double = Date().timeIntervalSince1970
    ) -> TrialPresence {
        guard !record.status.isTerminal else { return .gone }
        let host = record.machine?.host ?? "another host"
        let isSameMachine = record.machine.map { $0.boot == machine.boot } ?? true
        let quiet = Int(max(0, now - lastSign(of: folder)))
        let isVisible = isSameMachine && record.machine?.host ?? machine.host == machine.host
        // Its lock was removed, and is taken again within a second. A copy of its folder has other sockets.
        if isVisible, record.orchestrator.isAlive, record.runtimeFolder == RuntimeFolder.expected(for: folder).path {
            return .here(pid: record.orchestrator.pid)
        }
        if TrialLock.isHeld(folder) {
            if isVisible, record.orchestrator.isAlive { return .here(pid: record.orchestrator.pid) }
            return .elsewhere(host: host, quiet: quiet)
        }
        // A lock on the same machine can be believed; between machines a shared folder may keep none.
        if isSameMachine || record.machine?.host == machine.host || quiet > longestQuiet { return .gone }
        return .elsewhere(host: host, quiet: quiet)
    }

    /// A trial's record and where its orchestrator is; nil where there is no record.
    /// - Parameter looking: called between the two looks.
    static func observed(
        in folder: TrialFolder, looking: () -> Void = {}
    ) -> (record: RunRecord, presence: TrialPresence)? {
        guard let record = RunRecord.read(folder) else { return nil }
        looking()
        let presence = of(record, in: folder)
        guard presence == .gone, !record.status.isTerminal, let last = RunRecord.read(folder) else {
            return (record, presence)
        }
        // It may have ended since the record was read: it writes how before its lock goes.
        return (last, of(last, in: folder))
    }

    private static func lastSign(of folder: TrialFolder) -> Double {
        [folder.runFile, folder.database, folder.database + "-wal"].map { path in
            var information = stat()
            return stat(path, &information) == 0 ? Double(information.st_mtim.tv_sec) : 0
        }.max() ?? 0
    }
}

/// A machine between two starts of it.
package struct Machine: Sendable, Codable, Equatable {
    /// What people call it; a container has a name of its own.
    package var host: String
    /// What the kernel calls the time since it was started, the same in all its containers.
    package var boot: String

    package init(host: String, boot: String) {
        self.host = host
        self.boot = boot
    }

    /// This one. It stays the same, and a list of trials asks for it thousands of times.
    package static let current: Machine = {
        var buffer = [CChar](repeating: 0, count: 256)
        gethostname(&buffer, buffer.count - 1)
        let bytes = buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        let boot = try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)
        return Machine(
            host: String(decoding: bytes, as: UTF8.self),
            boot: (boot ?? "").trimmingCharacters(in: .whitespacesAndNewlines))
    }()
}
