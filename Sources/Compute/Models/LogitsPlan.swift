/// How many rows of logits exist at once, and where each chunk's lie.
struct LogitsPlan {
    /// Floats an arena needs.
    let count: Int
    private let rows: Int
    private let row: Int
    private let isKept: Bool

    /// For the chunks of `split`, `totalRows` rows together; nothing for a model without a vocabulary at its end.
    init(spec: ModelSpec, split: BatchSplit, totalRows: Int, retention: ActivationPlan.Retention, threads: Int) {
        row = LogitsMemory.row(vocabulary: spec.vocabularySize)
        isKept = retention == .forBackward && totalRows <= LogitsPlan.mostKept / row
        if isKept {
            rows = totalRows
        } else {
            let most = if case .ops = split.sharing { LogitsPlan.mostKept } else { LogitsPlan.mostOfLane }
            rows = min(split.longestChunk, max(most / row, LogitsPlan.fewestRows))
        }
        var lanes = 1
        if !isKept, case .chunks = split.sharing { lanes = threads }
        count = spec.head == .languageModel ? lanes * rows * row : 0
    }

    /// The memory of one chunk, which one lane works on.
    func memory(_ base: MutableFloatPointer, chunk: BatchChunk, lane: Int) -> LogitsMemory {
        LogitsMemory(
            base: base + (isKept ? chunk.start : lane * rows) * row, rows: isKept ? chunk.rows : rows, row: row,
            isKept: isKept)
    }

    /// 128 MiB: computing the logits of 512 rows of GPT-2's vocabulary twice would cost a tenth of its training step.
    private static let mostKept = 32 << 20
    /// 16 MiB.
    private static let mostOfLane = 4 << 20
    /// A panel of weights should serve two tiles.
    private static let fewestRows = 28
}
