import Testing

@testable import Compute

/// A random value of at most `depth` levels, with every kind of scalar and string in it.
private func randomValue(_ random: inout SeededGenerator, depth: Int) -> JSONValue {
    switch Int.random(in: 0..<(depth > 0 ? 7 : 5), using: &random) {
    case 0: return .null
    case 1: return .bool(random.next() % 2 == 0)
    case 2: return .integer(Int64(bitPattern: random.next()) >> Int64.random(in: 0..<64, using: &random))
    case 3: return .number("-0.\(random.next() % 1000)e-\(random.next() % 30)")
    case 4: return .string(randomText(&random))
    case 5: return .array((0..<random.next() % 4).map { _ in randomValue(&random, depth: depth - 1) })
    default:
        var names: Set<String> = []
        let members = (0..<random.next() % 4).compactMap { _ -> JSONMember? in
            let name = randomText(&random)
            return names.insert(name).inserted ? JSONMember(name, randomValue(&random, depth: depth - 1)) : nil
        }
        return .object(members)
    }
}

/// Scalars from all planes; control characters and the characters JSON escapes are frequent.
private func randomText(_ random: inout SeededGenerator) -> String {
    var text = String.UnicodeScalarView()
    for _ in 0..<random.next() % 9 {
        let limit: UInt32 = [0x20, 0x80, 0x800, 0x1_0000, 0x11_0000][Int(random.next() % 5)]
        if let scalar = Unicode.Scalar(UInt32.random(in: 0..<limit, using: &random)) { text.append(scalar) }
    }
    return String(text)
}

@Suite struct `JSON conformance` {
    @Test(
        arguments: [
            ("0", .number("0")), ("-0", .number("-0")), ("1E+2", .number("1E+2")), ("0.10e-0", .number("0.10e-0")),
            ("\t\r\n [ ] ", .array([])), ("[[]]", .array([.array([])])), ("{ }", .object([])),
            (#""""#, .string("")), (#"{"":0}"#, .object([JSONMember("", .number("0"))])),
            (#""\u0000\b\f\n\r\t\"\\\/""#, .string("\u{0}\u{8}\u{C}\n\r\t\"\\/")),
            (#""\uD834\uDD1E\uFFFF""#, .string("\u{1D11E}\u{FFFF}")),
            ("\"\u{7F}\u{2028}\u{10FFFF}\"", .string("\u{7F}\u{2028}\u{10FFFF}")),
            ("123456789012345678901234567890", .number("123456789012345678901234567890")),
            // Equal to Swift and different to JSON: one name composed, the other not.
            (
                "{\"\u{e9}\":1,\"e\u{301}\":2}",
                .object([JSONMember("\u{e9}", .number("1")), JSONMember("e\u{301}", .number("2"))])
            ),
        ] as [(String, JSONValue)])
    func `legal text is read`(text: String, expected: JSONValue) throws {
        #expect(try JSONParser.parse(text.utf8) == expected)
    }

    @Test(arguments: [
        "+1", ".5", "-", "--1", "1.e1", "1e", "0x10", "00", "-01", "1_000", "NaN", "Infinity", "-Infinity",
        "True", "nul", "nulll", "truefalse", "'a'", "\u{FEFF}1", "[", "]", "[,1]", "[1,,2]", "[1}", "{]", "{,}",
        "{1:2}", #"{"a"}"#, #"{"a":}"#, #"{"a":1"#, #"{"a":1,,"b":2}"#, #"{a:1}"#, #"{"a":1}}"#, "[1] 2", "\"",
        "\"\n\"", "\"\t\"", "\"\u{1F}\"", #""\""#, #""\u""#, #""\u12""#, #""\uD800""#, #""\uD800\u0041""#,
        #""\uDC00\uD800""#, #""\uD800\uD800""#, #""\U0041""#, #""\u+123""#, "/**/1", "1//", "\u{A0}1", "[1\u{0}]",
    ])
    func `what the standard does not allow is refused`(text: String) {
        let fault = #expect(throws: JSONParser.Fault.self) { try JSONParser.parse(text.utf8) }
        #expect((0...text.utf8.count).contains(fault?.offset ?? -1))
    }

    @Test(
        arguments: [
            [0x22, 0x80, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22],
            [0x22, 0xF5, 0x80, 0x80, 0x80, 0x22],
            [0x22, 0xE2, 0x82, 0x22], [0x22, 0xFF, 0x22], [0x22, 0xF0, 0x8F, 0xBF, 0xBF, 0x22],
            [0xEF, 0xBB, 0xBF, 0x31],
        ] as [[UInt8]])
    func `overlong, cut and surrogate UTF-8 is refused`(bytes: [UInt8]) {
        #expect(throws: JSONParser.Fault.self) { try JSONParser.parse(bytes) }
    }

    @Test(arguments: [(64, true), (65, false)])
    func `sixty-four levels are the limit`(depth: Int, isRead: Bool) {
        for (open, close) in [("[", "]"), (#"{"a":"#, "}")] {
            let text =
                String(repeating: open, count: depth) + (open == "[" ? "" : "1")
                + String(repeating: close, count: depth)
            #expect(((try? JSONParser.parse(text.utf8)) != nil) == isRead)
        }
    }

    @Test func `random values survive writing and reading, compact and pretty`() throws {
        var random = SeededGenerator(seed: 41)
        for _ in 0..<400 {
            let value = randomValue(&random, depth: 4)
            #expect(try JSONParser.parse(value.compactText.utf8) == value)
            #expect(try JSONParser.parse(value.prettyText.utf8) == value)
        }
    }

    @Test func `a list or object cut at any byte is refused`() throws {
        var random = SeededGenerator(seed: 42)
        for _ in 0..<40 {
            let text = Array(JSONValue.array([randomValue(&random, depth: 3), .string("é\u{1F600}")]).compactText.utf8)
            for length in text.indices {
                #expect(throws: JSONParser.Fault.self, "cut to \(length)") { try JSONParser.parse(text[..<length]) }
            }
        }
    }

    @Test func `a changed byte gives a value that reads back or an offset inside the text`() throws {
        var random = SeededGenerator(seed: 43)
        var (read, refused) = (0, 0)
        for _ in 0..<80 {
            let text = Array(randomValue(&random, depth: 4).compactText.utf8)
            for place in text.indices {
                var changed = text
                changed[place] = UInt8(truncatingIfNeeded: random.next())
                do throws(JSONParser.Fault) {
                    let value = try JSONParser.parse(changed)
                    read += 1
                    #expect(try JSONParser.parse(value.compactText.utf8) == value)
                } catch {
                    refused += 1
                    #expect((0...changed.count).contains(error.offset))
                }
            }
        }
        #expect(read > 100 && refused > 1000)
    }

    @Test(
        arguments: [
            ("9223372036854775807", .max, 9_223_372_036_854_775_807), ("9223372036854775808", nil, 1 << 63),
            ("-9223372036854775808", .min, nil), ("-1", -1, nil), ("-0", 0, 0), ("1.0", nil, nil), ("1e3", nil, nil),
            ("18446744073709551616", nil, nil), ("\"1\"", nil, nil), ("true", nil, nil), ("null", nil, nil),
        ] as [(String, Int?, UInt64?)])
    func `only a number without fraction that fits is an integer`(text: String, signed: Int?, unsigned: UInt64?) throws
    {
        let value = try JSONParser.parse(text.utf8)
        #expect(value.asInt == signed)
        #expect(value.asUInt64 == unsigned)
    }

    @Test(arguments: [("0.1", 0.1), ("1e308", 1e308), ("-2.5E-3", -0.0025), ("7", 7)] as [(String, Double)])
    func `a finite number is read to the nearest double`(text: String, expected: Double) throws {
        #expect(try JSONParser.parse(text.utf8).asDouble == expected)
    }

    @Test func `a number beyond every double is none`() throws {
        #expect(try JSONParser.parse("1e400".utf8).asDouble == nil)
        #expect(try JSONParser.parse("-1e400".utf8).asDouble == nil)
    }

    @Test func `a value is not what it is not`() throws {
        let value = try JSONParser.parse(#"{"s":"x","n":1,"b":true,"a":[1],"o":{"k":"v"},"z":null}"#.utf8)
        #expect(value["missing"] == nil)
        #expect(value["s"]?["k"] == nil)
        #expect(value["n"]?.asString == nil)
        #expect(value["s"]?.asBool == nil)
        #expect(value["o"]?.asArray == nil)
        #expect(value["a"]?.asMembers == nil)
        #expect(value["a"]?.asStringMap == nil)
        #expect(value["o"]?.asStringMap == ["k": "v"])
        #expect(value.asStringMap == nil)
    }
}
