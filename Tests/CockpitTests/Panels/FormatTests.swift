import Testing

@testable import Cockpit

@Suite struct FormatTests {
    @Test(
        arguments: [
            (4_020, 4_040, 99), (4_040, 4_040, 100), (29, 100, 29), (227, 1_000, 22), (0, 7, 0), (-1, 7, 0),
            (.max, .max, 100), (5, 0, nil),
        ] as [(Int, Int, Int?)])
    func `hundredths of the steps are rounded down`(step: Int, total: Int, expected: Int?) {
        #expect(Format.hundredths(step, of: total) == expected)
    }

    @Test(
        arguments: [(0, "-"), (512, "512B"), (41_000_000, "39M"), (9_800_000_000, "9.1G"), (66_700_000_000, "62.1G")]
            as [(Int64, String)])
    func `bytes are short`(count: Int64, text: String) { #expect(Format.bytes(count) == text) }

    @Test(
        arguments: [
            (200_000_000, "0.2s"), (47_000_000_000, "47s"), (1_440_000_000_000, "24m"), (11_520_000_000_000, "3h12m"),
            (187_200_000_000_000, "2d 4h"), (-5, "0.0s"),
        ] as [(Int64, String)])
    func `durations are short`(nanoseconds: Int64, text: String) { #expect(Format.duration(nanoseconds) == text) }

    @Test(arguments: [
        (-5, "<1s"), (0, "<1s"), (999_999_999, "<1s"), (1_000_000_000, "1s"), (9_999_999_999, "9s"),
        (10_000_000_000, "10s"), (180_000_000_000, "3m"),
    ])
    func `ages have no tenths`(nanoseconds: Int64, text: String) { #expect(Format.age(nanoseconds) == text) }

    @Test(arguments: [(840_000, "840 µs"), (31_000_000, "31.0 ms"), (1_812_000_000, "1.812 s")] as [(Int64, String)])
    func `spans show the digits they need`(nanoseconds: Int64, text: String) {
        #expect(Format.preciseDuration(nanoseconds) == text)
    }

    @Test(
        arguments: [
            (0, 0, "1970-01-01 00:00:00"), (1_795_078_800, 0, "2026-11-19 09:00:00"),
            (1_709_164_800, 0, "2024-02-29 00:00:00"),
            (951_868_799, 3_600, "2000-03-01 00:59:59"), (-1, 0, "1969-12-31 23:59:59"),
        ] as [(Int64, Int, String)])
    func `dates are right without a calendar`(seconds: Int64, offset: Int, text: String) {
        let wall = seconds * 1_000_000_000
        #expect("\(Format.date(wall, offset: offset)) \(Format.clock(wall, offset: offset))" == text)
    }

    @Test func `what is not a number has no percent`() {
        #expect(Format.percent(.nan) == "-")
        #expect(Format.percent(0.864) == "86%")
    }
}
