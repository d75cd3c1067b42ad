import Protocol
import Store

/// The first line of every screen: where am I, in what state, how far.
struct HeaderLine {
    /// A piece of the line; where it is narrow the highest priority goes first.
    struct Piece {
        var text: TextLine
        /// 0 never goes.
        var priority: Int

        init(_ text: TextLine, _ priority: Int = 0) {
            self.text = text
            self.priority = priority
        }
    }

    var pieces: [Piece]
    var trailing: TextLine = ""

    func render(in surface: inout Surface, area: Rect) {
        var kept = pieces
        let room = area.width - 2 - (trailing.cellWidth > 0 ? trailing.cellWidth + 2 : 0)
        while kept.reduce(-2, { $0 + $1.text.cellWidth + 2 }) > room {
            guard
                let worst = kept.indices.filter({ kept[$0].priority > 0 }).max(by: {
                    kept[$0].priority < kept[$1].priority
                })
            else { break }
            kept.remove(at: worst)
        }
        surface.clipped(to: area) { surface in
            var x = area.x + 1
            for piece in kept where x < area.x + 1 + room {
                x += surface.write(piece.text, x: x, y: area.y, maxWidth: area.x + 1 + room - x) + 2
            }
            surface.write(trailing, x: area.maxX - 1 - trailing.cellWidth, y: area.y)
        }
    }

    static let brand = Piece(TextLine("cockpit", .accent, .bold), 9)

    /// The line of a run's screen.
    static func of(_ run: RunView, screen: String?, state: AppState, glyphs: Glyphs) -> HeaderLine {
        var pieces = [brand]
        if run.transport.isReplay { pieces.append(Piece(TextLine("REPLAY", .statusPaused, .bold))) }
        if let screen { pieces.append(Piece(TextLine(screen, .title, .bold))) }
        pieces.append(Piece(TextLine("\(run.id)", .title, .bold)))
        pieces.append(Piece(word(run.status, glyphs: glyphs)))
        var clock = ""
        if let snapshot = run.snapshot {
            pieces += progress(snapshot, run: run, utcOffset: state.utcOffset)
            pieces += counts(snapshot, glyphs: glyphs)
            let wall = snapshot.header.startedWall + snapshot.time
            clock = Format.clock(wall, offset: state.utcOffset)
            if run.transport.isReplay { clock = Format.date(wall, offset: state.utcOffset) + " " + clock }
        }
        var trailing = TextLine()
        if state.isFrozen { trailing = trailing.appending("FROZEN  ", .statusPaused, .bold) }
        return HeaderLine(pieces: pieces, trailing: trailing.appending(clock, .dim))
    }

    private static func word(_ status: TrialStatus, glyphs: Glyphs) -> TextLine {
        TextLine("\(status.glyph(in: glyphs)) \(status.rawValue.uppercased())", status.role, .bold)
    }

    private static func progress(_ snapshot: RunSnapshot, run: RunView, utcOffset: Int) -> [Piece] {
        var pieces: [Piece] = []
        let steps = "\(ShortNumber.grouped(snapshot.step))/\(ShortNumber.grouped(snapshot.totalSteps))"
        pieces.append(Piece(TextLine("step \(steps)"), 1))
        if snapshot.totalSteps > 0 {
            let share = Double(snapshot.step) / Double(snapshot.totalSteps)
            pieces.append(Piece(TextLine(Format.percent(share), .dim), 3))
        }
        if run.status == .running, !run.transport.isReplay, let left = TimeLeft(snapshot) {
            pieces.append(Piece(TextLine(left.text(utcOffset: utcOffset)), 2))
        }
        if let rows = snapshot.value(of: .rowsLeftOut), rows > 0 {
            pieces.append(
                Piece(
                    TextLine("\(ShortNumber.grouped(Int(rows))) \(rows == 1 ? "row" : "rows") left out", .logWarning), 1
                ))
        }
        if let rate = snapshot.tokenRate {
            pieces.append(Piece(TextLine("\(ShortNumber.text(rate)) tok/s", .dim), 4))
        }
        if snapshot.attempt > 1 {
            pieces.append(Piece(TextLine("attempt \(snapshot.attempt)", .logWarning), 6))
        }
        return pieces
    }

    private static func counts(_ snapshot: RunSnapshot, glyphs: Glyphs) -> [Piece] {
        let running = snapshot.workers.count { $0.state == .running }
        let bad = snapshot.workers.count { $0.state.isProblem }
        var line = TextLine("\(glyphs.running)\(running)", .statusRunning)
        if bad > 0 { line = line.appending(" \(glyphs.failed)\(bad)", .statusFailed) }
        return [Piece(line, 5)]
    }
}

extension RunSnapshot {
    /// The newest value of a series that screens look for, where it is a number.
    func value(of name: MetricName) -> Double? {
        series.first { $0.key == name.rawValue }.flatMap { $0.last.isFinite ? $0.last : nil }
    }

    /// Tokens a second: those that the policy writes where the phase generates, otherwise those that are trained on.
    var tokenRate: Double? {
        let fresh = series.filter { $0.lastStep >= step - 1 && $0.last.isFinite }
        func rate(_ name: MetricName) -> Double? { fresh.first { $0.key == name.rawValue }?.last }
        return rate(.generatedTokensPerSecond) ?? rate(.tokensPerSecond)
    }
}
