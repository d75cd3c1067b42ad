import Foundation
import Protocol
import TestSupport
import Testing

@Suite struct SettingValueTests {
    private func roundTrip(_ value: SettingValue) throws -> SettingValue {
        try JSONDecoder().decode([SettingValue].self, from: JSONEncoder().encode([value]))[0]
    }

    @Test(arguments: [
        SettingValue.integer(0), .integer(.min), .integer(.max), .integer(-1),
        .number(0.5), .number(-1e-300), .number(1e300), .number(0.1), .number(.leastNonzeroMagnitude),
        .text(""), .text("1"), .text("true"), .text("null"), .text("1e-4"), .text("a\nb\u{0}"), .text("训练 👍"),
        .boolean(true), .boolean(false),
    ])
    func `a value comes back from JSON as it went in, of the same kind`(value: SettingValue) throws {
        #expect(try roundTrip(value) == value)
    }

    @Test(arguments: [1.0, 0.0, -3.0, 1e15])
    func `a number without fraction may come back as an integer but means the same number`(number: Double) throws {
        let back = try roundTrip(.number(number))
        #expect(back.number == number)
        #expect(back.text == nil && back.boolean == nil)
    }

    @Test(arguments: [Double.nan, .infinity, -.infinity])
    func `a number that JSON cannot say is refused when it is written`(number: Double) {
        #expect(throws: EncodingError.self) { try JSONEncoder().encode([SettingValue.number(number)]) }
    }

    @Test(arguments: ["[null]", "[[]]", "[{}]", "[[1]]"])
    func `what is no single value is refused when it is read`(json: String) {
        #expect(throws: DecodingError.self) { try JSONDecoder().decode([SettingValue].self, from: Data(json.utf8)) }
    }

    @Test func `random numbers come back bit for bit`() throws {
        var random = SplitMix(seed: 11)
        let values = (0..<500).compactMap { _ in
            let number = Double(bitPattern: random.next())
            return number.isFinite ? SettingValue.number(number) : nil
        }
        let back = try JSONDecoder().decode([SettingValue].self, from: JSONEncoder().encode(values))
        #expect(back.map(\.number) == values.map(\.number))
    }

    @Test func `each kind answers for itself, and a whole number for numbers too`() {
        let table: [(SettingValue, Int?, Double?, String?, Bool?, String)] = [
            (.integer(7), 7, 7, nil, nil, "7"),
            (.number(0.25), nil, 0.25, nil, nil, "0.25"),
            (.number(2), nil, 2, nil, nil, "2.0"),
            (.text("7"), nil, nil, "7", nil, "7"),
            (.boolean(true), nil, nil, nil, true, "true"),
        ]
        for (value, integer, number, text, boolean, description) in table {
            #expect(value.integer == integer)
            #expect(value.number == number)
            #expect(value.text == text)
            #expect(value.boolean == boolean)
            #expect(value.description == description)
        }
    }

    @Test func `values of different kinds are never equal`() {
        #expect(SettingValue.integer(1) != .number(1))
        #expect(SettingValue.text("true") != .boolean(true))
        #expect(SettingValue.text("1") != .integer(1))
    }
}
