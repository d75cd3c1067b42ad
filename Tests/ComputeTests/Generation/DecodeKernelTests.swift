import CKernels
import Glibc
import Testing

@testable import Compute

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
    func `attention over the cache equals the naive sum`(length: Int, size: Int) throws {
        var random = SeededGenerator(seed: UInt64(length * 100 + size))
        let width = 2 * size
        let cache = try KeyValueCache(slots: 1, capacity: length, layers: 1, width: width)
        let rows = { (random: inout SeededGenerator) in
            (0..<length).map { _ in (0..<width).map { _ in random.normal() } }
        }
        let (keys, values) = (rows(&random), rows(&random))
        for position in 0..<length {
            cache.store(key: keys[position], value: values[position], slot: 0, layer: 0, position: position)
        }
        let query = (0..<size).map { _ in random.normal() }
        let scale: Float = 0.3
        var scores = [Float](repeating: .nan, count: length + 16)
        var output = [Float](repeating: .nan, count: size)
        // The second head: its first channel lies `size` channels in.
        kernels_attend_cached(
            query, cache.keys(slot: 0, layer: 0) + size * KERNELS_KEY_POSITIONS, cache.keyBlock,
            cache.values(slot: 0, layer: 0) + size, width, length, size, scale, &scores, &output)
        let expected = naive(
            query, keys.map { Array($0[size...]) }, values.map { Array($0[size...]) }, scale: Double(scale))
        #expect(zip(output, expected).allSatisfy { abs(Double($0) - $1) < 1e-5 })
    }

    @Test func `a copied prompt has the same keys and values in every layer`() throws {
        let cache = try KeyValueCache(slots: 2, capacity: 20, layers: 2, width: 4)
        for layer in 0..<2 {
            for position in 0..<18 {
                let value = Float(100 * layer + position)
                cache.store(
                    key: [value, 1, 2, 3], value: [-value, 4, 5, 6], slot: 0, layer: layer, position: position)
            }
        }
        cache.copy(positions: 18, from: 0, to: cache.spare)
        for layer in 0..<2 {
            let (keys, values) = (cache.keys(slot: 2, layer: layer), cache.values(slot: 2, layer: layer))
            #expect(keys[5] == Float(100 * layer + 5))
            #expect(keys[cache.keyBlock + 1] == Float(100 * layer + 17))
            #expect(values[17 * 4] == -Float(100 * layer + 17))
        }
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
