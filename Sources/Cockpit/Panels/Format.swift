/// Quantities as the screens write them.
enum Format {
    /// `62.1G`, `610M`, `-` for nothing known.
    static func bytes(_ count: Int64) -> String {
        guard count > 0 else { return "-" }
        var value = Double(count)
        for unit in ["B", "K", "M"] {
            if value < 999.5 {
                return "\(ShortNumber.fixed(value, decimals: value < 9.95 && unit != "B" ? 1 : 0))\(unit)"
            }
            value /= 1024
        }
        return "\(ShortNumber.fixed(value, decimals: value < 99.95 ? 1 : 0))G"
    }

    /// `86%`, `-` for what is not a number.
    static func percent(_ share: Double) -> String {
        share.isFinite ? "\(ShortNumber.fixed(share * 100, decimals: 0))%" : "-"
    }

    /// `1457`, for the number of a step and for a number of steps: without blanks among the digits, as logs, file names
    /// and the command line have it.
    static func step(_ step: Int) -> String { "\(step)" }

    /// `34/3020`.
    static func steps(_ step: Int, of total: Int) -> String { "\(self.step(step))/\(self.step(total))" }

    /// How many hundredths of the steps are done, rounded down: 100 is the end and nothing before it. Nil without steps.
    static func hundredths(_ step: Int, of total: Int) -> Int? {
        guard total > 0 else { return nil }
        let (product, isTooLarge) = max(0, step).multipliedReportingOverflow(by: 100)
        return isTooLarge ? max(0, step) / max(1, total / 100) : product / total
    }

    /// A length of time: `0.2s`, `47s`, `24m`, `3h12m`, `2d 4h`.
    static func duration(_ nanoseconds: Int64) -> String {
        let seconds = Double(max(0, nanoseconds)) / 1e9
        if seconds < 9.95 { return "\(ShortNumber.fixed(seconds, decimals: 1))s" }
        if seconds < 99.5 { return "\(Int(seconds.rounded()))s" }
        let minutes = Int((seconds / 60).rounded())
        if minutes < 60 { return "\(minutes)m" }
        if minutes < 24 * 60 { return "\(minutes / 60)h\(two(minutes % 60))m" }
        return "\(minutes / 1440)d \(minutes % 1440 / 60)h"
    }

    /// For how long something has been so: whole seconds, because tenths that change with every frame say nothing.
    static func age(_ nanoseconds: Int64) -> String {
        if nanoseconds < 1_000_000_000 { return "<1s" }
        return nanoseconds < 10_000_000_000 ? "\(nanoseconds / 1_000_000_000)s" : duration(nanoseconds)
    }

    /// A length of time with the digits that a span needs: `840 µs`, `31.0 ms`, `1.812 s`.
    static func preciseDuration(_ nanoseconds: Int64) -> String {
        let value = Double(max(0, nanoseconds))
        if value < 999_500 { return "\(ShortNumber.fixed(value / 1e3, decimals: 0)) µs" }
        if value < 999_950_000 { return "\(ShortNumber.fixed(value / 1e6, decimals: 1)) ms" }
        return "\(ShortNumber.fixed(value / 1e9, decimals: value < 99_999_500_000 ? 3 : 1)) s"
    }

    /// `12:04:31` of a wall-clock time, `offset` seconds from UTC.
    static func clock(_ wall: Int64, offset: Int) -> String {
        let second = secondOfDay(wall, offset: offset)
        return "\(two(second / 3600)):\(two(second / 60 % 60)):\(two(second % 60))"
    }

    /// `12:04`.
    static func clockMinutes(_ wall: Int64, offset: Int) -> String {
        String(clock(wall, offset: offset).dropLast(3))
    }

    /// `2026-11-19` of a wall-clock time.
    static func date(_ wall: Int64, offset: Int) -> String {
        let days = floorDivide(floorDivide(wall, 1_000_000_000) + Int64(offset), 86_400)
        // Days since 0000-03-01, so that the leap day is a year's last; eras of 400 years repeat.
        let shifted = days + 719_468
        let era = floorDivide(shifted, 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return "\(year)-\(two(Int(month)))-\(two(Int(day)))"
    }

    /// A day as people speak of it: the time today, otherwise the date.
    static func moment(_ wall: Int64, now: Int64, offset: Int) -> String {
        let day = date(wall, offset: offset)
        return day == date(now, offset: offset) ? clockMinutes(wall, offset: offset) : String(day.dropFirst(5))
    }

    /// A speed of replay: `¼x`, `8x`.
    static func speed(_ speed: Double, _ glyphs: Glyphs) -> String {
        guard speed < 1 else { return "\(Int(speed))x" }
        if glyphs.repertoire == .ascii { return "\(ShortNumber.text(speed))x" }
        return speed == 0.25 ? "¼x" : "½x"
    }

    static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

    private static func secondOfDay(_ wall: Int64, offset: Int) -> Int {
        let seconds = floorDivide(wall, 1_000_000_000) + Int64(offset)
        return Int(seconds - floorDivide(seconds, 86_400) * 86_400)
    }

    private static func floorDivide(_ value: Int64, _ divisor: Int64) -> Int64 {
        value / divisor - (value % divisor < 0 ? 1 : 0)
    }
}
