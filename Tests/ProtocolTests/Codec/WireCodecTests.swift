import Protocol
import SwiftProtobuf
import TestSupport
import Testing

@Suite struct WireCodecTests {
    private static let batch = WireTelemetryBatch.make {
        $0.source = "model_worker/0"
        $0.epoch = 2
        $0.seq = 9
        $0.metrics = [
            .with {
                $0.names = ["sft/loss"];
                $0.rows = [
                    .with {
                        $0.step = 3; $0.timeNs = 5; $0.values = [0.5]
                    }
                ]
            }
        ]
    }

    @Test func `a telemetry batch has these bytes for ever`() throws {
        let golden: [UInt8] = [
            8, 1, 18, 14, 109, 111, 100, 101, 108, 95, 119, 111, 114, 107, 101, 114, 47, 48, 24, 2, 32, 9, 42, 26, 10,
            8,
            115, 102, 116, 47, 108, 111, 115, 115, 18, 14, 8, 3, 16, 5, 26, 8, 0, 0, 0, 0, 0, 0, 224, 63,
        ]
        #expect(try WireCodec.encode(Self.batch) == golden)
        #expect(try WireCodec.decode(WireTelemetryBatch.self, from: golden) == Self.batch)
    }

    @Test func `another version is refused with both numbers`() throws {
        var newer = Self.batch
        newer.version = 7
        let frame = try WireCodec.encode(newer)
        let error = #expect(throws: WireError.self) { try WireCodec.decode(WireTelemetryBatch.self, from: frame) }
        #expect(error?.summary == "a cockpit.TelemetryBatch has version 7, this build speaks 1")
    }

    @Test func `an oversize frame is refused before it is parsed`() {
        let frame = [UInt8](repeating: 0, count: WireCodec.largestMessage + 1)
        #expect(throws: WireError.self) { try WireCodec.decode(WireTelemetryBatch.self, from: frame) }
    }

    @Test func `garbage never traps and is never taken for a message`() throws {
        var random = SplitMix(seed: 7)
        let good = try WireCodec.encode(Self.batch)
        for _ in 0..<2_000 {
            var frame = good
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                frame[Int.random(in: frame.indices, using: &random)] = .random(in: 0...255, using: &random)
            }
            frame.removeLast(Int.random(in: 0..<frame.count, using: &random))
            if let read = try? WireCodec.decode(WireTelemetryBatch.self, from: frame) { #expect(read.version == 1) }
        }
    }

    @Test func `sample metadata survives the wire`() throws {
        let sample = try SequenceSample(
            ids: ["a", "b"],
            columns: [
                "tokens": .init(lengths: [[2, 1], [3]], array: .int32([1, 2, 3, 4, 5, 6])),
                "mask": .init(lengths: [[1], []], array: .uint8([1])),
            ])
        let wire = WireSampleMetadata(sample)
        #expect(try wire.sample() == sample.metadata)
        let frames = sample.columns.sorted { $0.key < $1.key }.map { $0.value.array?.littleEndianBytes ?? [] }
        #expect(try wire.sample(frames: frames) == sample)
    }

    @Test(
        arguments: [
            ([3], [1, 2], "int32"), ([1, 1], [1, 2, 3], "int32"), ([1], [1], "float16"),
        ] as [([UInt32], [UInt32], String)])
    func `columns that contradict themselves are refused`(counts: [UInt32], lengths: [UInt32], type: String) {
        let wire = WireSampleMetadata.with {
            $0.ids = counts.indices.map { "\($0)" }
            $0.columns = [
                .with {
                    $0.key = "k"; $0.counts = counts; $0.lengths = lengths; $0.elementType = type
                }
            ]
        }
        #expect(throws: WireError.self) { try wire.sample() }
    }

    @Test func `a tensor frame of the wrong size is refused by key`() throws {
        let wire = WireSampleMetadata(
            try SequenceSample(ids: ["a"], columns: ["k": .init(lengths: [[2]], array: .int32([1, 2]))]))
        #expect(throws: WireError.self) { try wire.sample(frames: [[1, 2, 3]]) }
        #expect(throws: SequenceError.self) { try wire.sample(frames: [[1, 2, 3, 4]]) }
        #expect(throws: WireError.self) { try wire.sample(frames: []) }
    }
}
