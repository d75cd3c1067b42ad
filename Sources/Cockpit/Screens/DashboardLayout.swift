import Protocol
import Store

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
    /// The panels of the middle on one line.
    private(set) var meters: Rect?
    private(set) var panes: [PaneID: Rect] = [:]
    private var metricCount = 0

    init(state: AppState) {
        let bounds = Rect(state.size)
        let isSmall = bounds.width < Self.minimum.width || bounds.height < Self.minimum.height
        let isFull = bounds.width >= 100 && bounds.height >= 28
        style = isSmall ? .tooSmall : (isFull ? .full : .compact)
        var rest = bounds
        (header, rest) = rest.splitTop(1)
        (rest, footer) = rest.splitBottom(1)
        guard !isSmall, let run = state.run else { return }
        metricCount = run.metrics.count
        if !Alerts.of(run).isEmpty {
            (rest, alerts) = { ($0.rest, $0.bottom) }(rest.splitBottom(1))
        }
        if let failure = FailureBanner.lines(of: run), bounds.height >= 20 {
            // The cause is told whole; what is left for the rest still shows how far the trial came.
            let most = rest.height - (isFull ? 18 : 9)
            (banner, rest) = {
                ($0.top, $0.rest)
            }(rest.splitTop(min(most, max(4, failure.height(width: bounds.width)))))
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
        place(Panels.at(.top).map(\.id), in: timeline)
        var rest = below
        if rest.height >= 22 {
            let (middle, bottom) = rest.splitTop(body.height >= 60 ? 11 : (body.height >= 40 ? 8 : 7))
            place(Panels.at(.middle).map(\.id), in: middle)
            rest = bottom
        } else if rest.height >= 17 {
            (rest, meters) = { ($0.rest, $0.top) }(rest.splitTop(3))
        }
        let listHeight = max(6, min(rest.height - 8, rest.height * 2 / 5))
        let (charts, lists) = rest.splitBottom(listHeight)
        place(Panels.at(.body).map(\.id), in: charts)
        var names = Panels.at(.list).map(\.id)
        // A panel without a place of its own comes to the first of the lists.
        let isHomeless = Panels.panel(run.focus).traits.placement == .middle && panes[run.focus] == nil
        if isHomeless, meters == nil, !names.isEmpty { names[0] = run.focus }
        // Where it is high enough, the first list takes the lines it needs and the next ones the whole width below.
        let needed = (run.snapshot?.workers.count ?? 0) + 3
        if names.count > 1, lists.height >= needed + 8 {
            let rows = lists.rows(names.indices.map { $0 == 0 ? .fixed(needed) : .minimum(4) })
            for (name, row) in zip(names, rows) { panes[name] = row }
            return
        }
        let share = 0.4 / Double(max(1, names.count - 1))
        let columns = lists.columns(names.indices.map { .fraction($0 == 0 ? 0.6 : share) })
        for (name, column) in zip(names, columns) { panes[name] = column }
    }

    /// Panels side by side, each as wide as the others.
    private mutating func place(_ names: [PaneID], in area: Rect) {
        let parts = area.columns(names.map { _ in .minimum(40) })
        for (name, part) in zip(names, parts) { panes[name] = part }
    }

    private mutating func placeCompact(_ run: RunView, in body: Rect) {
        let isTall = body.height >= 19
        let lanes = isTall ? body.height / 3 : (body.height * 2 + 4) / 5
        let (timeline, below) = body.splitTop(min(laneCount(run) + 3, lanes))
        place(Panels.at(.top).map(\.id), in: timeline)
        var rest = below
        if isTall { (rest, meters) = { ($0.rest, $0.bottom) }(rest.splitBottom(3)) }
        let hasList = rest.height >= 8
        // All workers with the header, where the charts keep enough rows to be read.
        let wanted = max(max(3, rest.height / 2 - 1), min((run.snapshot?.workers.count ?? 0) + 3, rest.height - 5))
        let (charts, list) = rest.splitBottom(hasList ? wanted : 0)
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
            place(Panels.at(.body).map(\.id), in: charts)
        }
    }

    /// The lists share a place; the panels of the middle come there when they have no line of their own.
    private func bottomPane(_ run: RunView) -> PaneID {
        let first = Panels.at(.list).first?.id ?? run.focus
        switch Panels.panel(run.focus).traits.placement {
        case .list: return run.focus
        case .middle: return meters == nil ? run.focus : first
        case .top, .body: return first
        }
    }

    // MARK: Questions

    /// The charts in sight, each in a box of its own.
    var charts: ChartGrid { ChartGrid(panes[.charts] ?? .zero, count: metricCount) }

    /// Columns a curve is wanted in: two for each cell of the widest chart.
    var curveColumns: Int { max(20, ((charts.boxes.map(\.width).max() ?? 40) - 7) * 2) }

    /// The pane under a cell.
    func pane(at position: Point) -> PaneID? {
        panes.first { $0.value.contains(position) }?.key
    }
}
