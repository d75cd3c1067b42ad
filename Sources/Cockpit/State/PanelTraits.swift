/// Names a panel.
struct PaneID: Hashable, Sendable, CustomStringConvertible {
    /// As help and palette call it: "go to the buffer".
    let name: String

    init(_ name: String) { self.name = name }

    var description: String { name }
}

/// Where on the dashboard a panel has its place.
enum PanelPlacement: Sendable {
    /// Across the whole width, on top.
    case top
    /// Side by side below it; where there is no room, all of them together become one line of meters.
    case middle
    /// In what the others leave.
    case body
    /// Side by side at the bottom; where it is narrow they share one place, and the focused one has it.
    case list
}

/// What never changes about a panel.
struct PanelTraits: Sendable {
    let id: PaneID
    let placement: PanelPlacement
    /// The keys that only this panel understands; nil for none.
    var scope: Scope?
    /// The inside it needs to make sense; smaller places leave it out.
    var minimum: Size
    /// The screen that shows more of it; nil where the zoomed panel is all there is.
    var screen: ScreenID?
}
