import Testing

@testable import Compute

@Suite struct `Safetensors damage` {
    private static let text = Array(
        (#"{"__metadata__":{"format":"pt"},"w":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},"#
            + #""b":{"dtype":"BF16","shape":[3],"data_offsets":[24,30]},"e":{"dtype":"F16","shape":[0],"data_offsets":[30,30]}}"#)
            .utf8)

    /// What the reader promises of any header it accepts.
    private func isConsistent(_ header: SafetensorsHeader, dataSize: Int) -> Bool {
        var end = 0
        for entry in header.entries {
            guard entry.bytes.lowerBound == end, entry.bytes.upperBound <= dataSize,
                entry.shape.allSatisfy({ $0 >= 0 }),
                entry.shape.reduce(1, *) * entry.type.byteWidth == entry.bytes.count,
                entry.count == entry.shape.reduce(1, *)
            else { return false }
            end = entry.bytes.upperBound
        }
        return end == dataSize
    }

    @Test(arguments: [0x00, 0x20, 0x22, 0x2D, 0x2E, 0x30, 0x31, 0x39, 0x5B, 0x5D, 0x65, 0x7B, 0x7D, 0xFF] as [UInt8])
    func `any byte of a header replaced is refused or gives a consistent header`(byte: UInt8) {
        var accepted = 0
        for place in Self.text.indices where Self.text[place] != byte {
            var changed = Self.text
            changed[place] = byte
            let size = SafetensorsHeader.prefixLength + changed.count + 30
            guard let header = try? SafetensorsHeader(text: changed, fileSize: size) else { continue }
            accepted += 1
            #expect(isConsistent(header, dataSize: 30), "byte \(place)")
        }
        // Names and the metadata's text may be anything; numbers and punctuation may not.
        #expect(accepted < 40)
    }

    @Test func `a header cut or doubled anywhere is refused`() {
        for place in Self.text.indices {
            let cut = Array(Self.text[..<place])
            #expect(throws: SafetensorsHeader.Fault.self, "cut at \(place)") {
                try SafetensorsHeader(text: cut, fileSize: SafetensorsHeader.prefixLength + cut.count + 30)
            }
        }
        let doubled = Self.text + Self.text
        #expect(throws: SafetensorsHeader.Fault.self) {
            try SafetensorsHeader(text: doubled, fileSize: SafetensorsHeader.prefixLength + doubled.count + 60)
        }
    }

    @Test func `a data section of any other size is refused`() throws {
        for size in 0...64 where size != 30 {
            #expect(throws: SafetensorsHeader.Fault.self, "\(size) bytes") {
                try SafetensorsHeader(
                    text: Self.text, fileSize: SafetensorsHeader.prefixLength + Self.text.count + size)
            }
        }
    }

    @Test func `random tensor lists read back in their order`() throws {
        var random = SeededGenerator(seed: 51)
        for count in 0..<40 {
            let tensors = (0..<count).map { index in
                let shape = (0..<random.next() % 4).map { _ in Int(random.next() % 5) }
                return (name: "t\(index)\"\u{e9}\n", shape: shape)
            }
            let bytes = SafetensorsHeader.encode(tensors, metadata: count % 2 == 0 ? [:] : ["a": "\u{1F600}"])
            #expect(bytes.count % 8 == 0)
            let data = tensors.reduce(0) { $0 + $1.shape.reduce(4, *) }
            let header = try SafetensorsHeader(text: Array(bytes.dropFirst(8)), fileSize: bytes.count + data)
            #expect(isConsistent(header, dataSize: data))
            for tensor in tensors { #expect(header.entry(named: tensor.name)?.shape == tensor.shape) }
            #expect(header.metadata == (count % 2 == 0 ? [:] : ["a": "\u{1F600}"]))
        }
    }
}
