internal import CKernels

/// One weight matrix as a right-hand operand of k rows and n columns, packed anew for every pass.
struct PackedMatrix {
    let k: Int
    let n: Int
    /// First float of the matrix in the weights, and the distance between its rows (k) and columns (n) there.
    let source: Int
    let rowStride: Int
    let columnStride: Int
    /// Where its packed form lies.
    private let target: Int

    init(k: Int, n: Int, source: Int, rowStride: Int, columnStride: Int, layout: inout PackedLayout) {
        self.k = k
        self.n = n
        self.source = source
        self.rowStride = rowStride
        self.columnStride = columnStride
        target = layout.reserve(k: k, n: n)
    }

    func pack(_ pass: Pass) {
        let panelWidth = kernels_panel_width()
        pass.pool.parallelFor(count: (n + panelWidth - 1) / panelWidth, minimum: max(1, 16_384 / (k * panelWidth))) {
            panels, _ in
            kernels_pack(
                pass.weights + source, rowStride, columnStride, k, n, pass.packed + target, panels.lowerBound,
                panels.upperBound)
        }
    }

    /// Its packed form.
    func packed(_ pass: Pass) -> FloatPointer { FloatPointer(pass.packed + target) }

    /// The product `a * self`, to be completed by the caller; `a` has `k` contiguous floats a row.
    func product(_ a: FloatPointer, to c: MutableFloatPointer, _ pass: Pass) -> kernels_product {
        var product = kernels_product()
        product.a = a
        product.a_row = k
        product.a_column = 1
        product.packed = FloatPointer(pass.packed + target)
        product.k = k
        product.n = n
        product.c = c
        product.c_row = n
        return product
    }
}
