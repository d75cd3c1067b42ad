import Testing

@testable import Compute

@Suite struct ArenaTests {
    @Test(arguments: [1, 100, (2 << 18) - 1, 2 << 18, 1 << 20])
    func `an arena is zero and aligned to a cache line`(count: Int) throws {
        let arena = try Arena(count: count)
        #expect(UInt(bitPattern: arena.base) % 64 == 0)
        #expect(arena.floats.count == count)
        #expect(arena.floats.allSatisfy { $0 == 0 })
    }

    @Test func `clearing sets every float to zero`() throws {
        let arena = try Arena(count: 33)
        arena.floats.update(repeating: 5)
        arena.clear()
        #expect(arena.floats.allSatisfy { $0 == 0 })
    }

    @Test func `a large arena begins on a huge page and can be written to its end`() throws {
        let arena = try Arena(count: (64 << 20) + 5)
        #expect(UInt(bitPattern: arena.base) % (2 << 20) == 0)
        arena.base[arena.count - 1] = 3
        #expect(arena.base[arena.count - 1] == 3 && arena.base[arena.count - 2] == 0)
    }

    @Test func `memory the system does not have is an error with a hint`() {
        let error = #expect(throws: ComputeError.self) { try Arena(count: 1 << 56) }
        #expect(error?.code == .outOfResources)
        #expect(error?.hint == "Use a smaller model, batch or micro-batch.")
    }
}
