import CKernels
import Testing

@testable import Compute

/// Sizes around every tile height, vector and panel width of the three variants.
private let oddSizes = [1, 3, 7, 8, 9, 15, 16, 17, 31, 33]

/// A product in memory with room between rows, whose guard floats must stay as they were.
private struct StridedProduct {
    let rows: Int
    let inner: Int
    let columns: Int
    let a: Arena
    let aRow: Int
    let aColumn: Int
    let c: Arena
    let cRow: Int
    let b: [Float]
    static let guardValue: Float = 1e30

    /// `isTurned`: a is stored column by column, as a weight gradient reads it.
    init(rows: Int, inner: Int, columns: Int, isTurned: Bool, seed: UInt64) throws {
        (self.rows, self.inner, self.columns) = (rows, inner, columns)
        (aRow, aColumn) = isTurned ? (1, rows + 3) : (inner + 5, 1)
        cRow = columns + 7
        a = try arena(randomFloats(max(rows * aRow + inner * aColumn, rows * aRow) + 1, seed: seed))
        b = randomFloats(inner * columns, seed: seed + 1)
        c = try arena([Float](repeating: Self.guardValue, count: rows * cRow))
    }

    var expected: [Double] {
        let left = (0..<rows).flatMap { row in (0..<inner).map { a.base[row * aRow + $0 * aColumn] } }
        return naiveProduct(left, b, rows: rows, inner: inner, columns: columns)
    }

    /// The columns of c that belong to the product, and whether all floats between them are untouched.
    func run(variant: Int32) throws -> (c: [Float], isGuardWhole: Bool) {
        let right = try arena(b)
        try withVariant(variant) {
            let panels = (columns + kernels_panel_width() - 1) / kernels_panel_width()
            let packed = try arena([Float](repeating: .nan, count: kernels_packed_count(inner, columns)))
            kernels_pack(right.base, columns, 1, inner, columns, packed.base, 0, panels)
            var product = kernels_product()
            (product.a, product.a_row, product.a_column) = (FloatPointer(a.base), aRow, aColumn)
            (product.packed, product.k, product.n) = (FloatPointer(packed.base), inner, columns)
            (product.c, product.c_row) = (c.base, cRow)
            withExtendedLifetime((right, packed)) { kernels_multiply(&product, 0, rows) }
        }
        let result = (0..<rows).flatMap { row in (0..<columns).map { c.base[row * cRow + $0] } }
        let isGuardWhole = (0..<rows).allSatisfy { row in
            (columns..<cRow).allSatisfy { c.base[row * cRow + $0] == Self.guardValue }
        }
        return (result, isGuardWhole)
    }
}

@Suite struct `Matrix kernels at odd sizes` {
    @Test(arguments: runnableVariants, oddSizes)
    func `strided products equal the naive ones and write nothing beside them`(variant: Int32, rows: Int) throws {
        for inner in [1, 4, 9] {
            for columns in oddSizes {
                for isTurned in [false, true] {
                    let product = try StridedProduct(
                        rows: rows, inner: inner, columns: columns, isTurned: isTurned, seed: UInt64(rows * columns))
                    let result = try product.run(variant: variant)
                    let place = "\(rows)x\(inner)x\(columns), turned \(isTurned)"
                    #expect(largestError(result.c, product.expected) < 1e-5, "\(place)")
                    #expect(result.isGuardWhole, "\(place)")
                }
            }
        }
    }

    @Test(arguments: runnableVariants, oddSizes)
    func `a packed operand holds every element once and zeros behind the last column`(variant: Int32, n: Int) throws {
        for k in [1, 3, 4, 5, 8, 17] {
            let b = try arena((0..<k * n).map { Float($0 + 1) })
            for (kStride, nStride) in [(n, 1), (1, k)] {
                try withVariant(variant) {
                    let width = kernels_panel_width()
                    let panels = (n + width - 1) / width
                    let packed = try arena([Float](repeating: .nan, count: kernels_packed_count(k, n)))
                    // Panel by panel, as threads share them.
                    for panel in (0..<panels).reversed() {
                        kernels_pack(b.base, kStride, nStride, k, n, packed.base, panel, panel + 1)
                    }
                    for (index, value) in packed.array.enumerated() {
                        let (panel, place) = index.quotientAndRemainder(dividingBy: k * width)
                        let (row, column) = (place / width, panel * width + place % width)
                        #expect(value == (column < n ? b.base[row * kStride + column * nStride] : 0))
                    }
                }
            }
        }
    }

    @Test(arguments: runnableVariants)
    func `a row gets the same bits from every tile height`(variant: Int32) throws {
        let (inner, columns) = (37, 45)
        let whole = try StridedProduct(rows: 30, inner: inner, columns: columns, isTurned: false, seed: 5)
        let expected = try whole.run(variant: variant).c.map(\.bitPattern)
        for rows in 1..<30 {
            let part = try StridedProduct(rows: rows, inner: inner, columns: columns, isTurned: false, seed: 5)
            part.a.base.update(from: whole.a.base, count: rows * part.aRow)
            #expect(part.b == whole.b)
            #expect(try part.run(variant: variant).c.map(\.bitPattern) == Array(expected[..<(rows * columns)]))
        }
    }

    /// Long enough to be cut along k; the cut must not show.
    @Test(arguments: runnableVariants, [5, 600, 1100])
    func `an operand packed on the way gives the bits of a packed one`(variant: Int32, inner: Int) throws {
        let (rows, columns) = (45, 70)
        let a = try arena(randomFloats(rows * inner, seed: 21))
        let b = try arena(randomFloats(inner * columns, seed: 22))
        let bias = try arena(randomFloats(columns, seed: 23))
        let expected = naiveProduct(a.array, b.array, rows: rows, inner: inner, columns: columns)
        try withVariant(variant) {
            let panels = (columns + kernels_panel_width() - 1) / kernels_panel_width()
            for (kStride, nStride) in [(columns, 1), (1, inner)] {
                let source =
                    nStride == 1 ? b : try arena(transposed(b.array, rows: inner, columns: columns))
                let packed = try arena([Float](repeating: .nan, count: kernels_packed_count(inner, columns)))
                kernels_pack(source.base, kStride, nStride, inner, columns, packed.base, 0, panels)
                let (whole, parts) = (try Arena(count: rows * columns), try Arena(count: rows * columns))
                var product = kernels_product()
                (product.a, product.a_row, product.a_column) = (FloatPointer(a.base), inner, 1)
                (product.packed, product.k, product.n) = (FloatPointer(packed.base), inner, columns)
                (product.c, product.c_row, product.bias) = (whole.base, columns, FloatPointer(bias.base))
                kernels_multiply(&product, 0, rows)
                product.c = parts.base
                var operand = kernels_operand(at: source.base, k_stride: kStride, n_stride: nStride)
                for panel in 0..<panels {
                    kernels_multiply_unpacked(&product, &operand, 0, 20, panel, panel + 1)
                    kernels_multiply_unpacked(&product, &operand, 20, rows, panel, panel + 1)
                }
                #expect(parts.array == whole.array)
                let biased = expected.enumerated().map { $1 + Double(bias.base[$0 % columns]) }
                #expect(largestError(whole.array, biased) < 1e-4)
                kernels_multiply_panels(&product, 0, rows, 0, panels)
                #expect(parts.array == whole.array)
            }
        }
    }

    @Test(arguments: runnableVariants)
    func `variants agree with each other to rounding`(variant: Int32) throws {
        let product = try StridedProduct(rows: 23, inner: 65, columns: 50, isTurned: false, seed: 6)
        let baseline = try product.run(variant: Int32(KERNELS_BASELINE)).c
        #expect(largestError(try product.run(variant: variant).c, doubles(baseline)) < 1e-5)
    }

    @Test(arguments: runnableVariants, [1, 3, 8, 17, 31])
    func `weight gradients split anywhere add up to the whole`(variant: Int32, n: Int) throws {
        var random = SeededGenerator(seed: UInt64(n))
        for m in [1, 5, 14, 33] {
            let rows = Int.random(in: 1...300, using: &random)
            let (a, b) = (randomFloats(rows * m, seed: 8), randomFloats(rows * n, seed: 9))
            let expected = naiveProduct(transposed(a, rows: rows, columns: m), b, rows: m, inner: rows, columns: n)
            let (left, right, sums) = (try arena(a), try arena(b), try Arena(count: n))
            let c = try arena([Float](repeating: 2, count: m * n))
            withVariant(variant) {
                var outer = kernels_outer(
                    a: left.base, a_row: m, b: right.base, b_row: n, rows: rows, m: m, n: n, c: c.base, c_row: n,
                    column_sums: sums.base)
                let panels = (n + kernels_panel_width() - 1) / kernels_panel_width()
                let cut = Int.random(in: 0...m, using: &random)
                for panel in 0..<panels {
                    if cut > 0 { kernels_accumulate_outer(&outer, 0, cut, panel, panel + 1) }
                    if cut < m { kernels_accumulate_outer(&outer, cut, m, panel, panel + 1) }
                }
            }
            #expect(largestError(c.array, expected.map { $0 + 2 }) < 1e-4, "\(rows)x\(m)x\(n)")
            let columns = (0..<n).map { column in (0..<rows).reduce(0.0) { $0 + Double(b[$1 * n + column]) } }
            #expect(largestError(sums.array, columns) < 1e-4, "\(rows)x\(m)x\(n)")
        }
    }
}
