import CNCurses
import Glibc

/// The screen of a real terminal. There is one ncurses per process, so there is one of these at a time.
///
/// ncurses turns changed cells into bytes; we send the bytes of a frame in one piece. A terminal that does not keep up
/// delays frames, and never the program.
@MainActor
final class NCursesScreen: Screen {
    private(set) var size: Size
    let glyphs: Glyphs
    let colorDepth: ColorDepth

    private let terminal: TerminalGuard
    private var output: OutputBuffer
    private var shown: Surface?
    private var shownTheme: Theme?

    /// What was asked for while the terminal was still busy with an earlier frame.
    private var delayed: (surface: Surface, theme: Theme)?
    private var bracketsFrames = false
    private var mouse: MouseCapture = .on
    private var isOpen = true

    /// Takes over the terminal; `close` gives it back.
    static func open(
        plan: TerminalPlan, input: Int32 = STDIN_FILENO, terminal: Int32 = STDOUT_FILENO
    ) throws(TerminalError) -> NCursesScreen {
        _ = term_use_utf8()
        let held = try TerminalGuard.take(terminal)
        guard plan.types.contains(where: { term_open($0, input) }) else {
            held.end()
            throw TerminalError(
                code: .unknownType, message: "No terminfo entry for '\(plan.types.joined(separator: "', '"))'",
                hint: "Install ncurses-term, or set TERM=xterm-256color")
        }
        return NCursesScreen(plan: plan, terminal: held)
    }

    private init(plan: TerminalPlan, terminal: TerminalGuard) {
        self.terminal = terminal
        glyphs = plan.repertoire == .unicode ? .unicode : .ascii
        colorDepth = Self.depth(colors: Int(term_colors()), atMost: plan.depth)
        output = OutputBuffer(descriptor: terminal.descriptor)
        size = Self.windowSize(of: terminal.descriptor) ?? Size(width: 80, height: 24)
        term_resize(Int32(size.width), Int32(size.height))
        enterModes()
        if plan.asksForSynchronizedOutput { output.send(TerminalSequences.askSynchronizedOutput) }
    }

    /// Restores the terminal and says goodbye on it. Returns soon even if nobody reads the terminal any more, where a
    /// plain `print` after it would wait for ever.
    func close(farewell: String = "") {
        guard isOpen else { return }
        isOpen = false
        term_close()
        terminal.end(farewell: farewell)
    }

    func present(_ surface: Surface, theme: Theme) {
        guard isOpen else { return }
        guard output.isEmpty else {
            delayed = (surface, theme)
            return
        }
        delayed = nil
        let isSame = shown?.size == surface.size && shownTheme == theme
        var pen = Pen()
        FrameDiff(from: isSame ? shown : nil, to: surface).forEach { x, y, cell in
            put(cell, x: x, y: y, style: pen.take(theme.style(of: cell, depth: colorDepth), isBlank: cell.isBlank))
        }
        shown = surface
        shownTheme = theme
        sendFrame()
    }

    func resize(to size: Size) {
        self.size = size
        term_resize(Int32(size.width), Int32(size.height))
        shown = nil
    }

    func invalidate() {
        term_invalidate()
        shown = nil
    }

    func copy(_ text: String) -> ClipboardOutcome {
        // What xterm and tmux take in one sequence, less its frame.
        let limit = 74_000
        let bytes = text.utf8.count
        guard bytes <= limit else { return .tooLong(bytes: bytes, limit: limit) }
        output.send(TerminalSequences.copy(text))
        return .copied(bytes: bytes)
    }

    func setMouse(_ capture: MouseCapture) {
        mouse = capture
        output.send(capture == .on ? TerminalSequences.mouseOn : TerminalSequences.mouseOff)
    }

    func suspend() {
        terminal.release()
        term_stop_self()
        terminal.hold()
        output.discard()
        enterModes()
        resize(to: Self.windowSize(of: terminal.descriptor) ?? size)
        invalidate()
    }

    // MARK: - Frames

    private func enterModes() {
        output.send(TerminalSequences.alternateScreen + TerminalSequences.hideCursor + TerminalSequences.pasteOn)
        if mouse == .on { output.send(TerminalSequences.mouseOn) }
    }

    private func put(_ cell: Cell, x: Int, y: Int, style: Theme.Style) {
        let pair = term_pair(number(style.foreground), number(style.background))
        let attributes = UInt32(style.attributes.rawValue)
        let cells = cell.kind == .wide ? 2 : 1
        // libc's widths place ncurses' cells; a character it does not know must not shift the rest of the row.
        if isDrawable(cell.scalar, cells: cells) {
            term_put(Int32(x), Int32(y), cell.scalar.value, cell.mark?.value ?? 0, attributes, pair)
        } else {
            let substitute = Glyphs.asciiSubstitute(for: cell.scalar).value
            for offset in 0..<cells { term_put(Int32(x + offset), Int32(y), substitute, 0, attributes, pair) }
        }
    }

    private func isDrawable(_ scalar: Unicode.Scalar, cells: Int) -> Bool {
        if scalar.isASCII { return true }
        return glyphs.repertoire == .unicode && term_is_width(scalar.value, Int32(cells))
    }

    private func sendFrame() {
        let length = term_flush()
        guard length > 0 else { return }
        let bytes = [UInt8](unsafeUninitializedCapacity: length) { buffer, count in
            // SAFETY: term_take writes at most `length` bytes, the buffer's capacity.
            count = buffer.withMemoryRebound(to: CChar.self) { term_take($0.baseAddress, length) }
        }
        if bracketsFrames {
            output.send(Array(TerminalSequences.frameStart.utf8) + bytes + Array(TerminalSequences.frameEnd.utf8))
        } else {
            output.send(bytes)
        }
    }

    // MARK: - Colours and size

    private func number(_ color: ThemeColor) -> Int32 {
        switch color {
        case .terminalDefault:
            return -1
        case .palette(let number):
            if colorDepth == .trueColor, number >= 8 { return Int32(Self.bright[Int(number) % 8]) }
            return Int32(number)
        case .rgb(let color):
            // A direct-colour entry takes 0 to 7 for the palette; these blues are black to the eye anyway.
            return color.value < 8 ? 0 : Int32(color.value)
        }
    }

    private static let bright: [UInt32] = [
        0x7F7F7F, 0xFF5555, 0x55FF55, 0xFFFF55, 0x7777FF, 0xFF55FF, 0x55FFFF, 0xFFFFFF,
    ]

    private static func depth(colors: Int, atMost limit: ColorDepth) -> ColorDepth {
        if limit == .mono || colors < 8 { return .mono }
        if colors >= 1 << 24 { return limit }
        if colors >= 256 { return limit == .basic16 ? .basic16 : .indexed256 }
        return colors >= 16 ? .basic16 : .basic8
    }

    private static func windowSize(of descriptor: Int32) -> Size? {
        var columns: Int32 = 0
        var rows: Int32 = 0
        guard term_window_size(descriptor, &columns, &rows) else { return nil }
        return Size(width: Int(columns), height: Int(rows))
    }
}

extension NCursesScreen: TerminalPeer {
    var blockedOutput: Int32? { output.isEmpty ? nil : terminal.descriptor }

    func drain() {
        output.flush()
        if output.isEmpty, let next = delayed { present(next.surface, theme: next.theme) }
    }

    func receive(_ report: TerminalReport) {
        if case .synchronizedOutput(let isSupported) = report { bracketsFrames = isSupported }
    }
}
