/// One call of `Generator.generate` under way: rows in slots, what they have drawn, and the pass that serves them.
///
/// A step makes room for the running rows' next position, admits waiting rows, runs all of them in one pass, then draws
/// a token for each. A row's generator is made of the seed and the row's own number, and a pass gives each row the same
/// bits in any company, so an answer depends on neither the slots, nor the other prompts, nor the memory.
struct GenerationRun {
    private let prompts: [[Int32]]
    private let limits: [Int]
    private let options: GenerationOptions
    /// Never drawn.
    private let withoutText: [Int32]
    private let seed: UInt64
    private let spec: ModelSpec
    private let pass: DecodePass
    private let cache: KeyValueCache
    private let pool: ThreadPool
    private var schedule: GenerationSchedule
    /// What runs in each slot.
    private var running: [AnswerRow?]
    /// Rows that wait to go on where they had to leave.
    private var interrupted: [Int: AnswerRow] = [:]
    private var batch = DecodeBatch()
    private var draws: [Draw] = []
    private var samplers: [TokenSampler]
    private var finished: [GeneratedSequence?]
    /// Tokens drawn so far over all rows.
    private(set) var tokensDone = 0

    /// A draw that a step owes to a slot.
    private struct Draw {
        let slot: Int
        /// Sequence of the batch after which the logits are.
        let sequence: Int
        var uniform = 0.0
        var rules = DrawRules()
        var outcome: DrawnToken?
    }

    init(
        prompts: [[Int32]], limits: [Int], options: GenerationOptions, seed: UInt64, spec: ModelSpec, pass: DecodePass,
        pool: ThreadPool, withoutText: [Int32],
    ) {
        self.prompts = prompts
        self.limits = limits
        self.options = options
        self.withoutText = withoutText
        // Row seeds differ by multiples of a number that is not splitmix64's step: their sequences do not overlap.
        var mixer = SeededGenerator(seed: seed)
        self.seed = mixer.next()
        self.spec = spec
        self.pass = pass
        self.pool = pool
        cache = pass.cache
        schedule = GenerationSchedule(
            prompts: prompts.count, samplesPerPrompt: options.samplesPerPrompt, slots: cache.slots)
        running = Array(repeating: nil, count: cache.slots)
        samplers = Array(repeating: TokenSampler(options.sampling), count: pool.threads)
        finished = Array(repeating: nil, count: prompts.count * options.samplesPerPrompt)
    }

    /// True when every answer is complete.
    var isFinished: Bool { schedule.isFinished }

    /// The answers, by prompt, then sample.
    var answers: [GeneratedSequence] { finished.compactMap { $0 } }

    /// One pass and one token for every row that takes part.
    mutating func step() throws(ComputeError) {
        batch.removeAll()
        draws.removeAll(keepingCapacity: true)
        let hasRoom = try appendRunningRows()
        if hasRoom { try admitRows() }
        endAdmissions()
        pass.run(batch)
        prepareDraws()
        choose()
        for draw in draws { try record(draw) }
    }
}

// MARK: - Before the pass

extension GenerationRun {
    /// The last token of every running row, the oldest row first; false when rows had to leave for want of pages.
    private mutating func appendRunningRows() throws(ComputeError) -> Bool {
        var hasRoom = true
        var index = 0
        while index < schedule.running.count {
            let slot = schedule.running[index].slot
            guard let row = running[slot], let token = row.tokens.last else {
                preconditionFailure("A running row has drawn a token in the step it entered.")
            }
            let position = prompts[row.promptIndex].count + row.tokens.count - 1
            if try cache.reserve(slot: slot, positions: position..<position + 1) {
                draws.append(Draw(slot: slot, sequence: batch.append(CollectionOfOne(token), at: position, slot: slot)))
                index += 1
            } else if schedule.keptPrompt != nil {
                dropKept()
            } else {
                // The oldest row always stays: alone it has room.
                hasRoom = false
                precondition(schedule.running.count > 1, "The cache holds at least one whole row.")
                interruptLast()
            }
        }
        return hasRoom
    }

    private mutating func dropKept() {
        schedule.dropKept()
        cache.release(slot: cache.spare)
    }

    private mutating func interruptLast() {
        guard let slot = schedule.interruptLast(), let row = running[slot] else { return }
        interrupted[row.number] = row
        running[slot] = nil
        cache.release(slot: slot)
    }

    /// Lets waiting rows in while there are slots and pages for them.
    private mutating func admitRows() throws(ComputeError) {
        while let admission = schedule.candidate {
            let promptIndex = admission.row / options.samplesPerPrompt
            let row = interrupted[admission.row] ?? makeRow(admission.row, promptIndex: promptIndex)
            guard let sequence = try appendFirstRows(of: row, admission) else {
                // With nobody running, only a kept prompt can be in the way.
                guard schedule.running.isEmpty, schedule.keptPrompt != nil else { return }
                dropKept()
                continue
            }
            schedule.admit(admission)
            interrupted[admission.row] = nil
            running[admission.slot] = row
            draws.append(Draw(slot: admission.slot, sequence: sequence))
        }
    }

    /// Gives an entering row its pages and answers the sequence of the batch that it draws after; nil when there are too
    /// few pages for it and for one more of every running row, which may want it in the next step.
    private mutating func appendFirstRows(
        of row: AnswerRow, _ admission: GenerationSchedule.Admission
    ) throws(ComputeError) -> Int? {
        let prompt = prompts[row.promptIndex]
        let free = cache.ledger.available - schedule.running.count
        switch admission.source {
        case .computed:
            let tokens = prompt + row.tokens
            guard schedule.running.isEmpty || cache.layout.pages(for: tokens.count + 1) <= free,
                try cache.reserve(slot: admission.slot, positions: 0..<tokens.count)
            else { return nil }
            return batch.append(tokens, at: 0, slot: admission.slot)
        case .slot(let source):
            guard free > 0 else { return nil }
            cache.share(positions: prompt.count, from: source, to: admission.slot)
            return draws.last?.sequence
        case .kept:
            guard free > 1 else { return nil }
            cache.share(positions: prompt.count, from: cache.spare, to: admission.slot)
            guard try cache.reserve(slot: admission.slot, positions: prompt.count - 1..<prompt.count) else {
                cache.release(slot: admission.slot)
                return nil
            }
            return batch.append(prompt.suffix(1), at: prompt.count - 1, slot: admission.slot)
        }
    }

    private func makeRow(_ number: Int, promptIndex: Int) -> AnswerRow {
        AnswerRow(
            number: number, promptIndex: promptIndex,
            limit: min(limits[promptIndex], spec.generationContext - prompts[promptIndex].count),
            generator: SeededGenerator(seed: seed &+ UInt64(number) &* 0xD134_2543_DE82_EF95),
            repeated: options.repetitionPenalty == 1 ? nil : TokenSet(prompts[promptIndex], of: spec.vocabularySize))
    }

    private mutating func endAdmissions() {
        switch schedule.endStep() {
        case .unchanged: break
        case .empty: cache.release(slot: cache.spare)
        case .from(let slot):
            guard let row = running[slot] else { return }
            cache.release(slot: cache.spare)
            cache.share(positions: prompts[row.promptIndex].count, from: slot, to: cache.spare)
        }
    }
}

// MARK: - After the pass

extension GenerationRun {
    /// Gives each draw its random number and what changes its row.
    private mutating func prepareDraws() {
        for index in draws.indices {
            let slot = draws[index].slot
            guard let count = running[slot]?.tokens.count else { continue }
            draws[index].uniform = Double((running[slot]?.generator.next() ?? 0) >> 11) * 0x1p-53
            draws[index].rules.excluded =
                count < options.minNewTokens ? options.stopTokens + withoutText : withoutText
            if let repeated = running[slot]?.repeated {
                draws[index].rules.repetitionPenalty = options.repetitionPenalty
                draws[index].rules.repeated = repeated.tokens
            }
        }
    }

    private mutating func choose() {
        let pass = pass
        draws.withUnsafeMutableBufferPointer { draws in
            samplers.withUnsafeMutableBufferPointer { samplers in
                pool.parallelFor(count: draws.count, minimum: 2) { range, lane in
                    // SAFETY: each draw is in one range, and a lane, with its sampler, belongs to one thread at a time.
                    for index in range {
                        let logits = pass.logits(sequence: draws[index].sequence)
                        draws[index].outcome = samplers[lane].choose(
                            from: logits, by: draws[index].rules, uniform: draws[index].uniform)
                    }
                }
            }
        }
    }

    /// Adds a drawn token to its row and frees the slot when the answer ends.
    private mutating func record(_ draw: Draw) throws(ComputeError) {
        guard let outcome = draw.outcome else {
            throw ComputeError.notFinite(
                "The model's output for prompt \(running[draw.slot]?.promptIndex ?? 0)",
                hint: "The weights are broken; load the last checkpoint.")
        }
        running[draw.slot]?.append(outcome, entropy: options.entropy)
        tokensDone += 1
        let isStopped = options.stopTokens.contains(outcome.token)
        guard let row = running[draw.slot], isStopped || row.tokens.count == row.limit else { return }
        finished[row.number] = row.answer(finish: isStopped ? .stop : .length)
        running[draw.slot] = nil
        cache.release(slot: draw.slot)
        schedule.finish(slot: draw.slot)
    }
}
