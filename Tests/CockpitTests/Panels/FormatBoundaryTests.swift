import Testing

@testable import Cockpit

@Suite("A quantity at the edges of its units")
struct FormatBoundaryTests {
    private static let second: Int64 = 1_000_000_000

    @Test(
        arguments: [
            (-1, "-"), (1, "1B"), (999, "999B"), (1_000, "1.0K"), (1_023, "1.0K"), (1_024, "1.0K"), (10_188, "9.9K"),
            (10_189, "10K"), (1_023_487, "999K"), (1_023_488, "1.0M"), (1_048_576, "1.0M"), (1_073_741_824, "1.0G"),
            (107_374_182_400, "100G"), (.max, "8589934592G"), (.min, "-"),
        ] as [(Int64, String)])
    func `bytes change their unit before they need four digits`(count: Int64, text: String) {
        #expect(Format.bytes(count) == text)
    }

    @Test(
        arguments: [
            (0, "0.0s"), (49_999_999, "0.0s"), (50_000_000, "0.1s"), (9_949_999_999, "9.9s"), (9_950_000_000, "10s"),
            (59_400_000_000, "59s"), (59_900_000_000, "60s"), (60 * second, "60s"), (99_499_999_999, "99s"),
            (99_500_000_000, "2m"), (3_564 * second, "59m"), (3_570 * second, "1h00m"), (3_600 * second, "1h00m"),
            (86_340 * second, "23h59m"), (86_370 * second, "1d 0h"), (86_400 * second, "1d 0h"),
            (.max, "106751d 23h"), (.min, "0.0s"),
        ] as [(Int64, String)])
    func `durations change their unit`(nanoseconds: Int64, text: String) {
        #expect(Format.duration(nanoseconds) == text)
    }

    @Test(
        arguments: [
            (-7, "0 µs"), (0, "0 µs"), (499, "0 µs"), (500, "1 µs"), (999_499, "999 µs"), (999_500, "1.0 ms"),
            (1_000_000, "1.0 ms"), (999_949_999, "999.9 ms"), (999_950_000, "1.000 s"), (1_000_000_000, "1.000 s"),
            (99_999_499_999, "99.999 s"), (99_999_500_000, "100.0 s"), (3_600_000_000_000, "3600.0 s"),
        ] as [(Int64, String)])
    func `spans never show a thousand of a unit`(nanoseconds: Int64, text: String) {
        #expect(Format.preciseDuration(nanoseconds) == text)
    }

    @Test(
        arguments: [
            (0, "0%"), (-0.001, "0%"), (-0.5, "-50%"), (0.004, "0%"), (0.005, "1%"), (0.9949, "99%"), (0.995, "100%"),
            (1, "100%"), (12.5, "1250%"), (.infinity, "-"), (-.infinity, "-"), (1e300, "1e302%"),
            (.greatestFiniteMagnitude, "inf%"),
        ] as [(Double, String)])
    func `shares of any size have a percentage`(share: Double, text: String) {
        #expect(Format.percent(share) == text)
    }

    @Test(
        arguments: [
            (0.25, "¼x", "0.25x"), (0.5, "½x", "0.50x"), (1, "1x", "1x"), (64, "64x", "64x"),
        ] as [(Double, String, String)])
    func `speeds of a replay are short in both repertoires`(speed: Double, unicode: String, ascii: String) {
        #expect(Format.speed(speed, .unicode) == unicode)
        #expect(Format.speed(speed, .ascii) == ascii)
    }

    @Test(
        arguments: [
            (-1, "1969-12-31 23:59:59"), (-1_000_000_000, "1969-12-31 23:59:59"),
            (-1_000_000_001, "1969-12-31 23:59:58"),
            (999_999_999, "1970-01-01 00:00:00"), (.max, "2262-04-11 23:47:16"), (.min, "1677-09-21 00:12:43"),
        ] as [(Int64, String)])
    func `the day and the clock of a moment agree to the nanosecond`(wall: Int64, text: String) {
        #expect("\(Format.date(wall, offset: 0)) \(Format.clock(wall, offset: 0))" == text)
    }

    /// A calendar that walks from day to day, as slow as it is plain.
    @Test func `dates follow each other through leap years and centuries`() {
        var (year, month, day) = (1_999, 12, 31)
        // From 1999-12-31 for 500 days, and over the missing leap day of 2100.
        for start in [(days: 10_956, date: (1_999, 12, 31)), (days: 47_481, date: (2_099, 12, 31))] {
            (year, month, day) = start.date
            for step in 0..<500 {
                let wall = Int64(start.days + step) * 86_400 * Self.second
                #expect(Format.date(wall, offset: 0) == "\(year)-\(Format.two(month))-\(Format.two(day))")
                let isLeap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
                let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
                day += 1
                if day > lengths[month - 1] { (month, day) = (month + 1, 1) }
                if month > 12 { (year, month) = (year + 1, 1) }
            }
        }
    }

    @Test func `a moment of today is a time and one of another day a date`() {
        let noon = 43_200 * Self.second
        #expect(Format.moment(noon - 3_600 * Self.second, now: noon, offset: 0) == "11:00")
        #expect(Format.moment(noon - 86_400 * Self.second, now: noon, offset: 0) == "12-31")
        // An hour before midnight in UTC is tomorrow two hours to the east.
        #expect(Format.moment(82_800 * Self.second, now: noon, offset: 7_200) == "01-02")
    }
}

@Suite("A short number at the edges of its digits")
struct ShortNumberBoundaryTests {
    @Test(
        arguments: [
            (-0.0, "0"), (0.000_999_49, "1e-3"), (0.001, "0.0010"), (0.0015, "0.0015"), (0.0041, "0.0041"),
            (0.009_94, "0.0099"), (0.009_96, "0.010"), (0.099_49, "0.099"), (0.0995, "0.10"), (9.994, "9.99"),
            (9.996, "10.0"), (99.94, "99.9"), (99.96, "100"), (999.4, "999"), (999.6, "1.0k"), (-999.6, "-1.0k"),
            (999_499, "999k"), (999_500, "1.0M"), (999.4e12, "999T"), (999.6e12, "1e15"), (1e15, "1e15"),
            (.greatestFiniteMagnitude, "1.8e308"), (.leastNonzeroMagnitude, "4.9e-324"), (.infinity, "inf"),
            (-.nan, "nan"), (-0.0004, "-4e-4"),
        ] as [(Double, String)])
    func `keeps its width`(value: Double, text: String) { #expect(ShortNumber.text(value) == text) }

    @Test(
        arguments: [
            (0.5, 0, "1"), (-0.5, 0, "-1"), (0.04, 1, "0.0"), (0.05, 1, "0.1"), (9.999, 2, "10.00"), (-0.4, 0, "0"),
            (123_456_789_012_345, 0, "123456789012345"), (99_999_999_999_999.998, 3, "100000000000000.000"),
            (1e15, 2, "1e15"), (.nan, 2, "nan"),
            (-.infinity, 2, "-inf"),
        ] as [(Double, Int, String)])
    func `rounds to its decimals`(value: Double, decimals: Int, text: String) {
        #expect(ShortNumber.fixed(value, decimals: decimals) == text)
    }

    @Test(arguments: [
        (Int.max, "9 223 372 036 854 775 807"), (Int.min, "-9 223 372 036 854 775 808"), (1_000, "1 000"),
    ])
    func `groups the largest counts`(value: Int, text: String) { #expect(ShortNumber.grouped(value) == text) }

    /// What a person would read from the text.
    private func read(_ text: String) -> Double? {
        let scales: [Character: Double] = ["k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12]
        guard let last = text.last, let scale = scales[last] else { return Double(text) }
        return Double(text.dropLast()).map { $0 * scale }
    }

    @Test func `says a value of any magnitude in eight characters and nearly right`() throws {
        var random = Seeded(state: 11)
        for _ in 0..<4_000 {
            var value = random.unit() * 9 + 1
            let exponent = Int.random(in: -30...30, using: &random)
            for _ in 0..<abs(exponent) { value = exponent > 0 ? value * 10 : value / 10 }
            let text = ShortNumber.text(value)
            #expect(text.count <= 7, "\(value) is \(text)")
            #expect(abs(try #require(read(text)) - value) <= value * 0.052, "\(value) is \(text)")
            #expect(ShortNumber.text(-value) == "-" + text)
        }
    }

    @Test func `has exactly the decimals asked for`() throws {
        var random = Seeded(state: 12)
        for _ in 0..<2_000 {
            let decimals = Int.random(in: 0...3, using: &random)
            let value = (random.unit() - 0.5) * 2e6
            let text = ShortNumber.fixed(value, decimals: decimals)
            let parts = text.split(separator: ".")
            #expect(parts.count == (decimals == 0 ? 1 : 2))
            if decimals > 0 { #expect(parts[1].count == decimals) }
            let unit = [1, 0.1, 0.01, 0.001][decimals]
            #expect(abs(try #require(Double(text)) - value) <= unit / 2 + 1e-9)
        }
    }
}
