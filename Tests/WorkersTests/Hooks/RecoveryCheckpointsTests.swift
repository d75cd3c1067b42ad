import Testing

@testable import Workers

@Suite struct RecoveryCheckpointsTests {
    @Test func `the newest two of each role stay`() {
        var known = RecoveryCheckpoints()
        #expect(known.add("a/1", role: "a", keeping: 2) == [])
        #expect(known.add("b/1", role: "b", keeping: 2) == [])
        #expect(known.add("a/2", role: "a", keeping: 2) == [])
        #expect(known.add("a/3", role: "a", keeping: 2) == ["a/1"])
    }

    @Test func `writing the same step again removes nothing`() {
        var known = RecoveryCheckpoints()
        _ = known.add("a/1", role: "a", keeping: 2)
        _ = known.add("a/2", role: "a", keeping: 2)
        #expect(known.add("a/2", role: "a", keeping: 2) == [])
    }
}
