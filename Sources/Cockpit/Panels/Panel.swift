import Protocol
import Store

/// One box of a run's screen. Panels read a snapshot; they cannot tell a live run from a recorded one.
protocol Panel: Sendable {
    var id: PaneID { get }
    /// The inside it needs to make sense; smaller places leave it out.
    var minimum: Size { get }
    func title(_ context: PanelContext) -> String
    /// A short text at the right of the border.
    func trailing(_ context: PanelContext) -> String
    /// Draws into the inside of the box.
    func render(in surface: inout Surface, area: Rect, context: PanelContext)
}

/// What panels draw from.
struct PanelContext: Sendable {
    var run: RunView
    var snapshot: RunSnapshot
    /// Seconds to add to UTC.
    var utcOffset: Int
    var glyphs: Glyphs

    /// The wall clock at a time of the run.
    func wall(at time: Int64) -> Int64 { snapshot.header.startedWall + time }

    func clock(at time: Int64) -> String { Format.clock(wall(at: time), offset: utcOffset) }
}

extension Panel {
    /// Draws the box and what is in it.
    func draw(in surface: inout Surface, area: Rect, context: PanelContext, focus: FocusState) {
        let inside = surface.box(area, title: title(context), trailing: trailing(context), focus: focus)
        guard inside.width >= minimum.width, inside.height >= minimum.height else { return }
        surface.clipped(to: inside) { render(in: &$0, area: inside, context: context) }
    }
}
