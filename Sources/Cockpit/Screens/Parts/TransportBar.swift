import Protocol
import Store

/// The controls of a replay: play or pause, speed, where the playhead is in the run, and what happened when.
struct TransportBar {
    let run: RunView
    let snapshot: RunSnapshot
    let now: Int64
    let utcOffset: Int

    func render(in surface: inout Surface, area: Rect) {
        let inside = surface.box(area, title: "Replay", trailing: "space , . [ ] < >", focus: .unfocused)
        let end = snapshot.endTime
        let position = run.transport.position(now: now, end: end) ?? end
        let track = Self.track(in: area)
        surface.clipped(to: inside) { surface in
            if inside.height >= 2 { controls(in: &surface, area: inside.row(0), position: position) }
            scrubBar(in: &surface, track: track, share: share(of: position, end: end))
            if track.y + 1 < inside.maxY {
                events(in: &surface, area: Rect(x: track.x, y: track.y + 1, width: track.width, height: 1), end: end)
            }
            if track.y + 2 < inside.maxY {
                occupancy(in: &surface, area: Rect(x: track.x, y: track.y + 2, width: track.width, height: 1))
            }
        }
    }

    /// The cells of the scrub bar; a click there moves the playhead.
    static func track(in area: Rect) -> Rect {
        let inside = area.inset(by: 1)
        return Rect(x: inside.x + 8, y: inside.y + (inside.height >= 2 ? 1 : 0), width: inside.width - 18, height: 1)
    }

    private func share(of time: Int64, end: Int64) -> Double {
        end > 0 ? min(1, max(0, Double(time) / Double(end))) : 0
    }

    private func controls(in surface: inout Surface, area: Rect, position: Int64) {
        let glyphs = surface.glyphs
        let isASCII = glyphs.repertoire == .ascii
        let state =
            run.transport.isPlaying ? (isASCII ? "> playing" : "▶ playing") : (isASCII ? "= paused " : "‖ paused ")
        let head = TextLine(" \(state)", run.transport.isPlaying ? .statusRunning : .statusPaused, .bold)
            .appending("   speed ", .dim)
        let place = whereabouts(position)
        var line = head + speeds(Transport.speeds, glyphs) + place
        if line.cellWidth > area.width { line = head + speeds([run.transport.speed], glyphs) + place }
        surface.write(line, x: area.x, y: area.y, maxWidth: area.width)
    }

    /// The speeds to choose from, the one in force marked.
    private func speeds(_ speeds: [Double], _ glyphs: Glyphs) -> TextLine {
        speeds.reduce(TextLine()) { line, speed in
            let text = Format.speed(speed, glyphs)
            let isOn = speed == run.transport.speed
            return line.appending(isOn ? "[\(text)]" : " \(text) ", isOn ? .accent : .dim, isOn ? .bold : [])
        }
    }

    private func whereabouts(_ position: Int64) -> TextLine {
        let wall = Format.clock(snapshot.header.startedWall + position, offset: utcOffset)
        let line = TextLine("   wall ", .dim).appending(wall).appending("   step ", .dim)
            .appending(Format.step(snapshot.step))
        guard let since = snapshot.cuts.eventsBefore else { return line }
        let clock = Format.clock(snapshot.header.startedWall + since, offset: utcOffset)
        return line.appending("   events since \(clock)", .dim)
    }

    private func scrubBar(in surface: inout Surface, track: Rect, share: Double) {
        let glyphs = surface.glyphs
        let isASCII = glyphs.repertoire == .ascii
        surface.write(
            Format.duration(0).padded(to: 6, alignment: .trailing), x: track.x - 8, y: track.y, role: .dim)
        surface.write(Format.duration(snapshot.endTime), x: track.maxX + 2, y: track.y, role: .dim)
        surface.put(isASCII ? "|" : "├", x: track.x - 1, y: track.y, role: .border)
        surface.put(isASCII ? "|" : "┤", x: track.maxX, y: track.y, role: .border)
        let head = Int((share * Double(max(0, track.width - 1))).rounded())
        for column in 0..<max(0, track.width) {
            let isPast = column < head
            let line = isPast ? glyphs.doubleHorizontal : glyphs.horizontal
            surface.put(line, x: track.x + column, y: track.y, role: isPast ? .accent : .border)
        }
        surface.put(isASCII ? "#" : "■", x: track.x + head, y: track.y, role: .accent, attributes: .bold)
    }

    private func events(in surface: inout Surface, area: Rect, end: Int64) {
        surface.write("events", x: area.x - 7, y: area.y, role: .dim)
        guard end > 0 else { return }
        for event in snapshot.events {
            let x = area.x + Int(share(of: event.time, end: end) * Double(max(0, area.width - 1)))
            let isEnd = event.kind == TrialStatus.completed.rawValue
            let glyph =
                event.isFailure ? surface.glyphs.failed : (isEnd ? surface.glyphs.done : surface.glyphs.tick)
            surface.put(glyph, x: x, y: area.y, role: event.isFailure ? .statusFailed : .dim)
        }
        for checkpoint in snapshot.checkpoints {
            let x = area.x + Int(share(of: checkpoint.time, end: end) * Double(max(0, area.width - 1)))
            if surface[x, area.y]?.scalar == " " { surface.put(surface.glyphs.save, x: x, y: area.y, role: .mfcSave) }
        }
    }

    /// The best-ranked curve up to the playhead, under the bar.
    private func occupancy(in surface: inout Surface, area: Rect) {
        guard let key = run.metrics.first, let curve = snapshot.curves[key], !curve.columns.isEmpty,
            snapshot.endTime > 0
        else { return }
        surface.write(SeriesName.last(of: key).fitted(to: 7), x: area.x - 8, y: area.y, role: .dim)
        let width = max(1, Int(Double(area.width) * share(of: snapshot.time, end: snapshot.endTime)))
        let known = SampleHistory.stepped(curve.columns)
        Sparkline(values: Sparkline.stretched(known, to: width), role: .series1)
            .render(in: &surface, area: Rect(x: area.x, y: area.y, width: min(width, area.width), height: 1))
    }
}
