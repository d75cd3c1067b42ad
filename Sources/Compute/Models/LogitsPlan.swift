/// How many rows of logits exist at once, and where each chunk's lie.
struct LogitsPlan {
    /// Floats an arena needs.
    let count: Int
    private let rows: Int
    private let row: Int
    private let lifetime: Lifetime
    private let isBatchKept: Bool

    /// How long logits are of use.
    enum Lifetime {
        /// Until the batch's backward pass, where all of them fit.
        case batch
        /// Until the backward pass of their chunk, which follows at once.
        case chunk
        case forwardPass
    }

    /// For the chunks of `split`, `totalRows` rows together; nothing for a model without a vocabulary at its end.
    init(spec: ModelSpec, split: BatchSplit, totalRows: Int, lifetime: Lifetime, threads: Int) {
        self.lifetime = lifetime
        row = LogitsMemory.row(vocabulary: spec.vocabularySize)
        isBatchKept = lifetime == .batch && totalRows <= LogitsPlan.mostKept / row
        if isBatchKept {
            rows = totalRows
        } else {
            let most = if case .ops = split.sharing { LogitsPlan.mostKept } else { LogitsPlan.mostOfLane }
            rows = min(split.longestChunk, max(most / row, LogitsPlan.fewestRows))
        }
        var lanes = 1
        if !isBatchKept, case .chunks = split.sharing { lanes = threads }
        count = spec.head == .languageModel ? lanes * rows * row : 0
    }

    /// The memory of one chunk, which one lane works on.
    func memory(_ base: MutableFloatPointer, chunk: BatchChunk, lane: Int) -> LogitsMemory {
        if isBatchKept {
            return LogitsMemory(base: base + chunk.start * row, rows: chunk.rows, row: row, isKept: true)
        }
        let isKept = lifetime == .chunk && chunk.rows <= rows
        return LogitsMemory(base: base + lane * rows * row, rows: rows, row: row, isKept: isKept)
    }

    /// 128 MiB: computing the logits of 512 rows of GPT-2's vocabulary twice would cost a tenth of its training step.
    static let mostKept = 32 << 20
    /// 16 MiB.
    private static let mostOfLane = 4 << 20
    /// A panel of weights should serve two tiles.
    private static let fewestRows = 28
}
