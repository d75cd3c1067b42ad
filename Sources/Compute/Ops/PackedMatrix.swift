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

    /// Packs the matrix, plus an adapter's product where there is one, rounded as the pass says.
    func pack(_ pass: Pass, adding sum: LowRankSum? = nil) {
        let panelWidth = kernels_panel_width()
        pass.pool.parallelFor(count: (n + panelWidth - 1) / panelWidth, minimum: max(1, 16_384 / (k * panelWidth))) {
            panels, _ in
            if let sum {
                for panel in panels { pack(panel, of: panelWidth, adding: sum, pass) }
            } else {
                kernels_pack(
                    pass.weights + source, rowStride, columnStride, k, n, pass.packed + target, panels.lowerBound,
                    panels.upperBound)
            }
        }
        pass.round(pass.packed + target, to: pass.formats.weights, count: kernels_packed_count(k, n))
    }

    /// One panel of the sum, which exists nowhere else.
    private func pack(_ panel: Int, of panelWidth: Int, adding sum: LowRankSum, _ pass: Pass) {
        let first = panel * panelWidth
        let columns = min(panelWidth, n - first)
        withUnsafeTemporaryAllocation(of: Float.self, capacity: k * columns) { memory in
            guard let rows = memory.baseAddress else { return }
            sum.add(
                to: pass.weights + source, row: rowStride, column: columnStride, rows: k, columns: columns,
                first: first,
                giving: rows)
            kernels_pack(rows, columns, 1, k, columns, pass.packed + target + panel * k * panelWidth, 0, 1)
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
