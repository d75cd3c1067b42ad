import Testing

@testable import Compute

@Suite struct ThreadPoolTests {
    @Test(arguments: [1, 2, 5], [0, 1, 7, 1000])
    func `every item is visited exactly once`(threads: Int, count: Int) throws {
        let pool = try ThreadPool(threads: threads)
        let visits = try Arena(count: max(count, 1))
        pool.parallelFor(count: count, grain: 3) { chunk, _ in
            for item in chunk { visits.base[item] += 1 }
        }
        #expect(visits.floats.prefix(count).allSatisfy { $0 == 1 })
    }

    @Test func `chunks are no larger than the grain when threads share`() throws {
        let pool = try ThreadPool(threads: 3)
        let largest = try Arena(count: 3 * 16)
        pool.parallelFor(count: 100, grain: 8) { chunk, lane in
            largest.base[lane * 16] = max(largest.base[lane * 16], Float(chunk.count))
        }
        #expect((largest.floats.max() ?? 0) <= 8)
    }

    @Test func `a lane is never shared by two threads`() throws {
        let pool = try ThreadPool(threads: 4)
        let sums = try Arena(count: 4 * 16)
        for _ in 0..<200 {
            pool.parallelFor(count: 64, grain: 1) { chunk, lane in
                sums.base[lane * 16] += Float(chunk.count)
            }
        }
        #expect(sums.floats.reduce(0, +) == 12_800)
    }

    @Test func `a pool of no threads is refused`() {
        #expect(throws: ComputeError.self) { try ThreadPool(threads: 0) }
    }

    @Test func `pools that slept wake up again and end cleanly`() throws {
        for _ in 0..<20 {
            let pool = try ThreadPool(threads: 3)
            let other = try ThreadPool(threads: 2)
            let total = try Arena(count: 40)
            for _ in 0..<50 {
                // The other pool's work outlasts this pool's spinning, so its workers fall asleep in between.
                other.parallelFor(count: 20_000, grain: 10_000) { chunk, _ in
                    for item in chunk { _ = Float(item).squareRoot() }
                }
                pool.parallelFor(count: 40, grain: 1) { chunk, _ in total.base[chunk.lowerBound] += 1 }
            }
            #expect(total.floats.allSatisfy { $0 == 50 })
        }
    }
}
