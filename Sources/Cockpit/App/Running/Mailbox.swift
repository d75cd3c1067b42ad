import Glibc

/// A value shared by two threads, one of which can wait for it to change.
///
/// A mutex from the standard library has no condition to wait on, which the worker threads need.
final class Mailbox<Content: Sendable>: @unchecked Sendable {
    // SAFETY: `content` is only touched with `mutex` held; both pthread objects live at fixed addresses until deinit,
    // when no thread can hold a reference to this object any more.
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>
    private var content: Content

    init(_ content: Content) {
        self.content = content
        mutex = .allocate(capacity: 1)
        condition = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        // A wall clock that is set must not stretch a wait.
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    /// Changes the content and wakes whoever waits.
    func update<Result>(_ change: (inout Content) -> Result) -> Result {
        pthread_mutex_lock(mutex)
        defer {
            pthread_cond_broadcast(condition)
            pthread_mutex_unlock(mutex)
        }
        return change(&content)
    }

    /// Waits until `take` finds something or the deadline (CLOCK_MONOTONIC nanoseconds) has passed; nil then.
    func wait<Result>(until deadline: Int64?, _ take: (inout Content) -> Result?) -> Result? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while true {
            if let result = take(&content) { return result }
            guard let deadline else {
                pthread_cond_wait(condition, mutex)
                continue
            }
            var time = timespec(tv_sec: Int(deadline / 1_000_000_000), tv_nsec: Int(deadline % 1_000_000_000))
            if pthread_cond_timedwait(condition, mutex, &time) == ETIMEDOUT { return take(&content) }
        }
    }
}

/// The clock of the loop and of its threads.
enum LoopClock {
    /// CLOCK_MONOTONIC in nanoseconds.
    static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
