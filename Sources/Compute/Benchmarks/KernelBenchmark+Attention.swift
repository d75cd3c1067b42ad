internal import CKernels

/// Causal attention, forward and backward, of the shared models' batches.
extension KernelBenchmark {
    private struct Shape {
        let name: String
        let sequences: Int
        let length: Int
        let heads: Int
        let size: Int

        var width: Int { heads * size }
        var rows: Int { sequences * length }

        /// Operations of `products` matrix products over the causal half.
        func operations(products: Int) -> Kernel.Work {
            .operations(Double(products) * Double(sequences * heads * size) * Double(length * length))
        }
    }

    static var attentionKernels: [Kernel] {
        [
            Shape(name: "tiny", sequences: 32, length: 128, heads: 4, size: 32),
            Shape(name: "small", sequences: 16, length: 256, heads: 8, size: 32),
            Shape(name: "gpt2", sequences: 2, length: 256, heads: 12, size: 64),
        ].flatMap { [forward($0), backward($0)] }
    }

    private static func forward(_ shape: Shape) -> Kernel {
        Kernel(name: "attention-\(shape.name)", work: shape.operations(products: 2)) { pool throws(ComputeError) in
            let memory = try AttentionMemory(shape: shape, pool)
            return { memory.forEachHead { kernels_attend(&$0.call, $0.scratch) } }
        }
    }

    /// The forward pass it needs is done beforehand.
    private static func backward(_ shape: Shape) -> Kernel {
        Kernel(name: "attention-backward-\(shape.name)", work: shape.operations(products: 5)) {
            pool throws(ComputeError) in
            let memory = try AttentionMemory(shape: shape, pool)
            memory.forEachHead { kernels_attend(&$0.call, $0.scratch) }
            return {
                memory.forEachHead {
                    kernels_attend_backward(
                        &$0.call, $0.dOutput, $0.dQuery, $0.dQuery + shape.width, $0.dQuery + 2 * shape.width,
                        $0.scratch)
                }
            }
        }
    }

    /// One head of one sequence.
    private struct Head {
        var call: kernels_attention
        let dOutput: FloatPointer
        let dQuery: MutableFloatPointer
        let scratch: MutableFloatPointer
    }

    /// Operands of a whole batch.
    private struct AttentionMemory {
        private let shape: Shape
        private let pool: ThreadPool
        private let input: Arena
        private let output: Arena
        private let logSums: Arena
        private let dOutput: Arena
        private let dInput: Arena
        private let scratch: Arena
        private let scratchStride: Int

        init(shape: Shape, _ pool: ThreadPool) throws(ComputeError) {
            self.shape = shape
            self.pool = pool
            input = try operand(shape.rows * 3 * shape.width)
            output = try Arena(count: shape.rows * shape.width)
            logSums = try Arena(count: shape.rows * shape.heads)
            dOutput = try operand(shape.rows * shape.width)
            dInput = try Arena(count: shape.rows * 3 * shape.width)
            scratchStride = kernels_attention_scratch(shape.length, shape.size)
            scratch = try Arena(count: pool.threads * scratchStride)
        }

        func forEachHead(_ body: (inout Head) -> Void) {
            pool.parallelFor(count: shape.sequences * shape.heads, minimum: 1) { tasks, lane in
                for task in tasks {
                    var head = head(task % shape.heads, row: task / shape.heads * shape.length, lane: lane)
                    body(&head)
                }
            }
        }

        private func head(_ head: Int, row: Int, lane: Int) -> Head {
            let width = shape.width
            let query = FloatPointer(input.base) + row * 3 * width + head * shape.size
            var call = kernels_attention()
            call.query = query
            call.key = query + width
            call.value = query + 2 * width
            call.row = 3 * width
            call.length = shape.length
            call.size = shape.size
            call.scale = 1 / Float(shape.size).squareRoot()
            call.output = output.base + row * width + head * shape.size
            call.output_row = width
            call.log_sum = logSums.base + row * shape.heads + head
            call.log_sum_row = shape.heads
            return Head(
                call: call, dOutput: FloatPointer(dOutput.base) + row * width + head * shape.size,
                dQuery: dInput.base + row * 3 * width + head * shape.size,
                scratch: scratch.base + lane * scratchStride)
        }
    }
}
