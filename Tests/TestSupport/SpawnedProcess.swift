package import Glibc
import Synchronization

/// A program that a test runs. Each is waited for by itself: Foundation waits for all of them on one thread, and a process
/// that runs on can keep that thread from ever telling of another's end.
///
/// Nothing but its three standard descriptors is open in it, so that it holds no pipe or terminal of another test.
package final class SpawnedProcess: Sendable {
    package struct CannotSpawn: Error {
        package let program: String
        package let number: Int32
    }

    package enum Reason: Sendable { case exit, uncaughtSignal }

    package let processIdentifier: pid_t
    private let end = Mutex<Int32?>(nil)

    /// - Parameters:
    ///   - program: a path, or a name that is looked for as the shell does.
    ///   - environment: nil for this process's own.
    ///   - input: a descriptor; nil for an empty file, as of the other two.
    package init(
        _ program: String, _ arguments: [String], environment: [String: String]? = nil, input: Int32? = nil,
        output: Int32? = nil, errors: Int32? = nil
    ) throws {
        var actions = posix_spawn_file_actions_t(), attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        for (number, descriptor) in [input, output, errors].enumerated() {
            if let descriptor {
                posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(number))
            } else {
                posix_spawn_file_actions_addopen(&actions, Int32(number), "/dev/null", O_RDWR, 0)
            }
        }
        for descriptor in 3..<Self.descriptors { posix_spawn_file_actions_addclose(&actions, descriptor) }
        // What a thread of this process blocks or ignores is nothing that a program should begin with.
        var none = sigset_t(), all = sigset_t()
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] = (environment ?? [:]).map { strdup("\($0)=\($1)") } + [nil]
        defer { for text in words + variables { free(text) } }
        var pid: pid_t = 0
        let number =
            environment == nil
            ? posix_spawnp(&pid, program, &actions, &attributes, &words, environ)
            : posix_spawnp(&pid, program, &actions, &attributes, &words, &variables)
        guard number == 0 else { throw CannotSpawn(program: program, number: number) }
        processIdentifier = pid
    }

    /// More than this process ever has open.
    private static let descriptors: Int32 = {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return Int32(clamping: min(1024, limit.rlim_cur))
    }()

    deinit {
        // One that still runs becomes nobody's; what has ended leaves nothing behind.
        _ = status(WNOHANG)
    }

    package var isRunning: Bool { status(WNOHANG) == nil }

    package func waitUntilExit() {
        var ended = siginfo_t()
        // Looks at its end without taking it, so that others may look meanwhile.
        while waitid(P_PID, UInt32(processIdentifier), &ended, WEXITED | WNOWAIT) != 0, errno == EINTR {}
        _ = status(0)
    }

    /// Its exit status, or the signal that ended it; waits for its end.
    package var terminationStatus: Int32 {
        let status = status(0) ?? 0
        return status & 0x7f == 0 ? status >> 8 & 0xff : status & 0x7f
    }

    package var terminationReason: Reason { (status(0) ?? 0) & 0x7f == 0 ? .exit : .uncaughtSignal }

    package func terminate() { kill(processIdentifier, SIGTERM) }

    private func status(_ options: Int32) -> Int32? {
        end.withLock { end in
            if end == nil {
                var status: Int32 = 0, pid: pid_t
                repeat { pid = waitpid(processIdentifier, &status, options) } while pid < 0 && errno == EINTR
                if pid == processIdentifier { end = status }
            }
            return end
        }
    }
}
