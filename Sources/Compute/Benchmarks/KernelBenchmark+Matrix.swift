internal import CKernels

/// Matrix products. Letters as in BLAS: N for a row-major operand as it lies, T for its transpose.
extension KernelBenchmark {
    private struct Shape {
        let m: Int
        let n: Int
        let k: Int

        init(_ m: Int, _ n: Int, _ k: Int) {
            self.m = m
            self.n = n
            self.k = k
        }

        var text: String { "\(m)x\(n)x\(k)" }
        var operations: Kernel.Work { .operations(2 * Double(m) * Double(n) * Double(k)) }
    }

    /// What training and decoding of the shared models multiply, M being tokens.
    static var matrixKernels: [Kernel] {
        let forward = [
            Shape(4096, 384, 128), Shape(4096, 512, 128), Shape(4096, 128, 512), Shape(4096, 96, 128),
            Shape(4096, 768, 256), Shape(4096, 256, 1024), Shape(4096, 4096, 256), Shape(512, 768, 768),
            Shape(512, 3072, 768), Shape(512, 768, 3072), Shape(512, 50_304, 768), Shape(32, 1024, 256),
        ]
        let backward = [Shape(4096, 384, 128), Shape(512, 768, 3072)]
        let weights = [Shape(4096, 384, 128), Shape(4096, 4096, 256), Shape(512, 768, 768), Shape(512, 50_304, 768)]
        return forward.map { product("gemm-nt", $0, strides: (1, $0.k)) }
            + backward.map { product("gemm-nn", $0, strides: ($0.n, 1)) }
            + weights.map(weightGradient)
            + [product("linear-gelu", Shape(4096, 512, 128), strides: (512, 1), finish: KERNELS_GELU)]
    }

    /// C[M, N] = A[M, K] B with B packed beforehand, as weights are once an update.
    private static func product(
        _ kind: String, _ shape: Shape, strides: (k: Int, n: Int), finish: Int = KERNELS_PLAIN
    ) -> Kernel {
        Kernel(name: "\(kind)-\(shape.text)", work: shape.operations) { pool throws(ComputeError) in
            let (a, b) = (try operand(shape.m * shape.k), try operand(shape.k * shape.n))
            let packed = try Arena(count: kernels_packed_count(shape.k, shape.n))
            let panelWidth = kernels_panel_width()
            let panels = (shape.n + panelWidth - 1) / panelWidth
            kernels_pack(b.base, strides.k, strides.n, shape.k, shape.n, packed.base, 0, panels)
            let (c, activated, bias) = (
                try Arena(count: shape.m * shape.n), try Arena(count: shape.m * shape.n), try operand(shape.n)
            )
            return {
                var whole = kernels_product()
                whole.a = FloatPointer(a.base)
                whole.a_row = shape.k
                whole.a_column = 1
                whole.packed = FloatPointer(packed.base)
                whole.k = shape.k
                whole.n = shape.n
                whole.c = c.base
                whole.c_row = shape.n
                if finish == KERNELS_GELU {
                    whole.finish = Int32(finish)
                    whole.bias = FloatPointer(bias.base)
                    whole.activated = activated.base
                    whole.activated_row = shape.n
                }
                multiply(whole, rows: shape.m, panels: panels, panelWidth: panelWidth, pool)
            }
        }
    }

    /// Threads share rows as in training, and panels where there are too few rows, as in decoding.
    private static func multiply(
        _ whole: kernels_product, rows: Int, panels: Int, panelWidth: Int, _ pool: ThreadPool
    ) {
        guard rows < 64 else {
            pool.parallelFor(count: rows, minimum: 42) { chunk, _ in
                withUnsafePointer(to: whole) { kernels_multiply($0, chunk.lowerBound, chunk.upperBound) }
            }
            return
        }
        pool.parallelFor(count: panels, minimum: 2) { range, _ in
            let first = range.lowerBound * panelWidth
            var part = whole
            part.packed += first * whole.k
            part.n = min(range.count * panelWidth, whole.n - first)
            part.c += first
            withUnsafePointer(to: part) { kernels_multiply($0, 0, rows) }
        }
    }

    /// C[K, N] += Aᵀ B over M tokens.
    private static func weightGradient(_ shape: Shape) -> Kernel {
        Kernel(name: "gemm-tn-\(shape.text)", work: shape.operations) { pool throws(ComputeError) in
            let (a, b) = (try operand(shape.m * shape.k), try operand(shape.m * shape.n))
            let c = try Arena(count: shape.k * shape.n)
            return {
                var outer = kernels_outer()
                outer.a = FloatPointer(a.base)
                outer.a_row = shape.k
                outer.b = FloatPointer(b.base)
                outer.b_row = shape.n
                outer.rows = shape.m
                outer.m = shape.k
                outer.n = shape.n
                outer.c = c.base
                outer.c_row = shape.n
                accumulateOuter(outer, pool: pool)
            }
        }
    }
}
