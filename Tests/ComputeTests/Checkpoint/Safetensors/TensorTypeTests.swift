import Testing

@testable import Compute

@Suite struct `Tensor types` {
    /// Widens little-endian elements that begin at an odd address, as tensors of a file may.
    private func widen(_ type: TensorType, _ bytes: [UInt8], count: Int) -> [Float]? {
        var target = [Float](repeating: -1, count: count)
        let written = ([0] + bytes).withUnsafeBytes { source in
            target.withUnsafeMutableBufferPointer {
                type.widen(UnsafeRawBufferPointer(rebasing: source.dropFirst()), into: $0)
            }
        }
        return written == count ? target : nil
    }

    private func pairs(_ range: Range<Int>) -> [UInt8] {
        range.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
    }

    @Test(arguments: 0..<16)
    func `every half widens to the float of its value`(sixteenth: Int) throws {
        let range = sixteenth << 12..<(sixteenth + 1) << 12
        let floats = try #require(widen(.float16, pairs(range), count: range.count))
        var wrong: [Int] = []
        for (bits, value) in zip(range, floats) {
            let (exponent, fraction) = (bits >> 10 & 0x1F, Double(bits & 0x3FF) / 1024)
            let isRight: Bool
            switch exponent {
            case 0x1F: isRight = fraction == 0 ? value.isInfinite : value.isNaN
            case 0: isRight = Double(value.magnitude) == fraction * 0x1p-14
            default:
                isRight =
                    Double(value.magnitude) == (1 + fraction)
                    * Double(sign: .plus, exponent: exponent - 15, significand: 1)
            }
            if !isRight || (value.sign == .minus) != (bits >= 0x8000) { wrong.append(bits) }
        }
        #expect(wrong == [])
    }

    @Test(arguments: [0..<0x100, 0x3F00..<0x4100, 0x7F00..<0x8100, 0xFF00..<0x10000])
    func `every bfloat is the upper half of its float`(range: Range<Int>) throws {
        let floats = try #require(widen(.bfloat16, pairs(range), count: range.count))
        #expect(floats.map { Int($0.bitPattern) } == range.map { $0 << 16 })
    }

    @Test func `floats keep every bit, also those of a NaN`() throws {
        let patterns: [UInt32] = [0, 0x8000_0000, 1, 0x007F_FFFF, 0x7F7F_FFFF, 0x7F80_0000, 0xFFC0_0001, 0x7F80_0001]
        let bytes = patterns.flatMap { pattern in (0..<4).map { UInt8(truncatingIfNeeded: pattern >> (8 * $0)) } }
        #expect(try #require(widen(.float32, bytes, count: 8)).map(\.bitPattern) == patterns)
    }

    @Test(arguments: TensorType.allCases)
    func `only the floating-point types of a model hold weights`(type: TensorType) {
        let isWeights = [.float64, .float32, .float16, .bfloat16].contains(type)
        #expect((widen(type, [UInt8](repeating: 0, count: type.byteWidth * 3), count: 3) != nil) == isWeights)
    }

    @Test func `doubles are rounded to the nearest float`() throws {
        let doubles: [Double] = [0, -0.0, 1.5, 1 + 0x1p-24, 1 + 0x3p-24, -1e-300, 1e300, 0x1.fffffep127]
        let bytes = doubles.flatMap { value in (0..<8).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) } }
        let expected: [Float] = [0, -0.0, 1.5, 1, 1 + 0x1p-22, -0.0, .infinity, .greatestFiniteMagnitude]
        #expect(try #require(widen(.float64, bytes, count: 8)).map(\.bitPattern) == expected.map(\.bitPattern))
    }

    private func narrow(_ type: TensorType, _ values: [Float]) -> [UInt16] {
        [UInt16](unsafeUninitializedCapacity: values.count) { room, count in
            values.withUnsafeBufferPointer { type.narrow($0, into: room) }
            count = values.count
        }
    }

    @Test(arguments: [TensorType.float16, .bfloat16])
    func `every value of a short type survives a round trip`(type: TensorType) throws {
        let range = 0..<0x10000
        let floats = try #require(widen(type, pairs(range), count: range.count))
        let back = narrow(type, floats)
        #expect(range.filter { !floats[$0].isNaN && Int(back[$0]) != $0 } == [])
        let again = try #require(widen(type, back.flatMap { pairs(Int($0)..<Int($0) + 1) }, count: range.count))
        #expect(again.map(\.isNaN) == floats.map(\.isNaN))
    }

    @Test func `rounding is to the nearest, ties to even`() {
        let halves: [(Float, UInt16)] = [
            (1 + 0x1p-11, 0x3C00), (1 + 0x3p-11, 0x3C02), (1 + 0x1.8p-11, 0x3C01), (65519, 0x7BFF), (65520, 0x7C00),
            (0x1p-25, 0), (0x1.8p-24, 2), (0x1.1p-25, 1), (-0x1p-24, 0x8001), (0x1p-14, 0x0400), (0x1.ffep-15, 0x0400),
        ]
        #expect(narrow(.float16, halves.map(\.0)) == halves.map(\.1))
        let bfloats: [(Float, UInt16)] = [
            (1 + 0x1p-8, 0x3F80), (1 + 0x3p-8, 0x3F82), (1 + 0x1.8p-8, 0x3F81), (.greatestFiniteMagnitude, 0x7F80),
            (-0x1p-149, 0x8000), (.infinity, 0x7F80),
        ]
        #expect(narrow(.bfloat16, bfloats.map(\.0)) == bfloats.map(\.1))
    }

    @Test(arguments: [TensorType.float64, .float32, .float16, .bfloat16])
    func `elements that do not fit the target are refused, not written past its end`(type: TensorType) {
        var target: [Float] = [-1, -1, -1]
        let source = [UInt8](repeating: 0, count: type.byteWidth * 3)
        let written = source.withUnsafeBytes { source in
            target.withUnsafeMutableBufferPointer { type.widen(source, into: .init(rebasing: $0[..<2])) }
        }
        #expect(written == nil)
        #expect(target == [-1, -1, -1])
    }

    @Test func `a large half tensor is widened in pieces without a seam`() throws {
        let count = (1 << 18) + 5
        let header = #"{"w":{"dtype":"F16","shape":[\#(count)],"data_offsets":[0,\#(2 * count)]}}"#
        var bytes = (0..<8).map { UInt8(truncatingIfNeeded: header.utf8.count >> ($0 * 8)) } + Array(header.utf8)
        bytes += [UInt8](unsafeUninitializedCapacity: 2 * count) { buffer, written in
            // Halves 1.0 + (index mod 1024) / 1024.
            for index in 0..<count {
                let half = 0x3C00 + index % 1024
                buffer[2 * index] = UInt8(half & 0xFF)
                buffer[2 * index + 1] = UInt8(half >> 8)
            }
            written = 2 * count
        }
        let scratch = try ScratchFolder()
        let file = try SafetensorsFile.open(scratch.write(bytes, to: "model.safetensors"))
        let target = try Arena(count: count)
        try file.read("w", shape: [count], into: target.floats)
        for index in [0, 1, 1023, (1 << 18) - 1, 1 << 18, (1 << 18) + 4] {
            #expect(target.base[index] == 1 + Float(index % 1024) / 1024)
        }
    }
}
