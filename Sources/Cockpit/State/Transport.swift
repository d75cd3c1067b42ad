import Store

/// The playhead of the screen: it follows the newest record, or stands or moves somewhere in the recording.
///
/// Holds no clock; positions are worked out from the loop's time that is passed in.
struct Transport: Equatable, Sendable {
    static let speeds: [Double] = [0.25, 0.5, 1, 2, 4, 8, 16, 32, 64]

    enum Mode: Equatable, Sendable {
        case following
        /// Stands at a time of the run.
        case paused(at: Int64)
        /// Was at `position` when the loop's clock read `since`.
        case playing(from: Int64, since: Int64)
    }

    private(set) var mode: Mode = .following
    /// Index into `speeds`.
    private(set) var speedIndex = 2

    var speed: Double { Self.speeds[speedIndex] }
    var isReplay: Bool { mode != .following }
    var isPlaying: Bool { if case .playing = mode { true } else { false } }

    /// Where the playhead is, `end` being the newest record of the run; nil while it follows.
    func position(now: Int64, end: Int64) -> Int64? {
        switch mode {
        case .following: return nil
        case .paused(let time): return min(max(0, time), end)
        case .playing(let from, let since):
            let passed = Double(max(0, now - since)) * speed
            // A stall of the loop must not overflow the sum below.
            let (sum, isOverflow) = max(0, from).addingReportingOverflow(Int64(min(passed, 1e17)))
            return isOverflow ? end : min(sum, end)
        }
    }

    mutating func follow() { mode = .following }

    /// Stands still at a time.
    mutating func seek(to time: Int64, now: Int64) {
        mode = isPlaying ? .playing(from: max(0, time), since: now) : .paused(at: max(0, time))
    }

    mutating func play(now: Int64, end: Int64) {
        var start = position(now: now, end: end) ?? end
        // Playing from the very end would show nothing.
        if start >= end { start = 0 }
        mode = .playing(from: start, since: now)
    }

    mutating func pause(now: Int64, end: Int64) {
        mode = .paused(at: position(now: now, end: end) ?? end)
    }

    /// Stops at the end of the recording.
    mutating func advance(now: Int64, end: Int64) {
        if isPlaying, position(now: now, end: end) == end { mode = .paused(at: end) }
    }

    /// Changes the speed by some places in the list, without a jump of the playhead.
    mutating func changeSpeed(by places: Int, now: Int64, end: Int64) {
        let here = position(now: now, end: end)
        speedIndex = min(max(0, speedIndex + places), Self.speeds.count - 1)
        if case .playing = mode, let here { mode = .playing(from: here, since: now) }
    }
}
