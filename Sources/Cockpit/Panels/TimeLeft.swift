import Store

/// When a trial ends if it keeps its pace: the same estimate, in the same words, on every screen and in headless output.
///
/// Phases differ in their pace, so a phase that has not begun is named and not guessed.
struct TimeLeft: Equatable, Sendable {
    /// The phase that runs and those after it; empty where the estimate is for the whole trial.
    var phases: [String]
    /// Nanoseconds from the newest record on.
    var nanoseconds: Int64
    /// Wall clock at the end of it, nanoseconds since 1970.
    var wall: Int64

    /// nil before there are enough steps, and where nothing is left.
    init?(_ snapshot: RunSnapshot) {
        guard let pace = snapshot.pace, snapshot.step < snapshot.totalSteps else { return nil }
        let phase = snapshot.header.phase(after: snapshot.step)
        let left = Double(phase.steps.upperBound - snapshot.step) * pace.seconds
        // What the step under way has taken already; a step that takes long does not count twice.
        let under = min(pace.seconds, max(0, Double(snapshot.time - pace.last.time) / 1e9))
        let seconds = left - under
        guard seconds.isFinite, seconds >= 0, seconds < 1e8 else { return nil }
        nanoseconds = Int64(seconds * 1e9)
        wall = snapshot.header.startedWall + snapshot.time + nanoseconds
        let all = (snapshot.header.phases ?? []).map(\.name)
        let place = phase.name.flatMap(all.firstIndex)
        phases = phase.isLast ? [] : place.map { Array(all[$0...]) } ?? []
    }

    /// `ETA 3h12m 15:16`, and where another phase follows `ETA sft 14s 12:04, then grpo`.
    func text(utcOffset: Int) -> String {
        let now = wall - nanoseconds
        let isSameDay = Format.date(now, offset: utcOffset) == Format.date(wall, offset: utcOffset)
        let day = isSameDay ? "" : "\(Format.date(wall, offset: utcOffset).dropFirst(5)) "
        let end = "\(Format.duration(nanoseconds)) \(day)\(Format.clockMinutes(wall, offset: utcOffset))"
        guard let first = phases.first else { return "ETA \(end)" }
        return "ETA \(first) \(end), then \(phases.dropFirst().joined(separator: ", "))"
    }

    /// `ETA 3h12m`, and where another phase follows `ETA sft 14s`: for where there is no room for the words.
    var shortText: String {
        (["ETA"] + phases.prefix(1) + [Format.duration(nanoseconds)]).joined(separator: " ")
    }
}
