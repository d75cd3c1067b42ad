import Protocol

/// Where on a run's own time a further attempt begins. Pure.
enum ResumedTime {
    /// 2020-01-01: a wall clock before it was never set.
    private static let firstCredible: Int64 = 1_577_836_800_000_000_000
    /// Ten years.
    private static let longestPause: Int64 = 315_360_000_000_000_000

    /// Nanoseconds since the run's start at which it goes on.
    ///
    /// What the wall clock says has passed counts, as far as it can be believed: time never goes back behind what is
    /// stored, and a clock that was not set when the run began, or is not now, stretches nothing.
    static func age(startedWall: Int64, wall: Int64, lastStored: Int64) -> Int64 {
        let age = wall.subtractingReportingOverflow(startedWall)
        let isCredible =
            !age.overflow && startedWall >= firstCredible && wall >= firstCredible
            && age.partialValue - lastStored <= longestPause
        return isCredible ? max(age.partialValue, lastStored) : lastStored
    }
}
