internal import CKernels

/// Causal multi-head attention over packed segments, without its projections.
///
/// Rows of `queryKeyValue` are q | k | v, each `heads * headWidth` floats. Only a log-sum-exp per token and head is
/// kept for the backward pass, which recomputes the probabilities.
struct Attention {
    let heads: Int
    let headWidth: Int

    private var width: Int { heads * headWidth }
    private var scale: Float { 1 / Float(headWidth).squareRoot() }

    /// Floats of scratch a lane needs for segments of at most `length` tokens.
    func scratchCount(length: Int) -> Int { kernels_attention_scratch(length, headWidth) }

    /// Overwrites `output` (one row of `heads * headWidth` a token) and `logSums` (`heads` a token).
    func forward(
        _ chunk: BatchChunk, queryKeyValue: FloatPointer, to output: MutableFloatPointer,
        logSums: MutableFloatPointer, _ pass: Pass
    ) {
        forEachHead(chunk, pass) { segment, head, lane in
            var call = call(segment, head, queryKeyValue, output, logSums)
            kernels_attend(&call, pass.scratch[lane])
        }
    }

    /// Overwrites `dQueryKeyValue`; `output` and `logSums` are those of the forward pass.
    func backward(
        _ chunk: BatchChunk, dOutput: FloatPointer, queryKeyValue: FloatPointer, output: MutableFloatPointer,
        logSums: MutableFloatPointer, to dQueryKeyValue: MutableFloatPointer, _ pass: Pass
    ) {
        forEachHead(chunk, pass) { segment, head, lane in
            var call = call(segment, head, queryKeyValue, output, logSums)
            let dQuery = dQueryKeyValue + segment.lowerBound * 3 * width + head * headWidth
            kernels_attend_backward(
                &call, dOutput + segment.lowerBound * width + head * headWidth, dQuery, dQuery + width,
                dQuery + 2 * width, pass.scratch[lane])
        }
    }

    private func forEachHead(_ chunk: BatchChunk, _ pass: Pass, _ body: (Range<Int>, Int, Int) -> Void) {
        let tasks = chunk.segments.count * heads
        // Short segments are too little work for a claim of their own.
        let minimum = max(1, 64 * tasks / max(chunk.rows * heads, 1))
        pass.pool.parallelFor(count: tasks, minimum: minimum) { range, lane in
            for task in range { body(chunk.segments[task / heads], task % heads, lane) }
        }
    }

    private func call(
        _ segment: Range<Int>, _ head: Int, _ queryKeyValue: FloatPointer, _ output: MutableFloatPointer,
        _ logSums: MutableFloatPointer
    ) -> kernels_attention {
        let query = queryKeyValue + segment.lowerBound * 3 * width + head * headWidth
        return kernels_attention(
            query: query, key: query + width, value: query + 2 * width, row: 3 * width, length: segment.count,
            size: headWidth, scale: scale, output: output + segment.lowerBound * width + head * headWidth,
            output_row: width, log_sum: logSums + segment.lowerBound * heads + head, log_sum_row: heads)
    }
}
