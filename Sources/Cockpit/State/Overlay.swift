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
        /// The launch form goes away with what was typed in it.
        case leaveForm
    }

    var question: String
    /// What will and will not happen.
    var details: [String]
    var consequence: Consequence
    /// When it came up, by the loop's clock; nil for one that has stood there for long.
    var askedAt: Int64?

    /// A key that comes sooner was on its way before anybody could read the question, so it is no answer to it.
    static let reading: Int64 = 300_000_000

    /// Whether a person can have read it by now.
    func isReadable(now: Int64) -> Bool { askedAt.map { now - $0 >= Self.reading } ?? true }
}
