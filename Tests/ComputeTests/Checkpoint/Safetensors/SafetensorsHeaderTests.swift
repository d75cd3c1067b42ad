import Testing

@testable import Compute

/// A safetensors header text as a file whose data section has `dataSize` bytes.
private func header(_ text: String, dataSize: Int) throws(SafetensorsHeader.Fault) -> SafetensorsHeader {
    let bytes = Array(text.utf8)
    return try SafetensorsHeader(text: bytes, fileSize: SafetensorsHeader.prefixLength + bytes.count + dataSize)
}

@Suite struct `Safetensors header` {
    @Test func `tensors are found with type, shape and place`() throws {
        let parsed = try header(
            #"{"__metadata__":{"format":"pt"},"b":{"dtype":"F16","shape":[3],"data_offsets":[8,14]},"#
                + #""a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]}}   "#, dataSize: 14)
        #expect(parsed.metadata == ["format": "pt"])
        #expect(
            parsed.entries == [
                SafetensorsEntry(name: "a", type: .float32, shape: [2, 1], bytes: 0..<8),
                SafetensorsEntry(name: "b", type: .float16, shape: [3], bytes: 8..<14),
            ])
    }

    @Test(arguments: [
        ("{}", 0),
        (#"{"s":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}"#, 4),
        (#"{"e":{"dtype":"F32","shape":[0,9],"data_offsets":[0,0]}}"#, 0),
        (#"{"x":{"dtype":"BOOL","shape":[3],"data_offsets":[0,3],"note":1}}"#, 3),
    ])
    func `odd but legal headers are read`(text: String, dataSize: Int) throws {
        _ = try header(text, dataSize: dataSize)
    }

    @Test func `a shape of a million sizes is counted and not quoted`() {
        let sizes = Array(repeating: "1", count: 1_000_000).joined(separator: ",")
        let text = #"{"a":{"dtype":"F32","shape":[\#(sizes)],"data_offsets":[0,4]}}"#
        let fault = #expect(throws: SafetensorsHeader.Fault.self) { try header(text, dataSize: 4) }
        #expect(fault?.text == "tensor 'a': shape has 1000000 sizes; a tensor has at most 64")
    }

    @Test(arguments: [
        (#" {}"#, 0, "header does not begin with '{'"),
        (#"[]"#, 0, "header does not begin with '{'"),
        (#"{"a":"#, 0, "header: the text ends where a value should be at byte 5"),
        (#"{"a":1}"#, 0, "tensor 'a': is not an object"),
        (#"{"__metadata__":{"a":1}}"#, 0, "__metadata__ is not a map of strings"),
        (#"{"a":{"shape":[1],"data_offsets":[0,4]}}"#, 4, "tensor 'a': has no dtype"),
        (#"{"a":{"dtype":"F31","shape":[1],"data_offsets":[0,4]}}"#, 4, "tensor 'a': unknown dtype 'F31'"),
        (#"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#, 4, "tensor 'a': shape is not a list of sizes"),
        (#"{"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}}"#, 4, "tensor 'a': shape is not a list of sizes"),
        (
            #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}"#, 4,
            "tensor 'a': data_offsets is not a pair of offsets"
        ),
        (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#, 4, "tensor 'a': data_offsets run backwards"),
        (
            #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, 4,
            "tensor 'a': shape [2] of F32 needs 8 bytes, data_offsets span 4"
        ),
        (
            #"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,4]}}"#, 4,
            "tensor 'a': shape [4611686018427387904, 4] is larger than any file"
        ),
        (
            #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,99999999999999999999]}}"#, 4,
            "tensor 'a': data_offsets is not a pair of offsets"
        ),
        (
            #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, 8,
            "tensor 'a': leaves a hole of 4 bytes before it"
        ),
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 4, "tensor 'a': ends at byte 8 of 4 data bytes"),
        (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 6, "2 bytes after the last tensor belong to none"),
        (
            #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
            8, "tensor 'b': overlaps the tensor before it at byte 4"
        ),
        (
            #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
            8, "header: duplicate name 'a' at byte 57"
        ),
    ])
    func `a malformed header is refused with tensor and reason`(text: String, dataSize: Int, reason: String) {
        let fault = #expect(throws: SafetensorsHeader.Fault.self) { try header(text, dataSize: dataSize) }
        #expect(fault?.text == reason)
    }

    @Test(
        arguments: [
            ([], 0, "the file ends inside the 8-byte header length"),
            ([2, 0, 0], 3, "the file ends inside the 8-byte header length"),
            ([9, 0, 0, 0, 0, 0, 0, 0], 10, "the file ends inside its header of 9 bytes"),
            ([1, 0xE1, 0xF5, 5, 0, 0, 0, 0], 1 << 30, "header of 100000001 bytes is larger than 100000000"),
            (
                [255, 255, 255, 255, 255, 255, 255, 255], 1 << 30,
                "header of 18446744073709551615 bytes is larger than 100000000"
            ),
        ] as [([UInt8], Int, String)])
    func `a bad header length is refused`(prefix: [UInt8], fileSize: Int, reason: String) {
        let fault = #expect(throws: SafetensorsHeader.Fault.self) {
            try SafetensorsHeader.length(prefix: prefix, fileSize: fileSize)
        }
        #expect(fault?.text == reason)
    }

    @Test func `what is written is contiguous, padded to eight bytes and reads back`() throws {
        let bytes = SafetensorsHeader.encode([("w", [2, 3]), ("b", [3]), ("s", [])], metadata: ["format": "pt"])
        #expect(bytes.count % 8 == 0)
        let length = try SafetensorsHeader.length(prefix: Array(bytes.prefix(8)), fileSize: bytes.count + 40)
        #expect(length == bytes.count - 8)
        let parsed = try SafetensorsHeader(text: Array(bytes.dropFirst(8)), fileSize: bytes.count + 40)
        #expect(parsed.entries.map(\.name) == ["w", "b", "s"])
        #expect(parsed.entries.map(\.bytes) == [0..<24, 24..<36, 36..<40])
        #expect(parsed.dataStart == bytes.count)
    }

    @Test func `thousands of damaged headers are refused or read, never a trap`() {
        let text = Array(
            (#"{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},"#
                + #""b":{"dtype":"BF16","shape":[3],"data_offsets":[8,14]}}"#).utf8)
        let alphabet = Array("0123456789-+.eE{}[]\",:\\ u\u{0}\u{FF}FBI".utf8)
        var generator = SeededGenerator(seed: 7)
        var accepted = 0
        let rounds = 5000
        for _ in 0..<rounds {
            var damaged = text
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let place = Int.random(in: damaged.indices, using: &generator)
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: damaged[place] = alphabet[Int.random(in: alphabet.indices, using: &generator)]
                case 1: damaged.insert(alphabet[Int.random(in: alphabet.indices, using: &generator)], at: place)
                case 2: damaged.remove(at: place)
                default: damaged.removeSubrange(place..<min(place + 9, damaged.count - 1))
                }
            }
            let fileSize = SafetensorsHeader.prefixLength + damaged.count + 14
            if let parsed = try? SafetensorsHeader(text: damaged, fileSize: fileSize) {
                accepted += 1
                #expect(parsed.entries.allSatisfy { $0.bytes.upperBound <= 14 })
            }
        }
        #expect(accepted > 0 && accepted < rounds / 4)
    }
}
