import Protocol
import Store

/// Something a person should know about a run at once.
struct Alert: Equatable, Sendable {
    enum Severity: Sendable {
        case warning
        case failure
    }

    var severity: Severity
    var text: String

    /// What it is about, without the details after the colon.
    var short: String { text.firstRange(of: ": ").map { String(text[..<$0.lowerBound]) } ?? text }

    func glyph(in glyphs: Glyphs) -> Unicode.Scalar { severity == .failure ? glyphs.failed : "!" }
}

/// Finds what is wrong with a run, the worst first.
enum Alerts {
    static func of(_ run: RunView) -> [Alert] {
        var found: [Alert] = []
        func fail(_ text: String) { found.append(Alert(severity: .failure, text: text)) }
        func warn(_ text: String) { found.append(Alert(severity: .warning, text: text)) }
        if let failure = run.failure { fail(oneLine(failure)) }
        if run.status == .lost { fail("the orchestrator is gone; R \(run.snapshot.resumption)") }
        if let notice = run.item?.notice { fail(oneLine(notice)) }
        guard let snapshot = run.snapshot else { return found }
        if run.silence > 0, !run.transport.isReplay {
            let seconds = run.silence / 1_000_000_000
            fail("nothing was recorded for \(seconds) s: the orchestrator hangs or cannot write")
        }
        if let refusal = refusal(of: snapshot) { fail("\(refusal); nothing acknowledged is lost") }
        if let first = snapshot.damage.first {
            fail(
                "\(snapshot.damage.count) damaged part\(snapshot.damage.count == 1 ? "" : "s") left out: \(oneLine(first))"
            )
        }
        if snapshot.droppedRecords > 0 {
            warn("\(ShortNumber.grouped(snapshot.droppedRecords)) records dropped by full queues")
        }
        if snapshot.status == .stopping, !snapshot.statusDetail.isEmpty {
            warn("stopping: \(oneLine(snapshot.statusDetail))")
        }
        if snapshot.status == .starting, !snapshot.statusDetail.isEmpty {
            warn("starts over: \(FailureReport.cause(in: snapshot.statusDetail))")
        }
        found += workers(snapshot)
        found += numbers(snapshot)
        return found.filter { $0.severity == .failure } + found.filter { $0.severity == .warning }
    }

    /// Why nothing can be stored; nil where it can.
    private static func refusal(of snapshot: RunSnapshot) -> String? {
        let last = snapshot.events.last { $0.event == .storeRefused || $0.event == .storeRecovered }
        guard let last, last.event == .storeRefused else { return nil }
        return last.detail.isEmpty ? "storing had stopped" : oneLine(last.detail)
    }

    private static func workers(_ snapshot: RunSnapshot) -> [Alert] {
        guard !snapshot.status.isTerminal else { return [] }
        // One failure brings all down: what is the same of many is said once.
        var groups: [(state: WorkerState, detail: String, heard: Int64, names: [String])] = []
        for worker in snapshot.workers where worker.state.isProblem {
            let detail = oneLine(worker.detail), name = WorkerName.short(worker.id)
            if let place = groups.firstIndex(where: { $0.state == worker.state && $0.detail == detail }) {
                groups[place].names.append(name)
            } else {
                groups.append((worker.state, detail, worker.time, [name]))
            }
        }
        return groups.map { group in
            let who = group.names.count > 2 ? "\(group.names.count) workers" : group.names.joined(separator: ", ")
            let silence = snapshot.time - group.heard
            let length = group.state == .stalled && silence >= 1_000_000_000 ? " for \(Format.age(silence))" : ""
            let detail = group.detail.isEmpty ? "" : ": \(group.detail)\(length)"
            return Alert(
                severity: group.state == .failed ? .failure : .warning, text: "\(who) \(group.state.rawValue)\(detail)")
        }
    }

    private static func numbers(_ snapshot: RunSnapshot) -> [Alert] {
        let bad = snapshot.series.filter { !$0.last.isFinite }
        guard let first = bad.first else { return [] }
        let more = bad.count > 1 ? " and \(bad.count - 1) more" : ""
        // The last value is known here, and not since when it is no number.
        let text = "\(first.key) is \(ShortNumber.text(first.last)) at step \(Format.step(first.lastStep))\(more)"
        return [Alert(severity: .failure, text: text)]
    }

    private static func oneLine(_ text: String) -> String {
        text.split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
    }
}

/// The line above the footer that says what is wrong.
struct AlertsLine {
    let alerts: [Alert]

    func render(in surface: inout Surface, area: Rect) {
        guard !alerts.isEmpty else { return }
        let count = alerts.count == 1 ? "" : "[\(alerts.count) alerts]"
        let room = area.width - 2 - (count.isEmpty ? 0 : count.cellWidth + 2)
        let texts = texts(in: room, ellipsis: surface.glyphs.ellipsis)
        let line = zip(alerts, texts).reduce(TextLine()) { line, entry in
            let role: Role = entry.0.severity == .failure ? .logError : .logWarning
            let gap = line.runs.isEmpty ? "" : "   "
            return line.appending("\(gap)\(entry.0.glyph(in: surface.glyphs)) \(entry.1)", role)
        }
        surface.write(line, x: area.x + 1, y: area.y, maxWidth: room)
        surface.write(count, x: area.maxX - count.cellWidth - 1, y: area.y, role: .dim)
    }

    /// What is said of each: all of it where there is room; otherwise the last ones give up their details first, so that
    /// every alert is named as long as that is possible, and the first one has what is left.
    private func texts(in room: Int, ellipsis: Unicode.Scalar) -> [String] {
        var texts = alerts.map(\.text)
        func left() -> Int { room - texts.reduce(-3) { $0 + 5 + $1.cellWidth } }
        for index in texts.indices.reversed() where left() < 0 { texts[index] = alerts[index].short }
        let spare = left()
        if spare > 3 { texts[0] = alerts[0].text.fitted(to: texts[0].cellWidth + spare, ellipsis: ellipsis) }
        return texts
    }
}

/// Why the trial failed, where it cannot be overlooked, until esc puts it away.
struct FailureBanner {
    let title: String
    let lines: [String]
    /// What R does.
    let resumption: String

    /// What the banner says; nil where nothing failed or it was put away.
    static func lines(of run: RunView) -> FailureBanner? {
        guard let snapshot = run.snapshot, snapshot.status == .failed, run.dismissedFailure != snapshot.statusDetail
        else { return nil }
        let event = snapshot.events.last { $0.event == .workerFailed }
        let text = snapshot.statusDetail.isEmpty ? event?.detail ?? "no reason was recorded" : snapshot.statusDetail
        var lines = text.split(whereSeparator: \.isNewline).map(String.init)
        let teller = lines.first.flatMap { worker(in: $0) } ?? event?.worker ?? ""
        let culprit = worker(in: FailureReport.cause(in: text)) ?? teller
        var title = culprit.isEmpty ? "first failure" : "first failure of \(culprit)"
        if culprit != teller, !teller.isEmpty {
            title += ", told by \(teller)"
            // It would name another worker than the title and say nothing else.
            if lines.count > 1, lines[0].hasSuffix("reported an error") { lines.removeFirst() }
        }
        return FailureBanner(title: title, lines: lines, resumption: run.snapshot.resumption)
    }

    /// The worker that a line begins with.
    private static func worker(in line: String) -> String? {
        line.split { $0 == " " || $0 == ":" }.first.flatMap { WorkerID($0)?.description }
    }

    /// Rows it needs to say all of it, its frame and its keys included, at a width.
    func height(width: Int) -> Int { wrapped(to: width - 4).count + 3 }

    private func wrapped(to width: Int) -> [TextLine] {
        lines.flatMap { Paragraph.wrapped(TextLine($0, .logError), to: max(8, width)) }
    }

    func render(in surface: inout Surface, area: Rect) {
        let inside = surface.box(area, title: "\(surface.glyphs.failed) \(title)", trailing: "esc", focus: .unfocused)
        surface.paint(area.row(0), role: .statusFailed)
        let (text, hint) = inside.inset(horizontal: 1, vertical: 0).splitBottom(1)
        let all = wrapped(to: text.width)
        Paragraph(lines: Array(all.prefix(text.height))).render(in: &surface, area: text)
        var keys = TextLine("R", .key).appending(" \(resumption)   ", .dim).appending("r", .key)
            .appending(" replay", .dim)
        if all.count > text.height {
            keys =
                TextLine("\(all.count - text.height) more lines: ", .dim).appending("cockpit logs   ", .key) + keys
        }
        surface.write(keys, x: hint.x, y: hint.y, maxWidth: hint.width)
    }
}

extension RunSnapshot? {
    /// What R does with a trial that has ended; of one that is not read yet, what it does mostly.
    fileprivate var resumption: String {
        self?.checkpoints.isEmpty == true ? "begins anew: nothing was saved" : "resumes from the last checkpoint"
    }
}
