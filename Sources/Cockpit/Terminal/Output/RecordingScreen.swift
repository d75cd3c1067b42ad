/// A screen without a terminal: keeps what it was shown, for tests and for `snap`.
@MainActor
final class RecordingScreen: Screen {
    private(set) var size: Size
    let glyphs: Glyphs
    let colorDepth: ColorDepth

    /// The surfaces shown, oldest first.
    private(set) var frames: [Surface] = []

    private(set) var copies: [String] = []
    private(set) var mouse: MouseCapture = .on
    private(set) var suspensions = 0
    private(set) var invalidations = 0

    init(size: Size, glyphs: Glyphs = .unicode, colorDepth: ColorDepth = .trueColor) {
        self.size = size
        self.glyphs = glyphs
        self.colorDepth = colorDepth
    }

    func present(_ surface: Surface, theme: Theme) {
        frames.append(surface)
    }

    func resize(to size: Size) {
        self.size = size
    }

    func invalidate() {
        invalidations += 1
    }

    func copy(_ text: String) -> ClipboardOutcome {
        copies.append(text)
        return .copied(bytes: text.utf8.count)
    }

    func setMouse(_ capture: MouseCapture) {
        mouse = capture
    }

    func suspend() {
        suspensions += 1
    }
}
