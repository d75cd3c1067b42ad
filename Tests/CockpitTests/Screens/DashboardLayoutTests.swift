import Protocol
import Testing

@testable import Cockpit
@testable import Store

@Suite("The layout of a run's screen")
struct DashboardLayoutTests {
    enum Situation: String, CaseIterable, Sendable {
        case live, replay, alerting, failed, failedReplay

        /// With few spans, so that thousands of sizes take no time.
        func state() throws -> AppState {
            var state =
                switch self {
                case .replay, .failedReplay: try StateFixtures.replay()
                case .live, .alerting, .failed: try StateFixtures.live()
                }
            state.run?.snapshot?.spans = []
            if self != .live && self != .replay { state.run?.snapshot?.droppedRecords = 3 }
            if self == .failed || self == .failedReplay {
                state.run?.snapshot?.status = .failed
                state.run?.snapshot?.statusDetail = "gone"
            }
            return state
        }
    }

    /// All thresholds with their neighbours against all lengths of the other side.
    private static let sizes: [Size] =
        [16, 19, 20, 22, 23, 27, 28, 29, 36, 47, 60, 100].flatMap { height in
            stride(from: 60, through: 300, by: 3).map { Size(width: $0, height: height) }
        }
        + [60, 71, 72, 99, 100, 107, 108, 200, 300].flatMap { width in
            (16...100).map { Size(width: width, height: $0) }
        }

    private func parts(_ layout: DashboardLayout) -> [Rect] {
        var parts = [layout.header, layout.footer]
        parts += [layout.banner, layout.alerts, layout.transport, layout.meters].compactMap(\.self)
        parts += layout.panes.filter { $0.key != .charts || layout.charts.boxes.isEmpty }.values
        return parts + (layout.panes[.charts] == nil ? [] : layout.charts.boxes)
    }

    /// The sum of the areas and no two that meet: together they are the screen.
    private func tiles(_ parts: [Rect], _ size: Size) -> Bool {
        let sum = parts.reduce(0) { $0 + $1.width * $1.height }
        let bounds = Rect(size)
        guard sum == size.width * size.height, parts.allSatisfy({ bounds.intersection($0) == $0 }) else { return false }
        return parts.indices.allSatisfy { index in
            parts[..<index].allSatisfy { $0.intersection(parts[index]).isEmpty }
        }
    }

    @Test(arguments: Situation.allCases)
    func `its parts tile the screen at every size`(situation: Situation) throws {
        var state = try situation.state()
        for size in Self.sizes {
            state.size = size
            let parts = parts(DashboardLayout(state: state))
            #expect(tiles(parts, size), "\(situation) \(size.width)x\(size.height): \(parts)")
        }
    }

    @Test(arguments: PaneID.allCases)
    func `a zoomed pane and the timeline's screen fill what the frame leaves`(pane: PaneID) throws {
        for situation in Situation.allCases {
            var state = try situation.state()
            state.run?.focus = pane
            state.run?.isZoomed = true
            var timeline = state
            timeline.screens = [.trials, .timeline]
            for size in Self.sizes where size.width % 4 == 0 {
                state.size = size
                timeline.size = size
                #expect(tiles(parts(DashboardLayout(state: state)), size), "\(pane) \(situation) \(size)")
                #expect(tiles(parts(DashboardLayout(state: timeline)), size), "timeline \(situation) \(size)")
            }
        }
    }

    @Test(arguments: Situation.allCases)
    func `the focused pane is on the screen in every situation and at every size`(situation: Situation) throws {
        for focus in PaneID.allCases {
            var state = try situation.state()
            state.run?.focus = focus
            for size in Self.sizes {
                state.size = size
                let layout = DashboardLayout(state: state)
                let isMiddle = Panels.panel(focus).traits.placement == .middle
                let isMetered = isMiddle && layout.meters.map { !$0.isEmpty } ?? false
                let isShown = layout.panes[focus].map { $0.height >= 3 && $0.width >= 20 } ?? false
                #expect(isShown || isMetered, "\(focus) at \(size.width)x\(size.height) \(situation)")
            }
        }
    }

    @Test func `below the minimum there is a header, a footer and nothing else, and never a trap`() throws {
        var state = try Situation.failedReplay.state()
        for width in 0...62 {
            for height in 0...18 where width < 60 || height < 16 {
                state.size = Size(width: width, height: height)
                let layout = DashboardLayout(state: state)
                #expect(layout.style == .tooSmall)
                #expect(layout.panes.isEmpty && layout.charts.boxes.isEmpty && layout.meters == nil)
                #expect(layout.header.height + layout.footer.height == min(2, width == 0 ? 2 : height, height))
            }
        }
    }

    @Test(arguments: [(59, 16), (60, 15), (60, 16), (99, 40), (100, 27), (100, 28), (300, 80)] as [(Int, Int)])
    func `its style follows the size`(width: Int, height: Int) throws {
        var state = try Situation.live.state()
        state.size = Size(width: width, height: height)
        let style: DashboardLayout.Style =
            width < 60 || height < 16 ? .tooSmall : (width >= 100 && height >= 28 ? .full : .compact)
        #expect(DashboardLayout(state: state).style == style)
    }

    @Test func `the pages of charts hold each metric once`() throws {
        var state = try Situation.live.state()
        for size in [Size(width: 60, height: 16), StateFixtures.middle, Size(width: 300, height: 80)] {
            state.size = size
            let run = try #require(state.run)
            var seen: [Int] = []
            for selected in run.metrics.indices {
                state.run?.charts.selected = selected
                let page = DashboardLayout(state: state).charts.page(of: try #require(state.run))
                #expect(page.contains(selected))
                if page.lowerBound == selected { seen += page }
            }
            #expect(seen == Array(run.metrics.indices))
        }
    }

    @Test func `a run without a metric has an empty page and a selection past the end the last one`() throws {
        var state = try Situation.live.state()
        state.run?.charts.selected = 99
        let last = try #require(state.run?.metrics.count) - 1
        #expect(DashboardLayout(state: state).charts.page(of: try #require(state.run)).contains(last))
        state.run?.snapshot?.series = []
        #expect(DashboardLayout(state: state).charts.page(of: try #require(state.run)).isEmpty)
    }

    @Test func `a cell belongs to the pane that a click there should reach`() throws {
        let state = try Situation.live.state()
        let layout = DashboardLayout(state: state)
        for (pane, area) in layout.panes {
            #expect(layout.pane(at: Point(x: area.x, y: area.y)) == pane)
            #expect(layout.pane(at: Point(x: area.maxX - 1, y: area.maxY - 1)) == pane)
        }
        #expect(layout.pane(at: Point(x: 0, y: 0)) == nil)
        #expect(layout.pane(at: Point(x: 5, y: state.size.height - 1)) == nil)
    }
}
