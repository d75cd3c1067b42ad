import Protocol
import Store

/// The first line of every screen: where am I, in what state, how far.
struct HeaderLine {
    /// A piece of the line; where it is narrow the one that matters least goes first.
    struct Piece {
        var text: TextLine
        /// What stands in its place where there is too little room for all of it.
        var short: TextLine
        /// 0 never goes; up to `lastNeeded`, its short form goes before anything that only is good to know.
        var priority: Int

        static let lastNeeded = 3

        init(_ text: TextLine, _ priority: Int = 0, short: TextLine? = nil) {
            self.text = text
            self.short = short ?? text
            self.priority = priority
        }
    }

    var pieces: [Piece]
    var trailing: TextLine = ""
    /// What stands at the right end where the pieces that are needed leave no room for all of it.
    var shortTrailing: TextLine?

    func render(in surface: inout Surface, area: Rect) {
        var trailing = trailing
        if let shortTrailing, missesNeeded(Self.room(area, beside: trailing)) { trailing = shortTrailing }
        let room = Self.room(area, beside: trailing)
        let kept = fitting(in: room)
        surface.clipped(to: area) { surface in
            var x = area.x + 1
            for text in kept where x < area.x + 1 + room {
                x += surface.write(text, x: x, y: area.y, maxWidth: area.x + 1 + room - x) + 2
            }
            surface.write(trailing, x: area.maxX - 1 - trailing.cellWidth, y: area.y)
        }
    }

    private static func room(_ area: Rect, beside trailing: TextLine) -> Int {
        area.width - 2 - (trailing.cellWidth > 0 ? trailing.cellWidth + 2 : 0)
    }

    private func missesNeeded(_ room: Int) -> Bool {
        let needed = pieces.filter { $0.priority <= Piece.lastNeeded }
        return needed.reduce(-2) { $0 + $1.short.cellWidth + 2 } > room
    }

    /// The pieces that fit, in their order: first the short forms of those that are needed, then what makes these whole,
    /// then the others; one that does not fit leaves its room to those after it.
    private func fitting(in room: Int) -> [TextLine] {
        var kept: [Int: TextLine] = [:]
        var left = room + 2
        func offer(_ text: TextLine, at index: Int) {
            let more = text.cellWidth + 2 - (kept[index].map { $0.cellWidth + 2 } ?? 0)
            guard more <= left || pieces[index].priority == 0 else { return }
            kept[index] = text
            left -= more
        }
        let ordered = pieces.indices.sorted { (pieces[$0].priority, $0) < (pieces[$1].priority, $1) }
        let needed = ordered.filter { pieces[$0].priority <= Piece.lastNeeded }
        for index in needed { offer(pieces[index].short, at: index) }
        for index in needed where kept[index] != nil { offer(pieces[index].text, at: index) }
        for index in ordered.dropFirst(needed.count) {
            offer(pieces[index].short, at: index)
            if kept[index] != nil { offer(pieces[index].text, at: index) }
        }
        return pieces.indices.compactMap { kept[$0] }
    }

    static let brand = Piece(TextLine("cockpit", .accent, .bold), 9)

    /// The line of a run's screen.
    static func of(_ run: RunView, screen: String?, state: AppState, glyphs: Glyphs) -> HeaderLine {
        var pieces = [brand]
        if run.transport.isReplay { pieces.append(Piece(TextLine("REPLAY", .statusPaused, .bold))) }
        if let screen { pieces.append(Piece(TextLine(screen, .title, .bold))) }
        pieces.append(Piece(TextLine("\(run.id)", .title, .bold)))
        pieces.append(Piece(word(run.status, glyphs: glyphs)))
        var clock = "", date = ""
        if let snapshot = run.snapshot {
            pieces += progress(snapshot, run: run, utcOffset: state.utcOffset)
            pieces += counts(snapshot.workers.map(run.state), glyphs: glyphs)
            let wall = snapshot.header.startedWall + snapshot.time + (run.transport.isReplay ? 0 : run.silence)
            clock = Format.clock(wall, offset: state.utcOffset)
            if run.transport.isReplay { date = Format.date(wall, offset: state.utcOffset) + " " }
        }
        var trailing = TextLine()
        if state.isFrozen { trailing = trailing.appending("FROZEN  ", .statusPaused, .bold) }
        return HeaderLine(
            pieces: pieces, trailing: trailing.appending(date + clock, .dim),
            shortTrailing: trailing.appending(clock, .dim))
    }

    private static func word(_ status: TrialStatus, glyphs: Glyphs) -> TextLine {
        TextLine("\(status.glyph(in: glyphs)) \(status.rawValue.uppercased())", status.role, .bold)
    }

    private static func progress(_ snapshot: RunSnapshot, run: RunView, utcOffset: Int) -> [Piece] {
        var pieces: [Piece] = []
        let steps = Format.steps(snapshot.step, of: snapshot.totalSteps)
        pieces.append(Piece(TextLine("step \(steps)"), 1, short: TextLine(steps)))
        if let share = Format.hundredths(snapshot.step, of: snapshot.totalSteps) {
            pieces.append(Piece(TextLine("\(share)%", .dim), 4))
        }
        if run.status == .running, !run.transport.isReplay, let left = TimeLeft(snapshot) {
            pieces.append(Piece(TextLine(left.text(utcOffset: utcOffset)), 2, short: TextLine(left.shortText)))
        }
        if let rows = snapshot.value(of: .rowsLeftOut), rows > 0 {
            let count = ShortNumber.grouped(Int(rows))
            pieces.append(
                Piece(
                    TextLine("\(count) \(rows == 1 ? "row" : "rows") left out", .logWarning), 3,
                    short: TextLine("\(count) left out", .logWarning)))
        }
        if run.status.isAtWork { pieces += rates(snapshot) }
        if snapshot.attempt > 1 {
            pieces.append(Piece(TextLine("attempt \(snapshot.attempt)", .logWarning), 7))
        }
        return pieces
    }

    /// How fast the policy writes while it generates, and how many tokens are trained on a second of whole steps.
    private static func rates(_ snapshot: RunSnapshot) -> [Piece] {
        let names: [(String, MetricName)] = [("gen", .generatedTokensPerSecond), ("train", .tokensPerSecond)]
        let known = names.compactMap { word, name in
            snapshot.freshValue(of: name).map { TextLine("\(word) \(ShortNumber.text($0)) tok/s", .dim) }
        }
        return known.enumerated().map { Piece($0.element, $0.offset == 0 ? 5 : 8) }
    }

    private static func counts(_ workers: [WorkerState], glyphs: Glyphs) -> [Piece] {
        let running = workers.count { $0 == .running }
        let bad = workers.count(where: \.isProblem)
        var line = TextLine("\(glyphs.running)\(running)", .statusRunning)
        if bad > 0 { line = line.appending(" \(glyphs.failed)\(bad)", .statusFailed) }
        return [Piece(line, 6)]
    }
}

extension RunSnapshot {
    /// The newest value of a series that screens look for, where it is a number.
    func value(of name: MetricName) -> Double? {
        series.first { $0.key == name.rawValue }.flatMap { $0.last.isFinite ? $0.last : nil }
    }

    /// The same of the step that was last done or of the one before; nil where the phase that runs does not have it.
    func freshValue(of name: MetricName) -> Double? {
        series.first { $0.key == name.rawValue && $0.lastStep >= step - 1 }.flatMap { $0.last.isFinite ? $0.last : nil }
    }
}
