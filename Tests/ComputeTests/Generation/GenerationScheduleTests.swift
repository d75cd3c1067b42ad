import Testing

@testable import Compute

private typealias Admission = GenerationSchedule.Admission

@Suite struct `Generation schedule` {
    @Test func `rows enter in order, and a waiting row takes the slot of a finished one`() {
        var schedule = GenerationSchedule(prompts: 4, samplesPerPrompt: 1, slots: 2)
        #expect(
            schedule.admit().admissions == [
                Admission(slot: 0, row: 0, source: .prompt), Admission(slot: 1, row: 1, source: .prompt),
            ])
        #expect(schedule.admit().admissions == [])
        schedule.release(1)
        #expect(schedule.admit().admissions == [Admission(slot: 1, row: 2, source: .prompt)])
        schedule.release(0)
        schedule.release(1)
        #expect(schedule.admit().admissions == [Admission(slot: 1, row: 3, source: .prompt)])
        #expect(!schedule.isFinished)
        schedule.release(1)
        #expect(schedule.isFinished)
    }

    @Test func `samples that enter together copy the prompt from the first of them`() {
        var schedule = GenerationSchedule(prompts: 2, samplesPerPrompt: 2, slots: 4)
        let round = schedule.admit()
        #expect(round.admissions.map(\.source) == [.prompt, .slot(0), .prompt, .slot(2)])
        #expect(round.keptFrom == nil)
    }

    @Test func `samples that come later use the kept prompt`() {
        var schedule = GenerationSchedule(prompts: 2, samplesPerPrompt: 3, slots: 2)
        let first = schedule.admit()
        #expect(first.admissions.map(\.source) == [.prompt, .slot(0)])
        #expect(first.keptFrom == 0)
        schedule.release(0)
        schedule.release(1)
        // The last sample of prompt 0 and the first of prompt 1 enter together; now prompt 1 is kept.
        let second = schedule.admit()
        #expect(second.admissions.map(\.source) == [.kept, .prompt])
        #expect(second.keptFrom == second.admissions[1].slot)
        schedule.release(0)
        schedule.release(1)
        let third = schedule.admit()
        #expect(third.admissions.map(\.source) == [.kept, .kept])
        #expect(third.keptFrom == nil)
    }

    @Test func `a prompt already kept is not kept again from a slot that has moved on`() {
        var schedule = GenerationSchedule(prompts: 1, samplesPerPrompt: 3, slots: 1)
        #expect(schedule.admit().keptFrom == 0)
        schedule.release(0)
        let second = schedule.admit()
        #expect(second.admissions.map(\.source) == [.kept])
        #expect(second.keptFrom == nil)
    }

    @Test func `nothing to do is finished at once`() {
        #expect(GenerationSchedule(prompts: 0, samplesPerPrompt: 4, slots: 2).isFinished)
    }

    @Test(arguments: 1...5, 1...4)
    func `every row enters exactly once for any slots and samples`(slots: Int, samples: Int) {
        var schedule = GenerationSchedule(prompts: 5, samplesPerPrompt: samples, slots: slots)
        var entered: [Int] = []
        var occupied: [Int] = []
        while !schedule.isFinished {
            let round = schedule.admit()
            entered += round.admissions.map(\.row)
            occupied += round.admissions.map(\.slot)
            #expect(Set(occupied).count == occupied.count && occupied.count <= slots)
            schedule.release(occupied.remove(at: entered.count % occupied.count))
        }
        #expect(entered == Array(0..<5 * samples))
    }
}

@Suite struct `Decode batch` {
    @Test func `tasks never cut a sequence`() {
        var batch = DecodeBatch()
        #expect(batch.append([7, 8, 9], at: 0, slot: 2) == 0)
        #expect(batch.append([5], at: 4, slot: 0) == 1)
        #expect(batch.append([6, 6], at: 0, slot: 1) == 2)
        #expect(batch.positions == [0, 1, 2, 4, 0, 1])
        #expect(batch.logitsRows == [-1, -1, 0, 1, -1, 2])
        #expect(batch.tasks(rows: 2) == [0..<3, 3..<6])
        #expect(batch.tasks(rows: 100) == [0..<6])
    }

    @Test func `an empty batch has no tasks`() {
        #expect(DecodeBatch().tasks(rows: 4) == [])
    }
}
