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

    func pack(_ pass: Pass) {
        guard let target else { return }
        let panelWidth = kernels_panel_width()
        pass.pool.parallelFor(count: (n + panelWidth - 1) / panelWidth, minimum: max(1, 16_384 / (k * panelWidth))) {
            panels, _ in
            kernels_pack(
                pass.weights + source, rowStride, columnStride, k, n, pass.packed + target, panels.lowerBound,
                panels.upperBound)
        }
    }

    /// The product `a * self`, to be completed by the caller and handed to `run`; `a` has `k` contiguous floats a row.
    func product(_ a: FloatPointer, to c: MutableFloatPointer, _ pass: Pass) -> kernels_product {
        var product = kernels_product()
        product.a = a
        product.a_row = k
        product.a_column = 1
        product.packed = target.map { FloatPointer(pass.packed + $0) }
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
            let operand = kernels_operand(at: pass.weights + source, k_stride: rowStride, n_stride: columnStride)
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
