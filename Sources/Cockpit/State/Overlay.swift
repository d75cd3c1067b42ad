import Protocol

/// What lies over the screen and takes the keys.
enum Overlay: Equatable, Sendable {
    case help(HelpOverlay)
    case palette(PaletteOverlay)
    case themes(ThemesOverlay)
    case confirm(Confirmation)
}

/// The help of the focused pane; typing searches it.
struct HelpOverlay: Equatable, Sendable {
    var search = TextField()
    var scroll = 0
}

/// All actions by name; typing narrows the list.
struct PaletteOverlay: Equatable, Sendable {
    var input = TextField()
    var selected = 0
}

/// The list of themes; the one under the cursor is shown at once.
struct ThemesOverlay: Equatable, Sendable {
    var selected: Int
    /// What esc goes back to.
    var original: String
}

/// A question whose answer is No unless `y` is pressed.
struct Confirmation: Equatable, Sendable {
    /// What yes means.
    enum Consequence: Equatable, Sendable {
        case command(TrialCommandKind, WorkerID?, TrialID)
        case launch(LaunchDraft)
    }

    var question: String
    /// What will and will not happen.
    var details: [String]
    var consequence: Consequence
}
