/// Something that shows surfaces: a terminal, or a recording in a test.
@MainActor
protocol Screen: AnyObject {
    /// Columns and rows at the moment.
    var size: Size { get }

    /// What the screen can show; the dashboard draws with these.
    var glyphs: Glyphs { get }

    var colorDepth: ColorDepth { get }

    /// Shows a surface. Only cells that differ from the last one are sent; a surface of another size is cut or padded.
    func present(_ surface: Surface, theme: Theme)

    /// Takes the size the terminal now has; the next `present` draws everything.
    func resize(to size: Size)

    /// Draws everything at the next `present`, for ctrl-l and after another program wrote on the terminal.
    func invalidate()

    /// Puts text on the clipboard of the user's terminal and returns what happened.
    func copy(_ text: String) -> ClipboardOutcome

    /// Switches mouse reports on or off, so that the terminal's own selection works.
    func setMouse(_ capture: MouseCapture)

    /// Gives the terminal back for a while: ctrl-z. Returns once the program continues.
    func suspend()
}

enum MouseCapture: Sendable {
    case on
    case off
}

/// What became of a copy; terminals refuse long texts without a word, so the limit is kept here.
enum ClipboardOutcome: Hashable, Sendable {
    case copied(bytes: Int)
    case tooLong(bytes: Int, limit: Int)
}
