import CKernels
import Testing

@testable import Compute

/// What a cache should hold, slot by slot, layer by layer, position by position.
private struct CacheModel {
    var keys: [[[[Float]]]]
    var values: [[[[Float]]]]

    init(slots: Int, layers: Int, positions: Int, width: Int) {
        let empty = [[Float]](repeating: [Float](repeating: 0, count: width), count: positions)
        keys = Array(repeating: Array(repeating: empty, count: layers), count: slots)
        values = keys
    }
}

@Suite struct `Key-value cache` {
    private func key(_ cache: KeyValueCache, slot: Int, layer: Int, position: Int) -> [Float] {
        let block = cache.keys(slot: slot, layer: layer) + position / KERNELS_KEY_POSITIONS * cache.keyBlock
        return (0..<cache.width).map { block[$0 * KERNELS_KEY_POSITIONS + position % KERNELS_KEY_POSITIONS] }
    }

    private func value(_ cache: KeyValueCache, slot: Int, layer: Int, position: Int) -> [Float] {
        let row = cache.values(slot: slot, layer: layer) + position * cache.width
        return (0..<cache.width).map { row[$0] }
    }

    @Test(arguments: [(1, 1, 1, 1), (2, 17, 3, 5), (3, 16, 1, 8), (1, 40, 2, 12)])
    func `stores and copies touch their own positions only`(slots: Int, capacity: Int, layers: Int, width: Int) throws {
        let cache = try KeyValueCache(slots: slots, capacity: capacity, layers: layers, width: width)
        #expect(cache.spare == slots)
        var model = CacheModel(slots: slots + 1, layers: layers, positions: capacity, width: width)
        var random = SeededGenerator(seed: UInt64(capacity))
        for round in 0..<120 {
            if round % 10 == 9 {
                let (from, to) = (Int.random(in: 0...slots, using: &random), Int.random(in: 0...slots, using: &random))
                let count = Int.random(in: 0...capacity, using: &random)
                guard from != to else { continue }
                cache.copy(positions: count, from: from, to: to)
                // The rest of the last block is copied too: it is written before it is read.
                let keyCount = min((count + 15) / 16 * 16, capacity)
                for layer in 0..<layers {
                    model.keys[to][layer].replaceSubrange(..<keyCount, with: model.keys[from][layer][..<keyCount])
                    model.values[to][layer].replaceSubrange(..<count, with: model.values[from][layer][..<count])
                }
            } else {
                let slot = Int.random(in: 0...slots, using: &random)
                let layer = Int.random(in: 0..<layers, using: &random)
                let position = Int.random(in: 0..<capacity, using: &random)
                let (key, value) = ((0..<width).map { _ in random.normal() }, (0..<width).map { _ in random.normal() })
                cache.store(key: key, value: value, slot: slot, layer: layer, position: position)
                model.keys[slot][layer][position] = key
                model.values[slot][layer][position] = value
            }
        }
        for slot in 0...slots {
            for layer in 0..<layers {
                for position in 0..<capacity {
                    #expect(
                        key(cache, slot: slot, layer: layer, position: position) == model.keys[slot][layer][position])
                    #expect(
                        value(cache, slot: slot, layer: layer, position: position)
                            == model.values[slot][layer][position])
                }
            }
        }
    }

    @Test(arguments: [(1, 16), (16, 16), (17, 32), (0, 0)])
    func `a slot takes whole blocks of positions`(capacity: Int, positions: Int) {
        #expect(KeyValueCache.slotFloats(capacity: capacity, layers: 3, width: 5) == positions * 3 * 2 * 5)
    }
}

@Suite struct `Decode batch of random rows` {
    @Test func `tasks cover every row once and cut only between sequences`() {
        var random = SeededGenerator(seed: 81)
        for _ in 0..<200 {
            var batch = DecodeBatch()
            var ends: Set<Int> = [0]
            for slot in 0..<Int.random(in: 1...12, using: &random) {
                let tokens = [Int32](repeating: 1, count: Int.random(in: 1...30, using: &random))
                #expect(batch.append(tokens, at: 3, slot: slot) == slot)
                ends.insert(batch.count)
            }
            #expect(batch.logitsCount == batch.sequences)
            #expect(batch.logitsRows.filter { $0 >= 0 } == Array(0..<batch.sequences))
            let rows = Int.random(in: 1...60, using: &random)
            let tasks = batch.tasks(rows: rows)
            #expect(Array(tasks.joined()) == Array(0..<batch.count))
            #expect(tasks.allSatisfy { ends.contains($0.lowerBound) && ends.contains($0.upperBound) })
            #expect(tasks.dropLast().allSatisfy { $0.count >= rows })
        }
    }

    @Test func `a batch emptied is as good as new`() {
        var batch = DecodeBatch()
        _ = batch.append([1, 2, 3], at: 5, slot: 1)
        batch.removeAll()
        #expect(batch.count == 0 && batch.sequences == 0 && batch.logitsCount == 0)
        #expect(batch.tasks(rows: 1) == [])
        #expect(batch.append([9], at: 0, slot: 0) == 0)
        #expect(batch.tokens == [9] && batch.positions == [0] && batch.slots == [0] && batch.logitsRows == [0])
    }
}
