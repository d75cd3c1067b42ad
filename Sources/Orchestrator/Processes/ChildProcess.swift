internal import CProcess
import Glibc
package import Protocol

/// One child process: spawned, watched through its pidfd, signalled as a group, reaped exactly once.
///
/// Confined to the thread that spawned it. That thread must live as long as the child should: a death signal is sent
/// when the spawning *thread* ends.
package final class ChildProcess {
    /// What separates the child from its parent.
    package enum Detachment: Sendable {
        /// Its own process group, and killed when the parent's thread ends: workers.
        case ownGroup
        /// Its own session; it outlives its parent: the orchestrator.
        case ownSession
    }

    /// What the signals that ask a process to end do to the child from its first instruction on.
    package enum StopSignals: Sendable {
        /// They end it, unless the program says otherwise.
        case obeyed
        /// Whoever signals everybody at once means the one who decides: workers leave them to their orchestrator.
        case leftToParent
    }

    /// How to start a program.
    package struct Command {
        package var path: String
        package var arguments: [String]
        /// Added to (or replacing entries of) this process's environment.
        package var environment: [String: String] = [:]
        package var detachment: Detachment
        package var stopSignals: StopSignals
        /// Receives standard output and error, appended; nil discards them.
        package var logPath: String?
        /// A descriptor of this process that becomes descriptor 3 of the child.
        package var inherited: Int32?

        package init(
            path: String, arguments: [String], detachment: Detachment, logPath: String? = nil,
            environment: [String: String] = [:], inherited: Int32? = nil, stopSignals: StopSignals = .obeyed
        ) {
            self.stopSignals = stopSignals
            self.path = path
            self.arguments = arguments
            self.detachment = detachment
            self.logPath = logPath
            self.environment = environment
            self.inherited = inherited
        }
    }

    package let pid: Int32
    private let descriptor: Int32
    private var status: ExitStatus?

    private init(pid: Int32, descriptor: Int32) {
        self.pid = pid
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// Starts a program and returns once it has begun to run.
    package static func spawn(_ command: Command) throws(SpawnError) -> ChildProcess {
        let log = try openLog(command.logPath)
        defer { if log >= 0 { close(log) } }
        var pid: pid_t = 0
        var descriptor: Int32 = -1
        let ignored = command.stopSignals == .leftToParent ? [SIGHUP] + SignalDescriptor.stops : []
        let result = withCStrings([command.path] + command.arguments) { arguments in
            withCStrings(environment(adding: command.environment)) { environment in
                ignored.withUnsafeBufferPointer { ignored in
                    var options = cprocess_options()
                    options.path = UnsafePointer(arguments[0])
                    options.arguments = arguments
                    options.environment = environment
                    options.output = log
                    options.inherited = command.inherited ?? -1
                    options.own_session = command.detachment == .ownSession ? 1 : 0
                    options.ignored = ignored.baseAddress
                    options.ignored_count = ignored.count
                    options.death_signal = command.detachment == .ownGroup ? SIGKILL : 0
                    return cprocess_spawn(&options, &pid, &descriptor)
                }
            }
        }
        guard result == 0 else { throw SpawnError(path: command.path, number: -result) }
        return ChildProcess(pid: pid, descriptor: descriptor)
    }

    /// Readable once the process has ended.
    package var pollItem: PollItem { .descriptor(descriptor) }

    /// How it ended; nil while it lives. The first answer that is not nil reaps it.
    package func exitStatus() -> ExitStatus? {
        if let status { return status }
        var value: Int32 = 0
        switch cprocess_reap(descriptor, &value) {
        case Int32(CPROCESS_EXITED.rawValue): status = .exited(value)
        case Int32(CPROCESS_SIGNALLED.rawValue): status = .signalled(value)
        default: break
        }
        return status
    }

    /// Signals the process and everything it started that is still in its group; nothing once it has been reaped,
    /// because its number may then belong to somebody else.
    package func signalGroup(_ signal: Int32) {
        if status == nil { kill(-pid, signal) }
    }
}

extension ChildProcess {
    private static func openLog(_ path: String?) throws(SpawnError) -> Int32 {
        guard let path else { return -1 }
        let descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
        if descriptor >= 0 { return descriptor }
        guard errno == ENOSPC || errno == EDQUOT else {
            throw SpawnError(path: path, number: errno, doing: "open the log file")
        }
        // A full disk is no reason to train nothing: what the log would say is in the run as well.
        Diagnostics.write("\(path) cannot be made, the disk is full: its process goes on without a log file")
        return -1
    }

    private static func environment(adding extra: [String: String]) -> [String] {
        var lines: [String] = []
        var entry = environ
        while let line = entry.pointee {
            let text = String(cString: line)
            let name = String(text.prefix { $0 != "=" })
            if extra[name] == nil { lines.append(text) }
            entry += 1
        }
        return lines + extra.map { "\($0.key)=\($0.value)" }
    }
}

/// Lends strings as the null-ended array that exec wants.
private func withCStrings<Result>(
    _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
    // SAFETY: the copies live until `body` has returned.
    var pointers: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) }
    defer { for pointer in pointers { free(pointer) } }
    pointers.append(nil)
    return body(pointers)
}
