import Testing

@testable import Compute

@Suite struct `Programs of phases` {
    @Test(arguments: [1, 2, 3, 5])
    func `every part of every phase is done once, and all of a phase before the next`(threads: Int) throws {
        let pool = try ThreadPool(threads: threads)
        let phases = 300
        // A counter for each part and phase, each on its own cache line.
        let done = try Arena(count: phases * threads * 16)
        let early = try Arena(count: threads * 16)
        pool.runPhases { lane in
            for phase in 0..<phases {
                lane.run { part in
                    if phase > 0 {
                        for other in 0..<threads where done.base[((phase - 1) * threads + other) * 16] != 1 {
                            early.base[lane.lane * 16] += 1
                        }
                    }
                    done.base[(phase * threads + part) * 16] += 1
                }
            }
        }
        #expect((0..<phases * threads).allSatisfy { done.base[$0 * 16] == 1 })
        #expect(early.floats.allSatisfy { $0 == 0 })
    }

    @Test func `a lane that comes late finds its parts done`() throws {
        let pool = try ThreadPool(threads: 2)
        let parts = try Arena(count: 2 * 16)
        let total = try Arena(count: 16)
        for _ in 0..<50 {
            pool.runPhases { lane in
                for _ in 0..<20 { lane.run { part in parts.base[part * 16] += 1 } }
                if lane.lane == 1 {
                    // Outlasts the patience of the caller, which does this lane's parts too.
                    for item in 0..<20_000 { total.base[0] += Float(item % 2) }
                }
                for phase in 1...20 { lane.run(isLast: phase == 20) { part in parts.base[part * 16] += 1 } }
            }
        }
        #expect(parts.base[0] == 2000)
        #expect(parts.base[16] == 2000)
    }

    @Test func `programs and ranges take turns on one pool`() throws {
        let pool = try ThreadPool(threads: 3)
        let visits = try Arena(count: 64 * 16)
        for _ in 0..<200 {
            pool.parallelFor(count: 64, grain: 1) { range, _ in visits.base[range.lowerBound * 16] += 1 }
            pool.runPhases { lane in lane.run { part in visits.base[part * 16] += 1 } }
            pool.runPhases { _ in }
        }
        #expect((0..<3).allSatisfy { visits.base[$0 * 16] == 400 })
        #expect((3..<64).allSatisfy { visits.base[$0 * 16] == 200 })
    }

    @Test func `more threads than cores come to an end`() throws {
        let pool = try ThreadPool(threads: 16)
        let done = try Arena(count: 16 * 16)
        pool.runPhases { lane in
            for phase in 1...100 { lane.run(isLast: phase == 100) { part in done.base[part * 16] += 1 } }
        }
        #expect((0..<16).allSatisfy { done.base[$0 * 16] == 100 })
    }
}
