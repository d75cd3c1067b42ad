internal import CKernels

/// One weight matrix as a right-hand operand of k rows and n columns.
///
/// Its packed form is made once for each change of the weights; where a model keeps none, each product packs the
/// panels it reads on its way, with the same result to the bit.
struct PackedMatrix {
    let k: Int
    let n: Int
    /// First float of the matrix in the weights, and the distance between its rows (k) and columns (n) there.
    let source: Int
    let rowStride: Int
    let columnStride: Int
    /// Where its packed form lies; nil where none is kept.
    private let target: Int?

    init(k: Int, n: Int, source: Int, rowStride: Int, columnStride: Int, layout: inout PackedLayout) {
        self.k = k
        self.n = n
        self.source = source
        self.rowStride = rowStride
        self.columnStride = columnStride
        target = layout.reserve(k: k, n: n)
    }

    /// Packs the matrix, plus an adapter's product where there is one, rounded as the pass says; nothing where no packed
    /// form is kept.
    func pack(_ pass: Pass, adding sum: LowRankSum? = nil) {
        guard let target else { return }
        let panelWidth = kernels_panel_width()
        pass.pool.parallelFor(count: (n + panelWidth - 1) / panelWidth, minimum: max(1, 16_384 / (k * panelWidth))) {
            panels, _ in
            if let sum {
                for panel in panels { pack(panel, of: panelWidth, adding: sum, to: pass.packed + target, pass) }
            } else {
                kernels_pack(
                    pass.weights + source, rowStride, columnStride, k, n, pass.packed + target, panels.lowerBound,
                    panels.upperBound)
            }
        }
        pass.round(pass.packed + target, to: pass.formats.weights, count: kernels_packed_count(k, n))
    }

    /// One panel of the sum, which exists nowhere else.
    private func pack(
        _ panel: Int, of panelWidth: Int, adding sum: LowRankSum, to target: MutableFloatPointer, _ pass: Pass
    ) {
        let first = panel * panelWidth
        let columns = min(panelWidth, n - first)
        withUnsafeTemporaryAllocation(of: Float.self, capacity: k * columns) { memory in
            guard let rows = memory.baseAddress else { return }
            sum.add(
                to: pass.weights + source, row: rowStride, column: columnStride, rows: k, columns: columns,
                first: first, giving: rows)
            kernels_pack(rows, columns, 1, k, columns, target + panel * k * panelWidth, 0, 1)
        }
    }

    /// Its packed form; nil where none is kept.
    func packed(_ pass: Pass) -> FloatPointer? { target.map { FloatPointer(pass.packed + $0) } }

    /// The matrix where it lies in the weights.
    func operand(_ pass: Pass) -> kernels_operand {
        kernels_operand(at: pass.weights + source, k_stride: rowStride, n_stride: columnStride)
    }

    /// The product `a * self`, to be completed by the caller and handed to `run`; `a` has `k` contiguous floats a row.
    func product(_ a: FloatPointer, to c: MutableFloatPointer, _ pass: Pass) -> kernels_product {
        var product = kernels_product()
        product.a = a
        product.a_row = k
        product.a_column = 1
        product.packed = packed(pass)
        product.k = k
        product.n = n
        product.c = c
        product.c_row = n
        return product
    }

    /// Runs a product over the pool, in shares of its rows or of its columns.
    func run(_ product: kernels_product, rows: Int, _ pass: Pass) {
        let panelWidth = kernels_panel_width(), panels = (n + panelWidth - 1) / panelWidth, pool = pass.pool
        if target == nil {
            // Cut by columns: a panel that was packed on the way then serves all rows.
            let operand = operand(pass)
            pool.parallelFor(count: panels, minimum: 2) { range, _ in
                withUnsafePointer(to: product) { product in
                    withUnsafePointer(to: operand) {
                        kernels_multiply_unpacked(product, $0, 0, rows, range.lowerBound, range.upperBound)
                    }
                }
            }
            return
        }
        // Every share reads all of the other operand, so the larger one is cut.
        let isCutByColumns = n > rows && panels >= 2 * pool.threads
        pool.parallelFor(count: isCutByColumns ? panels : rows, minimum: isCutByColumns ? 2 : 42) { range, _ in
            withUnsafePointer(to: product) {
                if isCutByColumns {
                    kernels_multiply_panels($0, 0, rows, range.lowerBound, range.upperBound)
                } else {
                    kernels_multiply($0, range.lowerBound, range.upperBound)
                }
            }
        }
    }
}
