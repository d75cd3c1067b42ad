internal import Glibc

/// Repeats work until a figure is worth reading.
package enum Stopwatch {
    /// Seconds of every `body` over as many runs as fit `seconds`, at least `minimum`, shortest first.
    private static func times(seconds: Double, minimum: Int, _ body: () throws -> Void) rethrows -> [Double] {
        let clock = ContinuousClock()
        let start = clock.now
        var times: [Double] = []
        while times.count < minimum || start.duration(to: clock.now) / .seconds(1) < seconds {
            times.append(try clock.measure(body) / .seconds(1))
        }
        return times.sorted()
    }

    /// Median seconds of one `body`: a run that the system held up does not count more than others.
    package static func median(seconds: Double, minimum: Int = 2, _ body: () throws -> Void) rethrows -> Double {
        let times = try times(seconds: seconds, minimum: max(1, minimum), body)
        return (times[(times.count - 1) / 2] + times[times.count / 2]) / 2
    }

    /// Seconds of the fastest of several runs: for kernels, where everything but the kernel only adds time.
    package static func fastest(seconds: Double, minimum: Int = 3, _ body: () throws -> Void) rethrows -> Double {
        try times(seconds: seconds, minimum: max(1, minimum), body)[0]
    }

    /// Largest resident size this process has had, in bytes.
    package static var peakResidentBytes: Int {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return Int(usage.ru_maxrss) << 10
    }
}
