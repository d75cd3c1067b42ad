import Protocol

/// Where the parts of a run's screen lie. The reducer asks it too: how many charts there are, and what a click hits.
struct DashboardLayout: Equatable, Sendable {
    enum Style: Equatable, Sendable {
        /// Less than 60x16.
        case tooSmall
        /// One chart row, buffer and devices on one line, one list.
        case compact
        case full
    }

    static let minimum = Size(width: 60, height: 16)

    let style: Style
    let header: Rect
    /// The first failure, in a box of its own.
    private(set) var banner: Rect?
    private(set) var alerts: Rect?
    let footer: Rect
    private(set) var transport: Rect?
    /// Buffer and devices on one line.
    private(set) var meters: Rect?
    private(set) var panes: [PaneID: Rect] = [:]
    private(set) var chartBoxes: [Rect] = []
    /// Charts side by side.
    private(set) var chartColumns = 1

    init(state: AppState) {
        let bounds = Rect(state.size)
        let isSmall = bounds.width < Self.minimum.width || bounds.height < Self.minimum.height
        let isFull = bounds.width >= 100 && bounds.height >= 28
        style = isSmall ? .tooSmall : (isFull ? .full : .compact)
        var rest = bounds
        (header, rest) = rest.splitTop(1)
        (rest, footer) = rest.splitBottom(1)
        guard !isSmall, let run = state.run else { return }
        if !Alerts.of(run).isEmpty {
            (rest, alerts) = { ($0.rest, $0.bottom) }(rest.splitBottom(1))
        }
        if FailureBanner.lines(of: run) != nil, bounds.height >= 20 {
            (banner, rest) = { ($0.top, $0.rest) }(rest.splitTop(bounds.height >= 36 ? 5 : 4))
        }
        place(run, screen: state.screen, in: rest)
    }

    private mutating func place(_ run: RunView, screen: ScreenID, in body: Rect) {
        var body = body
        if run.transport.isReplay {
            let rows = style == .full ? 6 : (body.height >= 20 ? 5 : 3)
            (body, transport) = { ($0.rest, $0.bottom) }(body.splitBottom(rows))
        }
        if screen == .timeline {
            let (top, bottom) = body.splitBottom(body.height >= 18 ? 7 : 0)
            panes = [.timeline: top]
            meters = bottom.isEmpty ? nil : bottom
        } else if run.isZoomed {
            panes = [run.focus: body]
            if run.focus == .charts { placeCharts(in: body, rows: max(1, body.height / 10)) }
        } else if style == .full {
            placeFull(run, in: body)
        } else {
            placeCompact(run, in: body)
        }
    }

    private func laneCount(_ run: RunView) -> Int {
        max(2, TimelinePanel.rows(of: run))
    }

    private mutating func placeFull(_ run: RunView, in body: Rect) {
        let lanes = min(laneCount(run) + 4, max(6, body.height * 2 / 5))
        let (timeline, below) = body.splitTop(lanes)
        panes[.timeline] = timeline
        var rest = below
        if rest.height >= 22 {
            let (middle, bottom) = rest.splitTop(body.height >= 60 ? 11 : (body.height >= 40 ? 8 : 7))
            let halves = middle.columns([.minimum(40), .minimum(46)])
            panes[.buffer] = halves[0]
            panes[.devices] = halves[1]
            rest = bottom
        } else if rest.height >= 17 {
            (rest, meters) = { ($0.rest, $0.top) }(rest.splitTop(3))
        }
        let listHeight = max(6, min(rest.height - 8, rest.height * 2 / 5))
        let (charts, lists) = rest.splitBottom(listHeight)
        placeCharts(in: charts, rows: max(1, charts.height / 8))
        let columns = lists.columns([.fraction(0.6), .fraction(0.4)])
        let hasPlace = panes[.buffer] != nil || meters != nil
        panes[hasPlace || run.focus == .logs ? .workers : bottomPane(run)] = columns[0]
        panes[.logs] = columns[1]
    }

    private mutating func placeCompact(_ run: RunView, in body: Rect) {
        let isTall = body.height >= 19
        let lanes = isTall ? body.height / 3 : (body.height * 2 + 4) / 5
        let (timeline, below) = body.splitTop(min(laneCount(run) + 3, lanes))
        panes[.timeline] = timeline
        var rest = below
        if isTall { (rest, meters) = { ($0.rest, $0.bottom) }(rest.splitBottom(3)) }
        let hasList = rest.height >= 8
        let (charts, list) = rest.splitBottom(hasList ? max(3, rest.height / 2 - 1) : 0)
        // The meters read better above the list than below it.
        if let below = meters, hasList {
            meters = Rect(x: list.x, y: list.y, width: list.width, height: below.height)
            panes[bottomPane(run)] = Rect(x: list.x, y: list.y + below.height, width: list.width, height: list.height)
        } else if hasList {
            panes[bottomPane(run)] = list
        }
        if !hasList, bottomPane(run) == run.focus {
            panes[run.focus] = charts
        } else {
            placeCharts(in: charts, rows: 1)
        }
    }

    /// Workers and log share a place; buffer and devices come there when they have no line of their own.
    private func bottomPane(_ run: RunView) -> PaneID {
        switch run.focus {
        case .workers, .logs: run.focus
        case .buffer, .devices: meters == nil ? run.focus : .workers
        case .timeline, .charts: .workers
        }
    }

    private mutating func placeCharts(in area: Rect, rows: Int) {
        panes[.charts] = area
        chartColumns = min(max(1, area.width / 36), 6)
        let lines = area.rows((0..<rows).map { _ in .minimum(4) })
        chartBoxes = lines.flatMap { $0.columns((0..<chartColumns).map { _ in .minimum(10) }) }
    }

    // MARK: Questions

    /// Columns a curve is wanted in: two for each cell of the widest chart.
    var curveColumns: Int { max(20, ((chartBoxes.map(\.width).max() ?? 40) - 7) * 2) }

    /// The metrics on the page that the selected one is on.
    func chartPage(of run: RunView) -> Range<Int> {
        let count = run.metrics.count
        let length = max(1, chartBoxes.count)
        let first = min(max(0, run.charts.selected), max(0, count - 1)) / length * length
        return first..<max(first, min(count, first + length))
    }

    /// The pane under a cell.
    func pane(at position: Point) -> PaneID? {
        panes.first { $0.value.contains(position) }?.key
    }
}
