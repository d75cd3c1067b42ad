import CKernels
import Testing

@testable import Compute

struct MatrixShape: Sendable, CustomStringConvertible {
    let rows: Int
    let inner: Int
    let columns: Int
    var description: String { "\(rows)x\(inner)x\(columns)" }
}

private let shapes = [
    MatrixShape(rows: 14, inner: 8, columns: 32),
    MatrixShape(rows: 15, inner: 7, columns: 33), MatrixShape(rows: 43, inner: 19, columns: 50),
    MatrixShape(rows: 3, inner: 130, columns: 16), MatrixShape(rows: 200, inner: 5, columns: 9),
]

@Suite struct MatrixKernelTests {
    @Test(arguments: runnableVariants, shapes)
    func `a packed product equals the naive product`(variant: Int32, shape: MatrixShape) throws {
        let a = randomFloats(shape.rows * shape.inner, seed: 1)
        let b = randomFloats(shape.inner * shape.columns, seed: 2)
        let expected = naiveProduct(a, b, rows: shape.rows, inner: shape.inner, columns: shape.columns)
        let plain = try multiply(a, b, shape, variant: variant)
        #expect(largestError(plain.c, expected) < 1e-5)
        let flipped = transposed(b, rows: shape.inner, columns: shape.columns)
        let transposedResult = try multiply(a, flipped, shape, variant: variant, layout: .transposed)
        #expect(largestError(transposedResult.c, expected) < 1e-5)
    }

    @Test(arguments: runnableVariants, shapes)
    func `bias and start are added once`(variant: Int32, shape: MatrixShape) throws {
        let a = randomFloats(shape.rows * shape.inner, seed: 3)
        let b = randomFloats(shape.inner * shape.columns, seed: 4)
        let bias = randomFloats(shape.columns, seed: 5)
        let start = randomFloats(shape.rows * shape.columns, seed: 6)
        var expected = naiveProduct(a, b, rows: shape.rows, inner: shape.inner, columns: shape.columns)
        for index in expected.indices { expected[index] += Double(start[index]) + Double(bias[index % shape.columns]) }
        let result = try multiply(a, b, shape, variant: variant, bias: bias, start: start)
        #expect(largestError(result.c, expected) < 1e-5)
    }

    @Test(arguments: runnableVariants, shapes)
    func `the GELU finish keeps the pre-activation beside the activation`(variant: Int32, shape: MatrixShape) throws {
        let a = randomFloats(shape.rows * shape.inner, seed: 7)
        let b = randomFloats(shape.inner * shape.columns, seed: 8)
        let expected = naiveProduct(a, b, rows: shape.rows, inner: shape.inner, columns: shape.columns)
        let result = try multiply(a, b, shape, variant: variant, finish: KERNELS_GELU)
        #expect(largestError(result.c, expected) < 1e-5)
        #expect(largestError(result.activated, expected.map(referenceGELU)) < 2e-5)
    }

    @Test(arguments: runnableVariants, shapes)
    func `the GELU derivative finish multiplies the product`(variant: Int32, shape: MatrixShape) throws {
        let a = randomFloats(shape.rows * shape.inner, seed: 9)
        let b = randomFloats(shape.inner * shape.columns, seed: 10)
        let preactivations = randomFloats(shape.rows * shape.columns, seed: 11, scale: 2)
        var expected = naiveProduct(a, b, rows: shape.rows, inner: shape.inner, columns: shape.columns)
        for index in expected.indices { expected[index] *= referenceGELUDerivative(Double(preactivations[index])) }
        let result = try multiply(
            a, b, shape, variant: variant, finish: KERNELS_GELU_DERIVATIVE, activated: preactivations)
        #expect(largestError(result.c, expected) < 2e-5)
    }

    @Test(arguments: runnableVariants, shapes)
    func `the weight gradient is accumulated with its column sums`(variant: Int32, shape: MatrixShape) throws {
        let (rows, m, n) = (shape.rows + 300, shape.inner, shape.columns)
        let a = randomFloats(rows * m, seed: 12)
        let b = randomFloats(rows * n, seed: 13)
        let before = randomFloats(m * n, seed: 14)
        var expected = naiveProduct(
            transposed(a, rows: rows, columns: m), b, rows: m, inner: rows, columns: n)
        for index in expected.indices { expected[index] += Double(before[index]) }
        let sums = (0..<n).map { column in (0..<rows).reduce(0.0) { $0 + Double(b[$1 * n + column]) } }
        let (c, columnSums) = (try arena(before), try Arena(count: n))
        let (left, right) = (try arena(a), try arena(b))
        withVariant(variant) {
            var outer = kernels_outer(
                a: left.base, a_row: m, b: right.base, b_row: n, rows: rows, m: m, n: n, c: c.base, c_row: n,
                column_sums: columnSums.base)
            let panels = (n + kernels_panel_width() - 1) / kernels_panel_width()
            let half = (m + 1) / 2
            kernels_accumulate_outer(&outer, 0, half, 0, panels)
            kernels_accumulate_outer(&outer, half, m, 0, panels)
        }
        #expect(largestError(c.array, expected) < 1e-4)
        #expect(largestError(columnSums.array, sums) < 1e-4)
    }

    @Test func `an unknown variant is refused and changes nothing`() {
        let before = kernels_selected()
        #expect(!kernels_select(7))
        #expect(kernels_selected() == before)
    }
}

private enum Layout {
    case plain
    case transposed
}

private func multiply(
    _ a: [Float], _ b: [Float], _ shape: MatrixShape, variant: Int32, layout: Layout = .plain, bias: [Float]? = nil,
    start: [Float]? = nil, finish: Int = KERNELS_PLAIN, activated: [Float]? = nil
) throws -> (c: [Float], activated: [Float]) {
    let (m, k, n) = (shape.rows, shape.inner, shape.columns)
    let c = try Arena(count: m * n)
    let preactivations = try arena(activated ?? [Float](repeating: 0, count: m * n))
    let (left, right) = (try arena(a), try arena(b))
    let (bias, start) = (try bias.map(arena), try start.map(arena))
    try withVariant(variant) {
        let panelWidth = kernels_panel_width()
        let packed = try arena([Float](repeating: .nan, count: kernels_packed_count(k, n)))
        let strides = layout == .plain ? (n, 1) : (1, k)
        kernels_pack(right.base, strides.0, strides.1, k, n, packed.base, 0, (n + panelWidth - 1) / panelWidth)
        var product = kernels_product()
        (product.a, product.a_row, product.a_column) = (FloatPointer(left.base), k, 1)
        (product.packed, product.k, product.n) = (FloatPointer(packed.base), k, n)
        (product.c, product.c_row) = (c.base, n)
        (product.start, product.start_row) = (start.map { FloatPointer($0.base) }, n)
        product.bias = bias.map { FloatPointer($0.base) }
        (product.finish, product.activated, product.activated_row) = (Int32(finish), preactivations.base, n)
        withExtendedLifetime((left, packed, bias, start)) {
            kernels_multiply(&product, 0, m / 3)
            kernels_multiply(&product, m / 3, m)
        }
    }
    return (c.array, preactivations.array)
}
