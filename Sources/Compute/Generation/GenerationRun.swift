/// One call of `Generator.generate` under way: rows in slots, what they have drawn, and the pass that serves them.
///
/// A step admits waiting rows, runs their prompts and one token of every running row in one pass, then draws a token
/// for each. A row's generator is made of the seed and the row's own number, and a pass gives each row the same bits in
/// any company, so an answer depends on neither the slots nor the other prompts.
struct GenerationRun {
    private let prompts: [[Int32]]
    private let options: GenerationOptions
    private let seed: UInt64
    private let contextLength: Int
    private let pass: DecodePass
    private let pool: ThreadPool
    private var schedule: GenerationSchedule
    /// What runs in each slot.
    private var running: [Row?]
    private var batch = DecodeBatch()
    private var samplers: [TokenSampler]
    /// Logits after the prompt that is kept in the cache's spare place.
    private var keptLogits: [Float] = []
    private var finished: [GeneratedSequence?]
    /// Tokens drawn so far over all rows.
    private(set) var tokensDone = 0

    /// An answer that is being written.
    private struct Row {
        let number: Int
        let promptIndex: Int
        let limit: Int
        var generator: SeededGenerator
        var tokens: [Int32] = []
        var logProbabilities: [Float] = []

        mutating func append(_ outcome: (token: Int32, logProbability: Float)) {
            tokens.append(outcome.token)
            logProbabilities.append(outcome.logProbability)
        }
    }

    /// A draw that a step owes to a slot.
    private struct Draw {
        let slot: Int
        /// Row of the pass's logits, or nil for the kept ones.
        let logitsRow: Int?
        let uniform: Double
        let excluded: [Int32]
        var outcome: (token: Int32, logProbability: Float)?
    }

    init(
        prompts: [[Int32]], options: GenerationOptions, seed: UInt64, spec: ModelSpec, pass: DecodePass,
        pool: ThreadPool,
    ) {
        self.prompts = prompts
        self.options = options
        // Row seeds differ by multiples of a number that is not splitmix64's step: their sequences do not overlap.
        var mixer = SeededGenerator(seed: seed)
        self.seed = mixer.next()
        contextLength = spec.contextLength
        self.pass = pass
        self.pool = pool
        let slots = pass.cache.slots
        schedule = GenerationSchedule(prompts: prompts.count, samplesPerPrompt: options.samplesPerPrompt, slots: slots)
        running = Array(repeating: nil, count: slots)
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
        var logitsRows = appendRunningRows()
        let round = schedule.admit()
        logitsRows += enter(round)
        pass.run(batch)
        copyPrompts(round)
        var draws = logitsRows.compactMap { makeDraw(slot: $0.slot, logitsRow: $0.logitsRow) }
        choose(&draws)
        keepPrompt(round, logitsRows: logitsRows)
        for draw in draws { try record(draw) }
    }
}

// MARK: - Before the pass

extension GenerationRun {
    /// The last token of every running row; answers the slots with their logits rows.
    private mutating func appendRunningRows() -> [(slot: Int, logitsRow: Int?)] {
        var logitsRows: [(slot: Int, logitsRow: Int?)] = []
        for (slot, row) in running.enumerated() {
            guard let row, let token = row.tokens.last else { continue }
            let position = prompts[row.promptIndex].count + row.tokens.count - 1
            logitsRows.append((slot, batch.append(CollectionOfOne(token), at: position, slot: slot)))
        }
        return logitsRows
    }

    /// Starts the rows of a round; a prompt's tokens join the batch once.
    private mutating func enter(_ round: GenerationSchedule.Round) -> [(slot: Int, logitsRow: Int?)] {
        var logitsRows: [(slot: Int, logitsRow: Int?)] = []
        var computed: [Int: Int] = [:]
        for admission in round.admissions {
            let promptIndex = admission.row / options.samplesPerPrompt
            let prompt = prompts[promptIndex]
            running[admission.slot] = Row(
                number: admission.row, promptIndex: promptIndex,
                limit: min(options.maxNewTokens, contextLength - prompt.count),
                generator: SeededGenerator(seed: seed &+ UInt64(admission.row) &* 0xD134_2543_DE82_EF95))
            switch admission.source {
            case .prompt:
                let logitsRow = batch.append(prompt, at: 0, slot: admission.slot)
                computed[admission.slot] = logitsRow
                logitsRows.append((admission.slot, logitsRow))
            case .slot(let source): logitsRows.append((admission.slot, computed[source]))
            case .kept: logitsRows.append((admission.slot, nil))
            }
        }
        return logitsRows
    }
}

// MARK: - After the pass

extension GenerationRun {
    /// Gives rows that share a prompt their copy of its keys and values.
    private func copyPrompts(_ round: GenerationSchedule.Round) {
        for admission in round.admissions {
            let length = prompts[admission.row / options.samplesPerPrompt].count
            switch admission.source {
            case .prompt: break
            case .slot(let source): pass.cache.copy(positions: length, from: source, to: admission.slot)
            case .kept: pass.cache.copy(positions: length, from: pass.cache.spare, to: admission.slot)
            }
        }
    }

    /// Keeps a prompt whose other samples come later; after the draws, which may still need the one kept before it.
    private mutating func keepPrompt(_ round: GenerationSchedule.Round, logitsRows: [(slot: Int, logitsRow: Int?)]) {
        guard let slot = round.keptFrom, let row = running[slot],
            let logitsRow = logitsRows.first(where: { $0.slot == slot })?.logitsRow
        else { return }
        pass.cache.copy(positions: prompts[row.promptIndex].count, from: slot, to: pass.cache.spare)
        keptLogits = Array(pass.logits(row: logitsRow))
    }

    private mutating func makeDraw(slot: Int, logitsRow: Int?) -> Draw? {
        guard let row = running[slot] else { return nil }
        let uniform = Double((running[slot]?.generator.next() ?? 0) >> 11) * 0x1p-53
        let excluded = row.tokens.count < options.minNewTokens ? options.stopTokens : []
        return Draw(slot: slot, logitsRow: logitsRow, uniform: uniform, excluded: excluded)
    }

    private mutating func choose(_ draws: inout [Draw]) {
        let (pass, kept) = (pass, keptLogits)
        draws.withUnsafeMutableBufferPointer { draws in
            samplers.withUnsafeMutableBufferPointer { samplers in
                pool.parallelFor(count: draws.count, minimum: 16) { range, lane in
                    // SAFETY: each draw is in one range, and a lane, with its sampler, belongs to one thread at a time.
                    for index in range { Self.choose(&draws[index], with: &samplers[lane], pass: pass, kept: kept) }
                }
            }
        }
    }

    private static func choose(_ draw: inout Draw, with sampler: inout TokenSampler, pass: DecodePass, kept: [Float]) {
        let (excluded, uniform) = (draw.excluded, draw.uniform)
        if let row = draw.logitsRow {
            draw.outcome = sampler.choose(from: pass.logits(row: row), excluding: excluded, uniform: uniform)
        } else {
            draw.outcome = kept.withUnsafeBufferPointer {
                sampler.choose(from: $0, excluding: excluded, uniform: uniform)
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
        running[draw.slot]?.append(outcome)
        tokensDone += 1
        let isStopped = options.stopTokens.contains(outcome.token)
        guard let row = running[draw.slot], isStopped || row.tokens.count == row.limit else { return }
        finished[row.number] = GeneratedSequence(
            promptIndex: row.promptIndex, tokens: row.tokens, logProbabilities: row.logProbabilities,
            finish: isStopped ? .stop : .length)
        running[draw.slot] = nil
        schedule.release(draw.slot)
    }
}
