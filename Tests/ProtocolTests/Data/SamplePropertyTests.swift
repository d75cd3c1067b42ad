import Protocol
import TestSupport
import Testing

/// Everything a sample can do, on random samples, against nested lists.
@Suite struct SamplePropertyTests {
    /// Runs `body` on many random samples of 0 to 6 items.
    private func onRandomSamples(
        seed: UInt64, _ body: (NaiveSample, SequenceSample, inout SplitMix) throws -> Void
    ) throws {
        var random = SplitMix(seed: seed)
        for _ in 0..<60 {
            let naive = NaiveSample.random(items: Int.random(in: 0...6, using: &random), using: &random)
            try body(naive, naive.packed(), &random)
        }
    }

    @Test func `any choice of items in any order holds exactly their numbers`() throws {
        try onRandomSamples(seed: 1) { naive, sample, random in
            let order = naive.ids.indices.shuffled(using: &random)
            let some = Array(order.prefix(Int.random(in: 0...order.count, using: &random)))
            let picked = try sample.items(at: some), expected = try naive.items(at: some).packed()
            #expect(picked == expected)
        }
    }

    @Test func `reordering by a permutation and by its inverse gives the sample back`() throws {
        try onRandomSamples(seed: 2) { naive, sample, random in
            let order = naive.ids.indices.shuffled(using: &random)
            let inverse = order.indices.sorted { order[$0] < order[$1] }
            let back = try sample.items(at: order).items(at: inverse)
            #expect(back == sample)
        }
    }

    @Test func `unpacking gives one sample an item, each with all its sequences`() throws {
        try onRandomSamples(seed: 3) { naive, sample, _ in
            let expected = try naive.ids.indices.map { try naive.items(at: [$0]).packed() }
            let pieces = try sample.unpacked()
            #expect(pieces == expected)
        }
    }

    @Test func `gathering lays samples end to end, in whatever groups they come`() throws {
        var random = SplitMix(seed: 4)
        for _ in 0..<60 {
            let keys: [SequenceKey] = ["a", "b", "c"]
            let parts = (0..<Int.random(in: 1...4, using: &random)).map { part in
                NaiveSample.random(
                    items: Int.random(in: 0...3, using: &random), keys: keys, prefix: "\(part).", using: &random)
            }
            let whole = try parts.dropFirst().reduce(parts[0], +).packed()
            let packed = try parts.map { try $0.packed() }
            let cut = Int.random(in: 1...parts.count, using: &random)
            #expect(try SequenceSample.gathered(packed) == whole)
            let first = try SequenceSample.gathered(Array(packed[..<cut]))
            #expect(try SequenceSample.gathered([first] + packed[cut...]) == whole)
        }
    }

    @Test func `metadata is the same whether numbers are dropped before or after an operation`() throws {
        try onRandomSamples(seed: 5) { naive, sample, random in
            let order = naive.ids.indices.shuffled(using: &random)
            let keys = Array(naive.columns.keys.sorted().prefix(1))
            let before = try (sample.metadata.items(at: order), sample.metadata.selecting(keys))
            let after = try (sample.items(at: order).metadata, sample.selecting(keys).metadata)
            #expect(before == after)
            let pieces = try (before: sample.metadata.unpacked(), after: sample.unpacked().map(\.metadata))
            #expect(pieces.before == pieces.after)
            #expect(sample.metadata.metadata == sample.metadata)
            #expect(sample.metadata.tokensPerItem == sample.tokensPerItem)
        }
    }

    @Test func `metadata gathers as the samples do`() throws {
        try onRandomSamples(seed: 6) { naive, sample, _ in
            guard sample.count > 0 else { return }
            let pieces = try sample.unpacked()
            let gathered = try SequenceSample.gathered(pieces.map(\.metadata))
            #expect(gathered == sample.metadata)
        }
    }

    @Test func `tokens of an item are those of its longest column`() throws {
        try onRandomSamples(seed: 7) { naive, sample, random in
            let expected = naive.ids.indices.map { item in
                naive.columns.values.map { $0.cells[item].flatMap(\.self).count }.max() ?? 0
            }
            #expect(sample.tokensPerItem == expected)
            let order = naive.ids.indices.shuffled(using: &random)
            let reordered = try sample.items(at: order)
            #expect(reordered.tokensPerItem == order.map { expected[$0] })
        }
    }

    @Test func `selecting twice is selecting once, and picking items before or after makes no difference`() throws {
        try onRandomSamples(seed: 8) { naive, sample, random in
            let keys = naive.columns.keys.sorted().filter { _ in Bool.random(using: &random) }
            let order = naive.ids.indices.shuffled(using: &random)
            let selected = try sample.selecting(keys)
            #expect(selected.keys == Set(keys))
            #expect(selected.ids == naive.ids)
            let twice = try selected.selecting(keys)
            #expect(twice == selected)
            let late = try sample.items(at: order).selecting(keys), early = try selected.items(at: order)
            #expect(early == late)
        }
    }

    @Test func `a sample cut by keys and merged is whole again`() throws {
        try onRandomSamples(seed: 9) { naive, sample, random in
            let left = naive.columns.keys.filter { _ in Bool.random(using: &random) }
            let right = naive.columns.keys.filter { !left.contains($0) }
            let whole = try sample.selecting(left).merging(sample.selecting(right))
            #expect(whole == sample)
            let same = try sample.merging(sample.selecting(left))
            #expect(same == sample)
        }
    }

    @Test func `renaming keys to new names and back changes nothing`() throws {
        try onRandomSamples(seed: 10) { naive, sample, _ in
            let there = Dictionary(uniqueKeysWithValues: naive.columns.keys.map { ($0, SequenceKey("new \($0)")) })
            let back = Dictionary(uniqueKeysWithValues: there.map { ($1, $0) })
            let renamed = sample.remappingKeys(there)
            #expect(renamed.keys == Set(there.values))
            #expect(renamed.remappingKeys(back) == sample)
        }
    }

    @Test func `sample and metadata cross the wire unchanged`() throws {
        try onRandomSamples(seed: 11) { _, sample, _ in
            let header = WireTensorHeader.make { $0.sample = WireSampleMetadata(sample) }
            let read = try WireCodec.decode(WireTensorHeader.self, from: WireCodec.encode(header)).sample
            let metadata = try read.sample(), data = try read.sample(frames: sample.frames)
            #expect(metadata == sample.metadata)
            #expect(data == sample)
        }
    }

    @Test func `equal samples give equal bytes however their columns were put in`() throws {
        try onRandomSamples(seed: 12) { naive, sample, random in
            var columns: [SequenceKey: SequenceSample.Column] = [:]
            for key in naive.columns.keys.shuffled(using: &random) { columns[key] = sample.columns[key] }
            let again = try SequenceSample(ids: naive.ids, columns: columns)
            let bytes = try [sample, again].map { try WireCodec.encode(WireSampleMetadata($0)) }
            #expect(bytes[0] == bytes[1])
        }
    }
}
