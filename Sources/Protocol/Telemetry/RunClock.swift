import Glibc

/// Nanoseconds since the run's start, the same on every process of the host.
///
/// It reads CLOCK_BOOTTIME, so wall-clock jumps do not reorder events and a suspended machine's time counts. A trial
/// that is resumed moves its origin back, so its time goes on from where the wall clock says it is.
package struct RunClock: Sendable, Equatable {
    /// CLOCK_BOOTTIME at the run's start; negative where the run began before this boot.
    package let originNanoseconds: Int64

    package init(originNanoseconds: Int64) { self.originNanoseconds = originNanoseconds }

    /// A clock whose zero is now.
    package static func startingNow() -> RunClock { RunClock(originNanoseconds: bootNanoseconds()) }

    /// Nanoseconds since the run's start.
    package func now() -> Int64 { Self.bootNanoseconds() - originNanoseconds }

    /// CLOCK_BOOTTIME in nanoseconds.
    package static func bootNanoseconds() -> Int64 { read(CLOCK_BOOTTIME) }

    /// The wall clock, in nanoseconds since 1970.
    package static func wallNanoseconds() -> Int64 { read(CLOCK_REALTIME) }

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
