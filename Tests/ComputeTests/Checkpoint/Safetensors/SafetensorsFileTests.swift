import Testing

@testable import Compute

/// The bytes of a safetensors file with this header text and data.
private func file(_ text: String, data: [UInt8]) -> [UInt8] {
    let length = UInt64(text.utf8.count)
    return (0..<8).map { UInt8(truncatingIfNeeded: length >> ($0 * 8)) } + Array(text.utf8) + data
}

/// Opens bytes as a file and reads one tensor.
private func read(_ name: String, shape: [Int], of bytes: [UInt8]) throws -> [Float] {
    let folder = try ScratchFolder()
    let opened = try SafetensorsFile.open(folder.write(bytes, to: "model.safetensors"))
    var values = [Float](repeating: -9, count: shape.reduce(1, *))
    try values.withUnsafeMutableBufferPointer { try opened.read(name, shape: shape, into: $0) }
    return values
}

@Suite struct `Safetensors file` {
    @Test(
        arguments: [
            ("F32", [0, 0, 0x80, 0x3F, 0, 0, 0x20, 0xC0], [1, -2.5]),
            ("BF16", [0x80, 0x3F, 0x20, 0xC0], [1, -2.5]),
            ("F16", [0x00, 0x3C, 0x00, 0xC1], [1, -2.5]),
            ("F16", [0x01, 0x00, 0xFF, 0x7B], [0x1p-24, 65504]),
            ("F16", [0x00, 0x80, 0x00, 0x7C], [-0.0, .infinity]),
        ] as [(String, [UInt8], [Float])])
    func `weights of every stored precision widen exactly`(type: String, data: [UInt8], expected: [Float]) throws {
        let text = #"{"w":{"dtype":"\#(type)","shape":[2],"data_offsets":[0,\#(data.count)]}}"#
        let values = try read("w", shape: [2], of: file(text, data: data))
        #expect(values.map(\.bitPattern) == expected.map(\.bitPattern))
    }

    @Test func `a half NaN stays a NaN`() throws {
        let text = #"{"w":{"dtype":"F16","shape":[1],"data_offsets":[0,2]}}"#
        #expect(try read("w", shape: [1], of: file(text, data: [0x01, 0x7E]))[0].isNaN)
    }

    @Test(arguments: [
        ("v", [2], "F32", "tensor 'v' is missing"),
        ("w", [1, 2], "F32", "tensor 'w' has shape [2], expected [1, 2]"),
        ("w", [2], "I32", "tensor 'w' of type I32 holds no weights"),
    ])
    func `a tensor that does not fit is refused`(name: String, shape: [Int], type: String, reason: String) {
        let text = #"{"w":{"dtype":"\#(type)","shape":[2],"data_offsets":[0,8]}}"#
        let error = #expect(throws: ComputeError.self) {
            try read(name, shape: shape, of: file(text, data: [UInt8](repeating: 0, count: 8)))
        }
        #expect(error?.summary == "model.safetensors cannot be used: \(reason)")
    }

    @Test func `a shape of very many sizes is counted and not quoted`() throws {
        let ones = String(repeating: "1,", count: 50_000) + "1"
        let text = "{\"w\":{\"dtype\":\"F32\",\"shape\":[\(ones)],\"data_offsets\":[0,4]}}"
        let error = #expect(throws: ComputeError.self) {
            try read("w", shape: [2], of: file(text, data: [0, 0, 0, 0]))
        }
        let summary = try #require(error?.summary)
        #expect(
            summary
                == "model.safetensors cannot be used: tensor 'w': shape has 50001 sizes; a tensor has at most 64")
    }

    @Test func `a file cut at any byte is refused`() throws {
        let whole = file(
            #"{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, data: [UInt8](repeating: 1, count: 8))
        for length in 0..<whole.count {
            #expect(throws: ComputeError.self, "cut to \(length)") {
                try read("w", shape: [2], of: Array(whole.prefix(length)))
            }
        }
    }

    @Test func `a missing file and a folder are refused with the system's reason`() throws {
        let folder = try ScratchFolder()
        let missing = #expect(throws: ComputeError.self) { _ = try SafetensorsFile.open(folder.path + "/none") }
        #expect(missing?.summary == "Cannot open none: No such file or directory")
        let directory = #expect(throws: ComputeError.self) { _ = try SafetensorsFile.open(folder.path) }
        #expect(directory?.code == .fileSystem)
    }
}
