import Protocol
import Testing

@testable import Cockpit
@testable import Store

@Suite struct ScreenPropertyTests {
    /// Every width and height between 20x6 and 300x80 would be 21 000 sizes; these cover every threshold and its
    /// neighbours, and a coarse grid of the rest.
    private static let widths = [20, 21, 59, 60, 61, 79, 80, 81, 99, 100, 101, 119, 120, 150, 199, 200, 201, 300]
    private static let heights = [6, 7, 15, 16, 17, 18, 19, 20, 21, 23, 24, 27, 28, 29, 35, 36, 50, 60, 80]

    @Test(arguments: GoldenTests.Scene.allCases)
    func `each screen draws at every size and never halves a wide character`(scene: GoldenTests.Scene) throws {
        // Each width with two heights and each height with two widths: every threshold is crossed both ways.
        let sizes =
            Self.widths.flatMap { [Size(width: $0, height: 16), Size(width: $0, height: 36)] }
            + Self.heights.flatMap { [Size(width: 60, height: $0), Size(width: 120, height: $0)] } + [
                Size(width: 300, height: 80)
            ]
        for size in sizes {
            let surface = ScreenPicture.surface(try scene.state(size))
            #expect(surface.size == size)
            #expect(Self.halves(surface) == 0, "\(scene) \(size)")
        }
    }

    private static func halves(_ surface: Surface) -> Int {
        var count = 0
        var isAfterWide = false
        for (index, cell) in surface.cells.enumerated() {
            if index % surface.width == 0 { isAfterWide = false }
            if (cell.kind == .trailing) != isAfterWide { count += 1 }
            isAfterWide = cell.kind == .wide
        }
        return count
    }

    @Test func `panes never overlap and stay on the screen`() throws {
        for width in [60, 80, 99, 100, 120, 200, 300] {
            for height in Self.heights where height >= 16 {
                for state in [
                    try StateFixtures.live(Size(width: width, height: height)),
                    try StateFixtures.replay(Size(width: width, height: height)),
                ] {
                    let layout = DashboardLayout(state: state)
                    var places = Array(layout.panes.values) + [layout.header, layout.footer]
                    places += [layout.alerts, layout.banner, layout.transport, layout.meters].compactMap(\.self)
                    for (index, place) in places.enumerated() {
                        #expect(place.intersection(Rect(state.size)) == place, "\(width)x\(height)")
                        for other in places[..<index] {
                            #expect(place.intersection(other).isEmpty, "\(width)x\(height)")
                        }
                    }
                }
            }
        }
    }

    @Test func `the focused pane is always on the screen`() throws {
        for width in [60, 99, 100, 300] {
            for height in Self.heights where height >= 16 {
                for focus in PaneID.allCases {
                    var state = try StateFixtures.live(Size(width: width, height: height))
                    state.run?.focus = focus
                    let layout = DashboardLayout(state: state)
                    let isMiddle = Panels.panel(focus).traits.placement == .middle
                    let isOnMeters = layout.meters != nil && isMiddle
                    #expect(layout.panes[focus] != nil || isOnMeters, "\(focus) at \(width)x\(height)")
                }
            }
        }
    }

    @Test func `below the minimum there is a message and the trial in a line`() throws {
        let text = ScreenPicture.text(try StateFixtures.live(Size(width: 50, height: 12)))
        #expect(text.contains("terminal too small"))
        #expect(text.contains("50x12, needs 60x16"))
        #expect(text.contains("step 230/460"))
    }

    @Test(arguments: [
        Size(width: 0, height: 0), Size(width: 1, height: 1), Size(width: 20, height: 5), Size(width: 5, height: 40),
    ])
    func `tiny terminals do not trap`(size: Size) throws {
        #expect(ScreenPicture.surface(try StateFixtures.live(size)).size == size)
    }

    @Test func `strange data does not trap`() throws {
        for width in [60, 80, 120, 200] {
            var state = try StateFixtures.live(Size(width: width, height: 40))
            guard var snapshot = state.run?.snapshot else { return }
            snapshot.totalSteps = 0
            snapshot.step = 0
            snapshot.time = 0
            snapshot.endTime = 0
            snapshot.spans = []
            snapshot.workers = []
            snapshot.devices = []
            snapshot.curves = [
                "sft/loss": Curve(firstStep: 5, lastStep: 5, columns: [ReducedColumn(count: 0, nonFinite: 1)])
            ]
            snapshot.buffer = BufferRow(
                time: 0, step: 0, event: "put", mfc: "", count: 0, size: 5, capacity: 0, beingRead: 0, ready: [:],
                staleness: [])
            state.run?.snapshot = snapshot
            for keys in ["", "3", "7", "6", "r"] {
                var changed = state
                ScreenPicture.press(keys, on: &changed)
                #expect(ScreenPicture.surface(changed).height == 40)
            }
        }
    }

    @Test func `an empty home greets with what to press`() {
        let text = ScreenPicture.text(StateFixtures.empty(Size(width: 60, height: 16)))
        #expect(text.contains("launch a trial"))
        #expect(text.contains("cockpit start -e grpo-arith -f first"))
    }
}
