import Protocol
import Testing

@testable import Compute

@Suite struct `JSON parser` {
    @Test func `values of every kind are read in order`() throws {
        let text = #" {"b" : [1, -2.5e3, true, false, null], "a":"x\n\u00e9\ud83d\ude00\/"} "#
        let value = try JSONParser.parse(text.utf8)
        #expect(value.asMembers?.map(\.name) == ["b", "a"])
        #expect(value["b"]?.asArray == [.number("1"), .number("-2.5e3"), .bool(true), .bool(false), .null])
        #expect(value["a"]?.asString == "x\né😀/")
    }

    @Test func `a 64-bit number keeps every digit`() throws {
        let value = try JSONParser.parse("18446744073709551615".utf8)
        #expect(value.asUInt64 == 18_446_744_073_709_551_615)
        #expect(value.asInt == nil)
    }

    @Test(arguments: [
        ("", "the text ends where a value should be at byte 0"),
        ("{\"a\":1,\"a\":2}", "duplicate name 'a' at byte 10"),
        ("{\"a\":1,}", "a member name must be a string at byte 7"),
        ("{\"a\" 1}", "expected ':' after a name at byte 5"),
        ("[1 2]", "expected ',' or ']' at byte 3"),
        ("[1,]", "expected a value at byte 3"),
        ("01", "a number must not begin with 0 at byte 2"),
        ("1.", "a fraction needs a digit at byte 2"),
        ("1e+", "an exponent needs a digit at byte 3"),
        ("nul", "unexpected byte at byte 0"),
        ("1 1", "bytes after the value at byte 2"),
        ("\"abc", "the text ends inside a string at byte 4"),
        ("\"\\x\"", "unknown escape at byte 3"),
        ("\"\\u12g4\"", "\\u needs four hexadecimal digits at byte 3"),
        ("\"\\udc00\"", "unpaired surrogate at byte 7"),
        ("\"\\ud800x\"", "unpaired surrogate at byte 7"),
        ("\"\u{1}\"", "control character in a string at byte 2"),
    ])
    func `malformed text is refused with its place`(text: String, fault: String) {
        let error = #expect(throws: JSONParser.Fault.self) { try JSONParser.parse(text.utf8) }
        #expect(error?.text == fault)
    }

    @Test func `invalid UTF-8 is refused`() {
        let bytes: [UInt8] = [0x22, 0xC3, 0x28, 0x22]
        let error = #expect(throws: JSONParser.Fault.self) { try JSONParser.parse(bytes) }
        #expect(error?.reason == "invalid UTF-8")
    }

    @Test func `deep nesting is refused instead of exhausting the stack`() {
        let text = String(repeating: "[", count: 100_000)
        let error = #expect(throws: JSONParser.Fault.self) { try JSONParser.parse(text.utf8) }
        #expect(error?.reason == "nested deeper than 64 levels")
    }

    @Test func `what is written reads back the same`() throws {
        let value = JSONValue.object([
            JSONMember("quote \" slash \\ tab \t bell \u{7}", .string("line\nend\r")),
            JSONMember("empty", .object([])),
            JSONMember("list", .array([.integer(-3), .number("0.1"), .null, .bool(true)])),
        ])
        #expect(try JSONParser.parse(value.compactText.utf8) == value)
        #expect(try JSONParser.parse(value.prettyText.utf8) == value)
    }

    @Test func `a person's file is indented, its lists are not`() {
        let value = JSONValue.object([JSONMember("a", .array([.integer(1), .integer(2)])), JSONMember("b", .null)])
        #expect(value.prettyText == "{\n  \"a\": [1,2],\n  \"b\": null\n}\n")
    }
}

@Suite struct `CRC-32` {
    @Test(arguments: [("", 0), ("123456789", 0xCBF4_3926), ("a", 0xE8B7_BE43)] as [(String, UInt32)])
    func `known checksums`(text: String, checksum: UInt32) {
        #expect(CRC32.of(Array(text.utf8)) == checksum)
    }

    @Test func `pieces give the checksum of the whole`() {
        let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 37) }
        var crc = CRC32()
        for piece in [0..<1, 1..<14, 14..<500, 500..<1000] {
            Array(bytes[piece]).withUnsafeBytes { crc.add($0) }
        }
        #expect(crc.value == CRC32.of(bytes))
    }
}
