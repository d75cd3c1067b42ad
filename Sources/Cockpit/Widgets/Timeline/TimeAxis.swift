/// Round times for the axis of a timeline.
enum TimeAxis {
    private static let second: Int64 = 1_000_000_000

    /// Steps people count in, from a millisecond to a day.
    private static let steps: [Int64] = {
        let parts: [Int64] = [1, 2, 5, 10, 20, 50, 100, 200, 500].map { $0 * second / 1000 }
        let whole: [Int64] = [
            1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400,
        ].map { $0 * second }
        return parts + whole
    }()

    /// The distance between two ticks, so that at least `spacing` cells lie between them.
    static func step(duration: Int64, width: Int, spacing: Int) -> Int64 {
        guard width > 0, duration > 0 else { return second }
        let least = Double(duration) * Double(spacing) / Double(width)
        return steps.first { Double($0) >= least } ?? steps[steps.count - 1]
    }

    /// Times inside the window at which a clock that shows `origin` at time 0 is round.
    static func ticks(
        window: ClosedRange<Int64>, width: Int, spacing: Int = 11, origin: Int64 = 0
    ) -> [Int64] {
        let step = step(duration: window.upperBound - window.lowerBound, width: width, spacing: spacing)
        let phase = (window.lowerBound + origin) % step
        let first = window.lowerBound + (phase == 0 ? 0 : (phase > 0 ? step - phase : -phase))
        return Array(stride(from: first, through: window.upperBound, by: Int(step)).prefix(max(1, width)))
    }
}
