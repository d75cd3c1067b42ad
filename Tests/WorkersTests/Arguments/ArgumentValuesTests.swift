import Protocol
import Testing

@testable import Workers

@Suite struct `The values of declared arguments` {
    private let declared = [
        Argument("count", .integer(0...10), default: 3, "a count"),
        Argument("rate", .number(0...1), default: 0.5, "a rate"),
        Argument("name", .text, default: "x", "a name"),
        Argument("flag", .boolean, default: true, "a flag"),
        Argument("rule", .choice(["hard", "soft"]), default: "soft", "a rule"),
    ]

    private func values(_ given: [String: SettingValue], group: String = "") throws -> ArgumentValues {
        try ArgumentValues(GivenArguments(given, group: group), of: "interface 'demo'", declared: declared)
    }

    @Test func `are the declared defaults where nothing is given`() throws {
        let values = try values([:])
        #expect(try values.integer("count") == 3)
        #expect(try values.number("rate") == 0.5)
        #expect(try values.text("name") == "x")
        #expect(try values.boolean("flag"))
        #expect(try values.text("rule") == "soft")
    }

    @Test func `take a whole number for a number, not the other way`() throws {
        #expect(try values(["rate": 1]).number("rate") == 1)
        #expect(
            throws: WorkerError(
                .plan, "argument 'count' of interface 'demo' is 1.5; it must be a whole number from 0 to 10")
        ) { try values(["count": 1.5]) }
    }

    @Test(
        arguments: [
            ("name", 1, "1; it must be text"), ("flag", "yes", "'yes'; it must be true or false"),
            ("rate", "0.5", "'0.5'; it must be a number from 0.0 to 1.0"),
            ("rate", 1.5, "1.5; it must be a number from 0.0 to 1.0"),
            ("rule", "firm", "'firm'; it must be one of hard, soft"),
        ] as [(String, SettingValue, String)])
    func `of another kind or out of range are refused`(name: String, value: SettingValue, ending: String) {
        #expect(throws: WorkerError(.plan, "argument '\(name)' of interface 'demo' is \(ending)")) {
            try values([name: value])
        }
    }

    @Test func `are known to a person by their settings, where they have any`() {
        #expect(throws: WorkerError(.plan, "demo.rate is 2; it must be a number from 0.0 to 1.0")) {
            try values(["rate": 2], group: "demo")
        }
    }

    @Test func `are not there under a name that nobody declared, nor as another kind`() throws {
        let values = try values([:])
        #expect(throws: WorkerError(.plan, "interface 'demo' reads 'speed', which it does not declare so")) {
            try values.number("speed")
        }
        #expect(throws: WorkerError.self) { try values.integer("rate") }
    }

    @Test(arguments: [("", []), ("a", ["a"]), ("a, b,,c ", ["a", "b", "c"])] as [(String, [String])])
    func `are lists where commas stand between words`(text: String, words: [String]) throws {
        #expect(try values(["name": .text(text)]).words("name") == words)
    }
}
