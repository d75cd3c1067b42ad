/// Decides which answer occupies which slot: a pure state machine, so that refilling is tested without a model.
///
/// Rows are answers in order of prompt, then sample. Free slots take the next rows; the first sample of a prompt brings
/// the prompt's tokens, the others copy its keys and values from that slot, or, when they enter in a later round, from
/// the one spare place where they were kept. Prompts enter in order, so at most one of them is ever kept.
struct GenerationSchedule {
    /// Where a row that enters gets its prompt's keys and values.
    enum Source: Equatable {
        /// Computed now, in its own slot.
        case prompt
        /// Copied after the pass from the slot that computes them now.
        case slot(Int)
        /// Copied from the spare place.
        case kept
    }

    struct Admission: Equatable {
        let slot: Int
        let row: Int
        let source: Source
    }

    /// Rows that enter together.
    struct Round: Equatable {
        var admissions: [Admission] = []
        /// The slot whose prompt is to be kept after the pass, because more of its samples come later.
        var keptFrom: Int?
    }

    private let rows: Int
    private let samplesPerPrompt: Int
    /// Free slots, the lowest last.
    private var free: [Int]
    private var nextRow = 0
    private var running = 0

    init(prompts: Int, samplesPerPrompt: Int, slots: Int) {
        rows = prompts * samplesPerPrompt
        self.samplesPerPrompt = samplesPerPrompt
        free = Array((0..<slots).reversed())
    }

    /// True when every row has entered and left.
    var isFinished: Bool { nextRow == rows && running == 0 }

    /// Lets waiting rows into free slots.
    mutating func admit() -> Round {
        var round = Round()
        var origin: Int?
        while nextRow < rows, let slot = free.popLast() {
            let source: Source
            if nextRow % samplesPerPrompt == 0 {
                source = .prompt
                origin = slot
            } else {
                source = origin.map(Source.slot) ?? .kept
            }
            round.admissions.append(Admission(slot: slot, row: nextRow, source: source))
            nextRow += 1
            running += 1
        }
        if nextRow % samplesPerPrompt != 0 { round.keptFrom = origin }
        return round
    }

    /// Frees the slot of a finished row.
    mutating func release(_ slot: Int) {
        free.append(slot)
        running -= 1
    }
}
