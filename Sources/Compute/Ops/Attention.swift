internal import CKernels

/// Causal multi-head attention over packed segments, without its projections.
///
/// Rows of `queryKeyValue` are q | k | v: `heads` query heads, then `keyValueHeads` of each of the others; neighbouring
/// query heads share a key-value head where there are fewer (Ainslie et al., 2023). Only a log-sum-exp per token and head is
/// kept for the backward pass, which recomputes the probabilities.
struct Attention {
    let heads: Int
    let keyValueHeads: Int
    let headWidth: Int
    /// Of the weights after the softmax. The mask is a function of seed, place, row, head and key, so the backward pass
    /// makes it again.
    let dropout: Dropout

    private var width: Int { heads * headWidth }
    /// Floats of a row q | k | v.
    private var rowWidth: Int { width + 2 * keyValueHeads * headWidth }
    /// Query heads that share a key-value head.
    private var groupSize: Int { heads / keyValueHeads }
    private var scale: Float { 1 / Float(headWidth).squareRoot() }

    /// Floats of scratch a lane needs for segments of at most `length` tokens.
    func scratchCount(length: Int) -> Int { kernels_attention_scratch(length, headWidth) }

    /// Overwrites `output` (one row of `heads * headWidth` a token) and `logSums` (`heads` a token).
    func forward(
        _ chunk: BatchChunk, queryKeyValue: FloatPointer, to output: MutableFloatPointer,
        logSums: MutableFloatPointer, _ pass: Pass
    ) {
        forEach(heads, chunk, pass) { segment, head, lane in
            var call = call(segment, head, queryKeyValue, output, logSums)
            call.dropout = mask(chunk, segment, head, pass)
            kernels_attend(&call, pass.scratch[lane])
        }
    }

    /// Overwrites `dQueryKeyValue`; `output` and `logSums` are those of the forward pass.
    func backward(
        _ chunk: BatchChunk, dOutput: FloatPointer, queryKeyValue: FloatPointer, output: MutableFloatPointer,
        logSums: MutableFloatPointer, to dQueryKeyValue: MutableFloatPointer, _ pass: Pass
    ) {
        // One task has all query heads of a key-value head, because their gradients of it are summed.
        forEach(keyValueHeads, chunk, pass) { segment, keyValueHead, lane in
            let dRow = dQueryKeyValue + segment.lowerBound * rowWidth
            let dKey = dRow + width + keyValueHead * headWidth
            for member in 0..<groupSize {
                let head = keyValueHead * groupSize + member
                var call = call(segment, head, queryKeyValue, output, logSums)
                call.adds_to_keys = member > 0
                call.dropout = mask(chunk, segment, head, pass)
                kernels_attend_backward(
                    &call, dOutput + segment.lowerBound * width + head * headWidth, dRow + head * headWidth, dKey,
                    dKey + keyValueHeads * headWidth, pass.scratch[lane])
            }
        }
    }

    /// Calls `body(segment, head, lane)` for `count` heads of every segment.
    private func forEach(_ count: Int, _ chunk: BatchChunk, _ pass: Pass, _ body: (Range<Int>, Int, Int) -> Void) {
        let tasks = chunk.segments.count * count
        // Short segments are too little work for a claim of their own.
        let minimum = max(1, 64 * tasks / max(chunk.rows * heads, 1))
        pass.pool.parallelFor(count: tasks, minimum: minimum) { range, lane in
            for task in range { body(chunk.segments[task / count], task % count, lane) }
        }
    }

    private func call(
        _ segment: Range<Int>, _ head: Int, _ queryKeyValue: FloatPointer, _ output: MutableFloatPointer,
        _ logSums: MutableFloatPointer
    ) -> kernels_attention {
        let row = queryKeyValue + segment.lowerBound * rowWidth
        let key = row + width + head / groupSize * headWidth
        return kernels_attention(
            query: row + head * headWidth, key: key, value: key + keyValueHeads * headWidth, row: rowWidth,
            length: segment.count, size: headWidth, scale: scale,
            output: output + segment.lowerBound * width + head * headWidth, output_row: width,
            log_sum: logSums + segment.lowerBound * heads + head, log_sum_row: heads, adds_to_keys: false,
            dropout: kernels_attention_dropout())
    }

    /// Rows are numbered in the batch, not in the chunk, so that a mask does not depend on how a batch is split.
    private func mask(
        _ chunk: BatchChunk, _ segment: Range<Int>, _ head: Int, _ pass: Pass
    ) -> kernels_attention_dropout {
        guard dropout.isActive(pass) else { return kernels_attention_dropout() }
        return kernels_attention_dropout(
            rate: dropout.rate, seed: dropout.seed(pass),
            first_row: UInt64((chunk.start + segment.lowerBound) * heads + head), row_step: UInt64(heads))
    }
}
