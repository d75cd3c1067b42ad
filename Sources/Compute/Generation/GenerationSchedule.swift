/// Decides which answer occupies which slot: a pure state machine, so that refilling is tested without a model.
///
/// Rows are answers in order of prompt, then sample, and the lowest waiting row is always the next to enter. The first
/// sample of a prompt computes the prompt; the others use its pages, from the slot that computes them in the same
/// step or from the one spare place where they wait. Fresh rows enter in order, so at most one prompt ever waits.
/// A row that must leave before it is finished, because pages ran out, waits again and computes what it had anew.
struct GenerationSchedule {
    /// Where a row that enters gets its keys and values.
    enum Source: Equatable {
        /// Computed now: the prompt, and what the row had written before it had to leave.
        case computed
        /// The pages of the slot that computes the same prompt in this step.
        case slot(Int)
        /// The pages of the spare place; the prompt's last token is computed again for its logits.
        case kept
    }

    struct Admission: Equatable {
        let slot: Int
        let row: Int
        let source: Source
    }

    private let rows: Int
    private let samplesPerPrompt: Int
    /// Free slots, the lowest last.
    private var free: [Int]
    /// Running rows with their slots, the lowest row first.
    private(set) var running: [(row: Int, slot: Int)] = []
    /// Rows that had to leave, the lowest last.
    private var interrupted: [Int] = []
    private var nextRow = 0
    /// The slot that computes the prompt of the next fresh row in this step.
    private var origin: Int?
    /// The prompt in the spare place.
    private(set) var keptPrompt: Int?

    init(prompts: Int, samplesPerPrompt: Int, slots: Int) {
        rows = prompts * samplesPerPrompt
        self.samplesPerPrompt = samplesPerPrompt
        free = Array((0..<slots).reversed())
    }

    /// True when every row has entered and left for good.
    var isFinished: Bool { nextRow == rows && running.isEmpty && interrupted.isEmpty }

    /// The next row that could enter; nil when no slot is free or no row waits.
    var candidate: Admission? {
        guard let slot = free.last else { return nil }
        if let row = interrupted.last { return Admission(slot: slot, row: row, source: .computed) }
        guard nextRow < rows else { return nil }
        if let origin { return Admission(slot: slot, row: nextRow, source: .slot(origin)) }
        let isKept = keptPrompt == nextRow / samplesPerPrompt
        return Admission(slot: slot, row: nextRow, source: isKept ? .kept : .computed)
    }

    /// Lets the candidate in.
    mutating func admit(_ admission: Admission) {
        precondition(admission == candidate, "Rows enter in order.")
        free.removeLast()
        if !interrupted.isEmpty {
            interrupted.removeLast()
        } else {
            if admission.source == .computed { origin = admission.slot }
            nextRow += 1
            if nextRow % samplesPerPrompt == 0 { origin = nil }
        }
        let place = running.firstIndex { $0.row > admission.row } ?? running.endIndex
        running.insert((admission.row, admission.slot), at: place)
    }

    /// What becomes of the spare place when no more rows enter in a step.
    enum Keeping: Equatable {
        case unchanged
        /// The prompt in it is of no more use.
        case empty
        /// It takes the prompt of this slot, because more samples of it come later.
        case from(Int)
    }

    /// Ends the admissions of a step.
    mutating func endStep() -> Keeping {
        defer { origin = nil }
        if let origin {
            keptPrompt = nextRow / samplesPerPrompt
            return .from(origin)
        }
        let isNeeded = nextRow < rows && nextRow % samplesPerPrompt != 0 && keptPrompt == nextRow / samplesPerPrompt
        guard keptPrompt != nil, !isNeeded else { return .unchanged }
        keptPrompt = nil
        return .empty
    }

    /// Gives the spare place up; the next sample of its prompt computes the prompt anew.
    mutating func dropKept() {
        keptPrompt = nil
    }

    /// Frees the slot of a finished row.
    mutating func finish(slot: Int) {
        _ = leave(slot: slot)
    }

    /// Sends the highest running row back to wait and answers its slot.
    mutating func interruptLast() -> Int? {
        guard let (row, slot) = running.last else { return nil }
        _ = leave(slot: slot)
        let place = interrupted.firstIndex { $0 < row } ?? interrupted.endIndex
        interrupted.insert(row, at: place)
        return slot
    }

    private mutating func leave(slot: Int) -> Int? {
        guard let index = running.firstIndex(where: { $0.slot == slot }) else { return nil }
        free.append(slot)
        return running.remove(at: index).row
    }
}
