/// When a step was completed.
package struct StepMark: Sendable, Equatable {
    package var step: Int
    /// Nanoseconds since the run's start.
    package var time: Int64

    package init(step: Int, time: Int64) {
        self.step = step
        self.time = time
    }
}

/// How long a step takes now, evaluations and saves between steps included: what every estimate of an end is made from.
package struct StepPace: Sendable, Equatable {
    package let seconds: Double
    /// The newest completed step.
    package let last: StepMark

    /// Steps looked at; a pace over fewer jumps, one over more is late.
    static let window = 64
    /// Distances between steps that have to be known.
    private static let leastDistances = 2
    /// A pause or a restart is no part of the pace: of a distance only this many times the usual one counts.
    private static let mostOfUsual = 10.0
    /// Beyond this many times the usual distance something else was done between two steps.
    private static let longOfUsual = 2.0

    /// - Parameters:
    ///   - marks: completed steps, oldest first.
    ///   - first: the first step of the phase that runs; steps of another phase take another time.
    package init?(_ marks: [StepMark], since first: Int) {
        let own = marks.filter { $0.step >= first }
        let distances = zip(own.dropFirst(), own).map { Double($0.time - $1.time) / 1e9 }.filter { $0 >= 0 }
        guard distances.count >= Self.leastDistances, let last = own.last else { return nil }
        let usual = distances.sorted()[distances.count / 2]
        let counted = distances.map { min($0, usual * Self.mostOfUsual) }
        // Evaluations and saves come every so many steps: the mean over whole rounds of them does not jump with each one.
        let long = distances.indices.filter { distances[$0] > usual * Self.longOfUsual }
        var taken = counted[...]
        if let first = long.first, let last = long.last, (last - first) * 3 >= counted.count {
            taken = counted[(first + 1)...last]
        }
        seconds = taken.reduce(0, +) / Double(taken.count)
        self.last = last
    }
}

/// What a snapshot leaves out because there is too much of it; nil where nothing was left out.
package struct SnapshotCuts: Sendable, Equatable {
    /// Spans that began before are not in it, though the window reaches further back.
    package var spansBefore: Int64?
    /// Lifecycle events before are not in it.
    package var eventsBefore: Int64?
    /// Samples of devices before are not in it, though the window reaches further back.
    package var samplesBefore: Int64?
    /// Changes of the buffer before are not in it, though the window reaches further back.
    package var bufferBefore: Int64?

    package init(
        spansBefore: Int64? = nil, eventsBefore: Int64? = nil, samplesBefore: Int64? = nil, bufferBefore: Int64? = nil
    ) {
        self.spansBefore = spansBefore
        self.eventsBefore = eventsBefore
        self.samplesBefore = samplesBefore
        self.bufferBefore = bufferBefore
    }
}
