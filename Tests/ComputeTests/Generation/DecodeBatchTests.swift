import Testing

@testable import Compute

@Suite struct `Decode batch` {
    @Test func `rows follow one another and know their positions`() {
        var batch = DecodeBatch()
        #expect(batch.append([7, 8, 9], at: 0, slot: 2) == 0)
        #expect(batch.append([5], at: 4, slot: 0) == 1)
        #expect(batch.tokens == [7, 8, 9, 5])
        #expect(batch.positions == [0, 1, 2, 4])
        #expect(batch.sequences.map(\.rows) == [0..<3, 3..<4])
        batch.removeAll()
        #expect(batch.count == 0)
        #expect(batch.append([9], at: 6, slot: 1) == 0)
        #expect(batch.sequences == [DecodeBatch.Sequence(slot: 1, rows: 0..<1, position: 6)])
    }

    @Test func `a plan cuts rows into blocks that hold the parts of the sequences in them`() {
        var batch = DecodeBatch()
        _ = batch.append([1, 2, 3, 4, 5], at: 10, slot: 3)
        _ = batch.append([6], at: 2, slot: 1)
        _ = batch.append([7, 8], at: 0, slot: 0)
        var plan = DecodePlan()
        plan.append(2..<7, of: batch, most: 3, lane: 1)
        #expect(plan.blocks.map(\.rows) == [2..<5, 5..<7])
        #expect(plan.blocks.map(\.lane) == [1, 1])
        #expect(plan.blocks.map(\.parts) == [0..<1, 1..<3])
        #expect(plan.parts.map(\.rows) == [2..<5, 5..<6, 6..<7])
        #expect(plan.parts.map(\.position) == [12, 2, 0])
        #expect(plan.parts.map(\.isEnd) == [true, true, false])
        #expect(plan.parts.map(\.index) == [0, 1, 2])
        #expect(plan.parts.map(\.slot) == [3, 1, 0])
        plan.removeAll()
        plan.append(0..<8, of: batch, most: 192, lane: nil)
        #expect(plan.blocks.map(\.parts) == [0..<3])
        #expect(plan.parts.last?.isEnd == true)
    }

    @Test func `what lanes work with are plain values, so that they share no reference count`() {
        #expect(_isPOD(DecodeLane.self))
        #expect(_isPOD(DecodeModel.Block.self))
        #expect(_isPOD(DecodeRows.self))
    }

    @Test func `shares are whole sequences, all of them, and about equal`() {
        var random = SeededGenerator(seed: 81)
        for _ in 0..<300 {
            var batch = DecodeBatch()
            var ends: Set<Int> = [0]
            for slot in 0..<Int.random(in: 1...20, using: &random) {
                let tokens = [Int32](repeating: 1, count: Int.random(in: 1...9, using: &random))
                _ = batch.append(tokens, at: Int.random(in: 0...50, using: &random), slot: slot)
                ends.insert(batch.count)
            }
            let parts = Int.random(in: 1...4, using: &random)
            let shares = batch.shares(parts, rowCost: 40)
            #expect(shares.count <= parts)
            #expect(Array(shares.joined()) == Array(0..<batch.count))
            #expect(shares.allSatisfy { ends.contains($0.upperBound) && !$0.isEmpty })
        }
    }

    @Test func `a row with more to attend to weighs more`() {
        var batch = DecodeBatch()
        _ = batch.append([1], at: 300, slot: 0)
        for slot in 1..<5 { _ = batch.append([1], at: 0, slot: slot) }
        #expect(batch.shares(2, rowCost: 50) == [0..<1, 1..<5])
        #expect(batch.shares(2, rowCost: 100_000) == [0..<3, 3..<5])
    }

    @Test func `an empty batch has no shares`() {
        #expect(DecodeBatch().shares(3, rowCost: 1) == [])
    }
}
