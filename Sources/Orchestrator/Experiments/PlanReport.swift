/// What a check found that a person should know of a plan that can work.
package struct PlanReport: Sendable, Equatable {
    /// Sentences: rows that will be left out, answers that cannot be generated.
    package var notes: [String] = []
    /// Bytes of memory that the setup that needs most is expected to take on all workers together.
    package var memory = 0
    /// Bytes of disk for the checkpoints that exist at one time.
    package var disk = 0

    package init() {}
}

/// Bytes as people read them.
func gibibytes(_ bytes: Int) -> String {
    let tenths = (bytes + (1 << 29) / 10) * 10 / (1 << 30)
    return "\(tenths / 10).\(tenths % 10)"
}
