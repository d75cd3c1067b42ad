import Protocol
import Store

/// One box of a run's screen. Panels read a snapshot; they cannot tell a live run from a recorded one.
///
/// Only the first three have to be there; the rest is for panels that can be acted on.
protocol Panel: Sendable {
    var traits: PanelTraits { get }
    func title(_ context: PanelContext) -> String
    /// Draws into the inside of the box.
    func render(in surface: inout Surface, area: Rect, context: PanelContext)

    /// A short text at the right of the border.
    func trailing(_ context: PanelContext) -> String
    /// Draws the box and what is in it.
    func draw(in surface: inout Surface, area: Rect, context: PanelContext, focus: FocusState)
    /// Draws what it has to say in part of a line, from `x` on, where panels of the middle share one.
    /// - Returns: the column for the next one.
    func meter(in surface: inout Surface, x: Int, y: Int, context: PanelContext) -> Int
    /// Does what a key of its scope, or a movement, means in it. `area` is where it lies on the screen.
    func handle(_ action: ActionID, in state: inout AppState, area: Rect)
    /// A click somewhere in its area, which has given it the focus.
    func click(at position: Point, area: Rect, in run: inout RunView)
    /// The text that it is filtered by; nil where there is nothing to filter.
    func filter(in run: RunView) -> String?
    func setFilter(_ text: String, in run: inout RunView)
    /// What is copied of it; nil for nothing.
    func selection(in run: RunView) -> String?
}

extension Panel {
    var id: PaneID { traits.id }

    func trailing(_ context: PanelContext) -> String { "" }
    func draw(in surface: inout Surface, area: Rect, context: PanelContext, focus: FocusState) {
        drawBox(in: &surface, area: area, context: context, focus: focus)
    }
    func meter(in surface: inout Surface, x: Int, y: Int, context: PanelContext) -> Int { x }
    func handle(_ action: ActionID, in state: inout AppState, area: Rect) {}
    func click(at position: Point, area: Rect, in run: inout RunView) {}
    func filter(in run: RunView) -> String? { nil }
    func setFilter(_ text: String, in run: inout RunView) {}
    func selection(in run: RunView) -> String? { nil }
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

    /// The key that goes to a panel; empty in a replay, where digits move the playhead.
    func digit(of pane: PaneID) -> String {
        run.transport.isReplay ? "" : Panels.digit(of: pane).map(String.init) ?? ""
    }

    func clock(at time: Int64) -> String { Format.clock(wall(at: time), offset: utcOffset) }
}

extension Panel {
    /// One box with the title, the digit that leads here, and the panel's picture.
    func drawBox(in surface: inout Surface, area: Rect, context: PanelContext, focus: FocusState) {
        let words = [trailing(context), context.digit(of: id)].filter { !$0.isEmpty }
        let inside = surface.box(
            area, title: title(context), trailing: words.joined(separator: "  "), focus: focus)
        guard inside.width >= traits.minimum.width, inside.height >= traits.minimum.height else { return }
        surface.clipped(to: inside) { render(in: &$0, area: inside, context: context) }
    }
}

extension Surface {
    /// A gauge between its name and its number; returns the column for what follows.
    mutating func meter(_ label: String, _ share: Double, _ text: String, x: Int, y: Int) -> Int {
        var x = x + write(label, x: x, y: y, role: .dim) + 1
        Gauge(share: share).render(in: &self, area: Rect(x: x, y: y, width: 14, height: 1))
        x += 14
        return x + write(text, x: x, y: y, role: .foreground) + 2
    }
}
