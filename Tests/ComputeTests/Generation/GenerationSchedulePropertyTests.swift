import Testing

@testable import Compute

@Suite struct `Generation schedule under random endings` {
    /// Walks a schedule with rows ending at random, following which prompt's keys each place holds.
    private func walk(_ prompts: Int, _ samples: Int, _ slots: Int, _ random: inout SeededGenerator) -> [Int] {
        var schedule = GenerationSchedule(prompts: prompts, samplesPerPrompt: samples, slots: slots)
        var promptOf = [Int?](repeating: nil, count: slots)
        var spare: Int?
        var running: [Int] = []
        var entered: [Int] = []
        while !schedule.isFinished {
            let round = schedule.admit()
            for admission in round.admissions {
                let prompt = admission.row / samples
                #expect(!running.contains(admission.slot) && admission.slot < slots)
                switch admission.source {
                case .prompt: #expect(admission.row % samples == 0)
                case .slot(let source): #expect(promptOf[source] == prompt)
                case .kept: #expect(spare == prompt)
                }
                promptOf[admission.slot] = prompt
                running.append(admission.slot)
                entered.append(admission.row)
            }
            if let kept = round.keptFrom { spare = promptOf[kept] }
            // Between one and all rows end; none would be a step in which rows only grow.
            let ending = running.isEmpty ? 0 : Int.random(in: 0...running.count, using: &random)
            for _ in 0..<ending {
                schedule.release(running.remove(at: Int.random(in: running.indices, using: &random)))
            }
        }
        return entered
    }

    @Test(arguments: [1, 2, 3, 7], [1, 2, 3, 4, 9])
    func `every row enters once, in order, and takes its keys from where its prompt is`(slots: Int, samples: Int) {
        var random = SeededGenerator(seed: UInt64(100 * slots + samples))
        for prompts in 0...9 {
            #expect(walk(prompts, samples, slots, &random) == Array(0..<prompts * samples))
        }
    }
}
