import GRDB
import Protocol

extension MetricReader {
    /// Where the newest visible row of a column set is, and how many rows are visible.
    private struct Newest {
        enum Place {
            case tail(TailRow)
            case block(BlockHead, row: Int)
        }

        var count = 0
        var attempt = Int64.min
        var step = Int64.min
        var place: Place?

        mutating func offer(_ place: Place, attempt: Int64, step: Int64) {
            guard (attempt, step) >= (self.attempt, self.step) else { return }
            self.attempt = attempt
            self.step = step
            self.place = place
        }
    }

    /// Every series that has a point at the playhead, with its last value there, by key.
    ///
    /// At the head of a run that was never resumed this is what the writer keeps in `series`; elsewhere it is found
    /// from the rows, a column set at a time.
    func lastValues() throws -> [SeriesRow] {
        if visibility.showsEverything {
            return series.filter { $0.count > 0 }.map {
                SeriesRow(
                    key: $0.key, count: Int($0.count), lastStep: Int($0.step), lastTime: $0.time, last: $0.last)
            }
        }
        var newest: [Int64: Newest] = [:]
        for set in sets.keys { newest[set] = try self.newest(of: set) }
        return try series.compactMap { one in try lastValue(of: one, newest) }
    }

    private func newest(of set: Int64) throws -> Newest {
        var newest = Newest()
        for block in blocks(of: set) {
            if visibility.coverage(of: block) == .all {
                newest.count += block.count
                newest.offer(.block(block, row: block.count - 1), attempt: block.attempt, step: block.lastStep)
                continue
            }
            guard let axis = try axis(of: block) else { continue }
            let rows = try visibleRows(of: block)
            newest.count += rows.count
            // Rows are sealed in step order, so the last visible one is the newest.
            if let row = rows.last {
                newest.offer(.block(block, row: row), attempt: block.attempt, step: axis.steps[row])
            }
        }
        for row in try tail(of: set) {
            newest.count += 1
            newest.offer(.tail(row), attempt: row.attempt, step: row.step)
        }
        return newest
    }

    private func lastValue(of one: SeriesRecord, _ newest: [Int64: Newest]) throws -> SeriesRow? {
        let candidates = places(of: one.id).compactMap { place in
            newest[place.set].map { (newest: $0, column: place.column) }
        }.filter { $0.newest.count > 0 }
        guard
            let best = candidates.max(by: { left, right in
                (left.newest.attempt, left.newest.step) < (right.newest.attempt, right.newest.step)
            })
        else { return nil }
        var row = SeriesRow(
            key: one.key, count: candidates.reduce(0) { $0 + $1.newest.count }, lastStep: Int(best.newest.step),
            lastTime: 0, last: .nan)
        switch best.newest.place {
        case nil: return nil
        case .tail(let newest):
            row.lastTime = newest.time
            row.last = newest.values[best.column]
        case .block(let block, let index):
            guard let axis = try axis(of: block), let values = try values(of: one.id, in: block) else { return nil }
            row.lastTime = axis.times[index]
            row.last = values[index]
        }
        return row
    }

    /// The series whose newest step is the run's: the master writes it at the end of each step.
    static let stepSeries = MetricName.stepSeconds.rawValue

    /// When the newest `count` steps were completed, oldest first.
    func recentSteps(_ count: Int) throws -> [StepMark] {
        guard let id = series.first(where: { $0.key == Self.stepSeries })?.id else { return [] }
        var marks: [Int: StepMark] = [:]
        func add(_ step: Int64, _ time: Int64) { marks[Int(step)] = StepMark(step: Int(step), time: time) }
        for set in places(of: id).map(\.set) {
            let tail = try tail(of: set)
            for row in tail { add(row.step, row.time) }
            var wanted = count - tail.count
            for block in blocks(of: set).sorted(by: { ($0.attempt, $0.lastStep) > ($1.attempt, $1.lastStep) }) {
                guard wanted > 0, let axis = try axis(of: block) else { break }
                let rows = try visibleRows(of: block)
                for row in rows { add(axis.steps[row], axis.times[row]) }
                wanted -= rows.count
            }
        }
        return Array(marks.values.sorted { $0.step < $1.step }.suffix(count))
    }

    /// The nearest time before or after `time` at which a step was completed.
    func stepTime(_ direction: ReplayDirection, from time: Int64) throws -> Int64? {
        let id = series.first { $0.key == Self.stepSeries }?.id
        let chosen = id.map { places(of: $0).map(\.set) } ?? Array(sets.keys)
        var best: Int64?
        func offer(_ candidate: Int64) {
            switch direction {
            case .forward: if candidate > time { best = min(best ?? .max, candidate) }
            case .backward: if candidate < time { best = max(best ?? .min, candidate) }
            }
        }
        for set in chosen {
            for block in blocks(of: set) {
                let canHelp =
                    switch direction {
                    case .forward: block.lastTime > time && block.firstTime < best ?? .max
                    case .backward: block.firstTime < time && block.lastTime > best ?? .min
                    }
                guard canHelp, let axis = try axis(of: block) else { continue }
                for row in try visibleRows(of: block) { offer(axis.times[row]) }
            }
            for row in try tail(of: set) { offer(row.time) }
        }
        return best
    }
}
