import Glibc
import Synchronization
import TestSupport

/// Does things as a user whom permissions hold back: tests often run as root, whom they do not.
enum Unprivileged {
    /// What `body` returns; it runs on a thread of its own that has lost root's rights over files.
    static func run<T: Sendable>(_ body: @escaping @Sendable () -> T) -> T? {
        let box = Box<T>()
        let thread = try? TestThread {
            // Linux keeps this a thread: only files opened here are seen with the eyes of "nobody".
            _ = setFileSystemUser()?(65534)
            box.set(body())
        }
        thread?.join()
        return box.value
    }

    /// `setfsuid`, which Swift's Glibc does not show.
    private static func setFileSystemUser() -> (@convention(c) (UInt32) -> Int32)? {
        // SAFETY: the C declaration is `int setfsuid(uid_t)`, and libc is never unloaded.
        dlsym(dlopen(nil, RTLD_NOW), "setfsuid").map { unsafeBitCast($0, to: (@convention(c) (UInt32) -> Int32).self) }
    }

    private final class Box<T: Sendable>: Sendable {
        private let result = Mutex<T?>(nil)

        var value: T? { result.withLock { $0 } }

        func set(_ value: T) { result.withLock { $0 = value } }
    }
}
