import Testing

@testable import Compute

private typealias Admission = GenerationSchedule.Admission

extension GenerationSchedule {
    /// Lets in whoever can enter, then ends the step.
    fileprivate mutating func fill() -> (admissions: [Admission], keeping: Keeping) {
        var admissions: [Admission] = []
        while let candidate {
            admit(candidate)
            admissions.append(candidate)
        }
        return (admissions, endStep())
    }
}

@Suite struct `Generation schedule` {
    @Test func `rows enter in order, and a waiting row takes the slot of a finished one`() {
        var schedule = GenerationSchedule(prompts: 4, samplesPerPrompt: 1, slots: 2)
        #expect(
            schedule.fill().admissions == [
                Admission(slot: 0, row: 0, source: .computed), Admission(slot: 1, row: 1, source: .computed),
            ])
        #expect(schedule.candidate == nil)
        schedule.finish(slot: 1)
        #expect(schedule.fill().admissions == [Admission(slot: 1, row: 2, source: .computed)])
        schedule.finish(slot: 0)
        schedule.finish(slot: 1)
        #expect(schedule.fill().admissions == [Admission(slot: 1, row: 3, source: .computed)])
        #expect(!schedule.isFinished)
        schedule.finish(slot: 1)
        #expect(schedule.isFinished)
    }

    @Test func `samples that enter together share the prompt of the first of them`() {
        var schedule = GenerationSchedule(prompts: 2, samplesPerPrompt: 2, slots: 4)
        let step = schedule.fill()
        #expect(step.admissions.map(\.source) == [.computed, .slot(0), .computed, .slot(2)])
        #expect(step.keeping == .unchanged)
    }

    @Test func `samples that come later use the kept prompt`() {
        var schedule = GenerationSchedule(prompts: 2, samplesPerPrompt: 3, slots: 2)
        let first = schedule.fill()
        #expect(first.admissions.map(\.source) == [.computed, .slot(0)])
        #expect(first.keeping == .from(0))
        schedule.finish(slot: 0)
        schedule.finish(slot: 1)
        // The last sample of prompt 0 and the first of prompt 1 enter together; now prompt 1 is kept.
        let second = schedule.fill()
        #expect(second.admissions.map(\.source) == [.kept, .computed])
        #expect(second.keeping == .from(second.admissions[1].slot))
        schedule.finish(slot: 0)
        schedule.finish(slot: 1)
        let third = schedule.fill()
        #expect(third.admissions.map(\.source) == [.kept, .kept])
        #expect(third.keeping == .empty)
    }

    @Test func `a kept prompt that was given up is computed again`() {
        var schedule = GenerationSchedule(prompts: 1, samplesPerPrompt: 3, slots: 1)
        #expect(schedule.fill().keeping == .from(0))
        schedule.dropKept()
        schedule.finish(slot: 0)
        let second = schedule.fill()
        #expect(second.admissions.map(\.source) == [.computed])
        #expect(second.keeping == .from(0))
    }

    @Test func `a row that had to leave is the next to enter and computes what it had`() {
        var schedule = GenerationSchedule(prompts: 4, samplesPerPrompt: 1, slots: 3)
        _ = schedule.fill()
        #expect(schedule.interruptLast() == 2)
        #expect(schedule.interruptLast() == 1)
        #expect(schedule.running.map(\.row) == [0])
        schedule.finish(slot: 0)
        let step = schedule.fill()
        #expect(step.admissions.map(\.row) == [1, 2, 3])
        #expect(step.admissions.map(\.source) == [.computed, .computed, .computed])
    }

    @Test func `nothing to do is finished at once`() {
        #expect(GenerationSchedule(prompts: 0, samplesPerPrompt: 4, slots: 2).isFinished)
    }

    @Test(arguments: [1, 2, 3, 7], [1, 2, 3, 4, 9])
    func `every row enters and takes its keys from where its prompt is, whoever ends or leaves`(
        slots: Int, samples: Int
    ) {
        var random = SeededGenerator(seed: UInt64(100 * slots + samples))
        for prompts in 0...7 {
            var walk = Walk(prompts: prompts, samples: samples, slots: slots)
            while !walk.schedule.isFinished { walk.step(&random) }
            #expect(walk.finished.sorted() == Array(0..<prompts * samples))
        }
    }
}

/// A schedule under way, with the prompt that each place holds.
private struct Walk {
    var schedule: GenerationSchedule
    var finished: [Int] = []
    private let samples: Int
    private var promptOf: [Int?]
    private var spare: Int?

    init(prompts: Int, samples: Int, slots: Int) {
        schedule = GenerationSchedule(prompts: prompts, samplesPerPrompt: samples, slots: slots)
        self.samples = samples
        promptOf = Array(repeating: nil, count: slots)
    }

    mutating func step(_ random: inout SeededGenerator) {
        var computedNow: Set<Int> = []
        while let admission = schedule.candidate, random.next() % 8 != 0 {
            let prompt = admission.row / samples
            #expect(!schedule.running.contains { $0.slot == admission.slot })
            switch admission.source {
            case .computed: computedNow.insert(admission.slot)
            case .slot(let source): #expect(promptOf[source] == prompt && computedNow.contains(source))
            case .kept: #expect(spare == prompt)
            }
            promptOf[admission.slot] = prompt
            schedule.admit(admission)
        }
        #expect(schedule.running.map(\.row) == schedule.running.map(\.row).sorted())
        switch schedule.endStep() {
        case .unchanged: break
        case .empty: spare = nil
        case .from(let slot): spare = promptOf[slot]
        }
        for (row, slot) in schedule.running where random.next() % 3 == 0 {
            schedule.finish(slot: slot)
            finished.append(row)
        }
        if schedule.running.count > 1, random.next() % 4 == 0 { _ = schedule.interruptLast() }
        if schedule.keptPrompt != nil, random.next() % 8 == 0 {
            schedule.dropKept()
            spare = nil
        }
    }
}
