import Synchronization
import TestSupport
import Testing

@testable import Compute

@Suite struct `Thread pool under all splits` {
    @Test(arguments: [1, 2, 3, 8])
    func `every item is visited once for any count and grain`(threads: Int) throws {
        let pool = try ThreadPool(threads: threads)
        for count in [0, 1, 2, 3, 7, 8, 9, 31, 64, 101] {
            for grain in [-5, 0, 1, 2, 3, 7, 100, 101, 102, .max] {
                let visits = try Arena(count: max(count, 1))
                pool.parallelFor(count: count, grain: grain) { chunk, lane in
                    #expect(!chunk.isEmpty && (0..<threads).contains(lane))
                    for item in chunk { visits.base[item] += 1 }
                }
                #expect(visits.floats[..<count].allSatisfy { $0 == 1 }, "\(count) by \(grain)")
            }
        }
    }

    @Test(arguments: [(1, 100, 1), (2, 100, 1), (4, 1000, 1), (4, 1000, 90), (3, 5, 10), (8, 1, 1), (2, 0, 4)])
    func `chunks of a minimum are no smaller, but for the last`(threads: Int, count: Int, minimum: Int) throws {
        let pool = try ThreadPool(threads: threads)
        let chunks = Mutex<[Range<Int>]>([])
        pool.parallelFor(count: count, minimum: minimum) { chunk, _ in chunks.withLock { $0.append(chunk) } }
        let sorted = chunks.withLock { $0 }.sorted { $0.lowerBound < $1.lowerBound }
        #expect(Array(sorted.joined()) == Array(0..<count))
        #expect(sorted.dropLast().allSatisfy { $0.count >= minimum })
        #expect(sorted.count <= 4 * threads)
    }

    @Test func `a body may use another pool, and that one another`() throws {
        let outer = try ThreadPool(threads: 3)
        let total = Mutex(0)
        // One inner pool a lane: a pool belongs to one thread at a time.
        let inner = try (0..<3).map { _ in try ThreadPool(threads: 2) }
        let alone = try ThreadPool(threads: 1)
        outer.parallelFor(count: 21, grain: 1) { chunk, lane in
            for _ in chunk {
                inner[lane].parallelFor(count: 10, grain: 1) { items, _ in
                    alone.parallelFor(count: items.count, grain: 1) { ones, _ in
                        total.withLock { $0 += ones.count }
                    }
                }
            }
        }
        #expect(total.withLock { $0 } == 210)
    }

    @Test func `many threads each with a pool of their own do not disturb each other`() throws {
        let totals = Mutex([Int](repeating: 0, count: 6))
        let threads = try (0..<6).map { number in
            try TestThread {
                guard let pool = try? ThreadPool(threads: 1 + number % 3) else { return }
                for _ in 0..<100 {
                    let sum = Mutex(0)
                    pool.parallelFor(count: 50, grain: 3) { chunk, _ in
                        let part = chunk.reduce(0, +)
                        sum.withLock { $0 += part }
                    }
                    totals.withLock { $0[number] += sum.withLock { $0 } }
                }
            }
        }
        for thread in threads { thread.join() }
        #expect(totals.withLock { $0 } == [Int](repeating: 122_500, count: 6))
    }

    @Test func `results of one range are seen by the next`() throws {
        let pool = try ThreadPool(threads: 4)
        let values = try Arena(count: 64)
        for _ in 0..<300 {
            // Each item reads what another lane wrote in the round before.
            let before = values.array
            pool.parallelFor(count: 64, grain: 1) { chunk, _ in
                for item in chunk { values.base[item] = before[(item + 1) % 64] + 1 }
            }
        }
        #expect(values.array.allSatisfy { $0 == 300 })
    }

    @Test(arguments: [Int.min, -1, 0, 4097, 1 << 40, .max])
    func `a number of threads that cannot be is refused and not tried`(threads: Int) {
        let error = #expect(throws: ComputeError.self) { _ = try ThreadPool(threads: threads) }
        #expect(error?.code == .outOfResources)
        #expect(error?.summary == "Cannot start a pool of \(threads) compute threads.")
        #expect(error?.hint == "Ask for fewer threads.")
    }

    @Test func `pools that never worked end cleanly`() throws {
        for threads in 1...12 { _ = try ThreadPool(threads: threads) }
    }
}
