import CKernels
import Glibc
import Testing

@testable import Compute

/// A cache of two layers with random keys and values, the same in both, and what it should hold.
private struct FilledCache {
    let cache: KeyValueCache
    private(set) var keys: [[Float]]
    private(set) var values: [[Float]]
    private let size: Int

    init(
        length: Int, heads: Int, size: Int, positions: Int, storage: CacheOptions.Storage = .float32,
        _ random: inout SeededGenerator
    ) throws {
        self.size = size
        cache = try .empty(
            heads: heads, size: size, layers: 2, capacity: length,
            options: CacheOptions(storage: storage, pagePositions: positions))
        let rows = { (random: inout SeededGenerator) in
            (0..<length).map { _ in (0..<heads * size).map { _ in random.normal() } }
        }
        (keys, values) = (rows(&random), rows(&random))
        #expect(try cache.reserve(slot: 0, positions: 0..<length))
        for position in 0..<length {
            for layer in 0..<2 {
                cache.store(key: keys[position], value: values[position], slot: 0, layer: layer, position: position)
            }
        }
    }

    func attend(_ query: [Float], group: Int, layer: Int, head: Int, scale: Float) -> [Float] {
        let layout = cache.layout
        var scores = [Float](repeating: .nan, count: group * (keys.count + 16))
        var output = [Float](repeating: .nan, count: query.count)
        query.withUnsafeBufferPointer { query in
            scores.withUnsafeMutableBufferPointer { scores in
                output.withUnsafeMutableBufferPointer { output in
                    var work = kernels_paged_attention()
                    work.query = query.baseAddress
                    work.pages = UnsafePointer(cache.view.addresses(ofSlot: 0))
                    (work.storage, work.page_positions) = (layout.kernelStorage, layout.positions)
                    work.key_offset = layout.keyOffset(layer: layer, head: head)
                    work.value_offset = layout.valueOffset(layer: layer, head: head)
                    (work.length, work.size, work.key_value_heads, work.group) = (keys.count, size, 1, group)
                    (work.scale, work.scores, work.output) = (scale, scores.baseAddress, output.baseAddress)
                    kernels_attend_pages(&work)
                }
            }
        }
        return output
    }
}

@Suite struct `Decode kernels` {
    /// Attention of one query over rows of keys and values, in Double.
    private func naive(_ query: [Float], _ keys: [[Float]], _ values: [[Float]], scale: Double) -> [Double] {
        let scores = keys.map { key in exp(scale * zip(query, key).reduce(0.0) { $0 + Double($1.0 * $1.1) }) }
        let total = scores.reduce(0, +)
        return query.indices.map { column in
            zip(scores, values).reduce(0.0) { $0 + $1.0 / total * Double($1.1[column]) }
        }
    }

    @Test(arguments: [1, 2, 15, 16, 17, 33, 64, 100], [3, 8, 12, 32, 40])
    func `attention over pages equals the naive sum`(length: Int, size: Int) throws {
        for (group, positions) in [(1, 16), (2, 32), (3, 16), (7, 48)] {
            var random = SeededGenerator(seed: UInt64(length * 100 + size))
            let filled = try FilledCache(length: length, heads: 2, size: size, positions: positions, &random)
            let query = (0..<group * size).map { _ in random.normal() }
            // The second head of the second layer.
            let output = filled.attend(query, group: group, layer: 1, head: 1, scale: 0.3)
            for index in 0..<group {
                let expected = naive(
                    Array(query[index * size..<(index + 1) * size]), filled.keys.map { Array($0[size...]) },
                    filled.values.map { Array($0[size...]) }, scale: 0.3)
                #expect(zip(output[(index * size)...], expected).allSatisfy { abs(Double($0) - $1) < 1e-5 })
            }
        }
    }

    @Test(arguments: [1, 31, 100], [5, 32])
    func `the size of a page changes no bit`(length: Int, size: Int) throws {
        let outputs = try [16, 32, 48, 128].map { positions in
            var random = SeededGenerator(seed: 3)
            let filled = try FilledCache(length: length, heads: 2, size: size, positions: positions, &random)
            let query = (0..<size).map { _ in random.normal() }
            return filled.attend(query, group: 1, layer: 0, head: 1, scale: 0.2).map(\.bitPattern)
        }
        #expect(outputs.allSatisfy { $0 == outputs[0] })
    }

    @Test(arguments: [1, 40]) func `a narrow page holds the nearest narrow numbers`(length: Int) throws {
        var random = SeededGenerator(seed: 8)
        let filled = try FilledCache(
            length: length, heads: 2, size: 20, positions: 16, storage: .bfloat16, &random)
        let query = (0..<20).map { _ in random.normal() }
        let output = filled.attend(query, group: 1, layer: 1, head: 0, scale: 0.3)
        let narrow = { (row: [Float]) in row.prefix(20).map(nearestNarrow) }
        let expected = naive(query, filled.keys.map(narrow), filled.values.map(narrow), scale: 0.3)
        #expect(zip(output, expected).allSatisfy { abs(Double($0) - $1) < 1e-5 })
    }

    /// bfloat16 by its definition: the nearest of the two neighbours with 16 zero bits, the even one of equals.
    private func nearestNarrow(_ value: Float) -> Float {
        let below = Float(bitPattern: value.bitPattern & 0xFFFF_0000)
        let above = Float(bitPattern: (value.bitPattern & 0xFFFF_0000) + 0x1_0000)
        let (down, up) = (abs(value - below), abs(above - value))
        if down == up { return below.bitPattern >> 16 & 1 == 0 ? below : above }
        return down < up ? below : above
    }

    @Test(arguments: [(128, 384), (128, 96), (20, 130), (7, 31), (64, 257)])
    func `a row's product is the same bits alone and among others`(inputs: Int, outputs: Int) throws {
        var random = SeededGenerator(seed: 9)
        let input = (0..<9 * inputs).map { _ in random.normal() }
        let matrix = (0..<inputs * outputs).map { _ in random.normal() }
        let bias = (0..<outputs).map { _ in random.normal() }
        let panels = (outputs + kernels_panel_width() - 1) / kernels_panel_width()
        let packed = try Arena(count: kernels_packed_count(inputs, outputs))
        kernels_pack(matrix, outputs, 1, inputs, outputs, packed.base, 0, panels)
        let product = { (rows: Range<Int>) -> [UInt32] in
            let c = try Arena(count: 9 * outputs)
            for index in 0..<c.count { c.base[index] = Float(index % 13) }
            input.withUnsafeBufferPointer { input in
                bias.withUnsafeBufferPointer { bias in
                    guard let a = input.baseAddress, let bias = bias.baseAddress else { return }
                    var work = kernels_product()
                    (work.a, work.a_row, work.a_column, work.packed) = (a, inputs, 1, UnsafePointer(packed.base))
                    (work.k, work.n, work.c, work.c_row, work.bias) = (inputs, outputs, c.base, outputs, bias)
                    (work.start, work.start_row) = (UnsafePointer(c.base), outputs)
                    kernels_multiply(&work, rows.lowerBound, rows.upperBound)
                }
            }
            return c.floats[rows.lowerBound * outputs..<rows.upperBound * outputs].map(\.bitPattern)
        }
        let together = try product(0..<9)
        for row in 0..<9 {
            #expect(try product(row..<row + 1) == Array(together[row * outputs..<(row + 1) * outputs]))
        }
    }
}
