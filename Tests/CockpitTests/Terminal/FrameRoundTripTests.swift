import TestSupport
import Testing

@testable import Cockpit

/// Random frames through ncurses to an emulated terminal: what a person sees is what was drawn, however little was sent.
@Suite("Frames on a terminal", .serialized)
@MainActor
struct FrameRoundTripTests {
    private static let words = [
        "step 1284", "训练", "한국어", "ｱｲｳ", "⣿⣷⣄", "█▌▏", "─│┌┐", "●◌✓✗", "a", "  ", "日本語 text", "0.713", "→←", "~",
    ]

    private static let size = Size(width: 44, height: 9)

    private func frame(_ random: inout SplitMix, over old: Surface?) -> Surface {
        var surface = Surface(size: Self.size)
        if let old, Int.random(in: 0..<4, using: &random) > 0 { surface = old }
        for _ in 0..<Int.random(in: 1...12, using: &random) {
            let place = Rect(
                x: Int.random(in: -3..<44, using: &random), y: Int.random(in: 0..<9, using: &random),
                width: Int.random(in: 1...20, using: &random), height: Int.random(in: 1...3, using: &random))
            let role = Role.allCases.randomElement(using: &random) ?? .foreground
            switch Int.random(in: 0..<6, using: &random) {
            case 0: surface.fill(place)
            case 1: surface.paint(place, role: role, background: .selectionBackground, adding: .bold)
            case 2: surface.box(place, title: "训 t")
            default:
                surface.write(
                    Self.words.randomElement(using: &random) ?? "", x: place.x, y: place.y, role: role,
                    attributes: Attributes(rawValue: UInt8.random(in: 0..<32, using: &random)))
            }
        }
        return surface
    }

    /// The rows as an emulator keeps them: the right half of a wide character is a blank.
    private func rows(of surface: Surface) -> [String] {
        (0..<surface.height).map { y in
            var text = ""
            for x in 0..<surface.width {
                let cell = surface[x, y]
                text.append(cell?.kind == .trailing ? " " : Character(cell?.scalar ?? " "))
            }
            while text.last == " " { text.removeLast() }
            return text
        }
    }

    private func withScreen(
        _ type: String, _ depth: ColorDepth, _ body: (PseudoTerminal, NCursesScreen) throws -> Void
    ) throws {
        let terminal = try PseudoTerminal(columns: UInt16(Self.size.width), rows: UInt16(Self.size.height))
        let plan = TerminalPlan(types: [type], depth: depth, repertoire: .unicode, asksForSynchronizedOutput: false)
        let screen = try NCursesScreen.open(plan: plan, input: terminal.program, terminal: terminal.program)
        defer { screen.close() }
        try body(terminal, screen)
    }

    private nonisolated static let terminals: [(String, ColorDepth)] = [
        ("xterm-mono", .mono), ("xterm", .basic8), ("xterm-256color", .indexed256), ("cockpit-direct", .trueColor),
    ]

    @Test(arguments: terminals)
    func `the screen is the newest frame after any frames before it`(type: String, depth: ColorDepth) throws {
        var random = SplitMix(seed: UInt64(type.utf8.count))
        try withScreen(type, depth) { terminal, screen in
            var emulator = TerminalEmulator(width: Self.size.width, height: Self.size.height)
            var last: Surface?
            for number in 0..<60 {
                let surface = frame(&random, over: last)
                screen.present(surface, theme: .defaultDark)
                emulator.feed(terminal.output().utf8)
                let expected = rows(of: surface)
                #expect(emulator.lines == expected, "\(type) frame \(number)")
                if emulator.lines != expected { return }
                last = surface
            }
        }
    }

    @Test(arguments: terminals)
    func `colours are those that the terminal has`(type: String, depth: ColorDepth) throws {
        var random = SplitMix(seed: 5)
        try withScreen(type, depth) { terminal, screen in
            _ = terminal.output()
            var kinds: Set<String> = []
            for _ in 0..<20 {
                screen.present(frame(&random, over: nil), theme: .defaultDark)
                kinds.formUnion(Self.colorKinds(terminal.output()))
            }
            let allowed: Set<String> =
                switch depth {
                case .mono: []
                case .basic16, .basic8: ["basic"]
                case .indexed256: ["basic", "indexed"]
                case .trueColor: ["basic", "direct"]
                }
            #expect(kinds.isSubset(of: allowed), "\(kinds)")
            #expect(kinds.isEmpty == (depth == .mono))
            #expect(depth != .trueColor || kinds.contains("direct"))
        }
    }

    /// How the sequences `ESC [ … m` name colours.
    private static func colorKinds(_ output: String) -> Set<String> {
        var kinds: Set<String> = []
        for part in output.split(separator: "\u{1B}[").dropFirst() {
            guard let end = part.firstIndex(where: { !"0123456789;:".contains($0) }), part[end] == "m" else { continue }
            var numbers = part[..<end].split(whereSeparator: { ";:".contains($0) }).compactMap { Int($0) }[...]
            while let number = numbers.popFirst() {
                switch number {
                case 38, 48:
                    let isDirect = numbers.first == 2
                    kinds.insert(isDirect ? "direct" : "indexed")
                    numbers = numbers.dropFirst(isDirect ? 4 : 2)
                case 30...37, 40...47, 90...97, 100...107: kinds.insert("basic")
                default: break
                }
            }
        }
        return kinds
    }

    @Test func `a screen that another program wrote on is whole after a repaint`() throws {
        try withScreen("xterm-256color", .indexed256) { terminal, screen in
            var emulator = TerminalEmulator(width: Self.size.width, height: Self.size.height)
            var random = SplitMix(seed: 9)
            let surface = frame(&random, over: nil)
            screen.present(surface, theme: .defaultDark)
            emulator.feed(terminal.output().utf8)
            emulator.feed("\u{1B}[3;3Hwall: the machine goes down".utf8)
            screen.present(surface, theme: .defaultDark)
            emulator.feed(terminal.output().utf8)
            #expect(emulator.text.contains("goes down"), "nothing changed, so nothing was sent")
            screen.invalidate()
            screen.present(surface, theme: .defaultDark)
            emulator.feed(terminal.output().utf8)
            #expect(emulator.lines == rows(of: surface))
        }
    }

    @Test func `a terminal that has become smaller takes what was drawn for its former size`() throws {
        try withScreen("xterm-256color", .indexed256) { terminal, screen in
            var emulator = TerminalEmulator(width: 12, height: 3)
            var random = SplitMix(seed: 13)
            for _ in 0..<40 {
                screen.present(frame(&random, over: nil), theme: .defaultDark)
                emulator.feed(terminal.output().utf8)
            }
            // Margins and moved lines, as a program that has not heard of the change sends them.
            emulator.feed("\u{1B}[10;20r\u{1B}[9;1H\u{1B}[4M\u{1B}[2L\u{1B}[3S".utf8)
            #expect(emulator.lines.count == 3)
        }
    }

    @Test func `another theme draws the same text`() throws {
        try withScreen("cockpit-direct", .trueColor) { terminal, screen in
            var emulator = TerminalEmulator(width: Self.size.width, height: Self.size.height)
            var random = SplitMix(seed: 11)
            let surface = frame(&random, over: nil)
            screen.present(surface, theme: .defaultDark)
            emulator.feed(terminal.output().utf8)
            var theme = Theme.defaultDark
            theme[.foreground].trueColor = .rgb(RGB(0x123456))
            screen.present(surface, theme: theme)
            let change = terminal.output()
            #expect(change.contains("38;2;18;52;86"))
            emulator.feed(change.utf8)
            #expect(emulator.lines == rows(of: surface))
        }
    }
}

/// The difference of two frames, applied by hand.
@Suite("A frame's difference, applied")
struct FrameDiffPropertyTests {
    @Test(arguments: 1...6 as ClosedRange<UInt64>)
    func `to the old frame gives the new one, and sends no cell that is the same`(seed: UInt64) {
        var random = SplitMix(seed: seed)
        var old = Surface(width: 20, height: 4)
        for _ in 0..<80 {
            var new = Bool.random(using: &random) ? old : Surface(width: 20, height: 4)
            for _ in 0..<3 {
                new.write(
                    ["训", "ab", "한글", "x", " ", "e\u{301}"].randomElement(using: &random) ?? "",
                    x: Int.random(in: 0..<20, using: &random), y: Int.random(in: 0..<4, using: &random), role: .key)
            }
            var applied = old.cells
            var sent = 0
            FrameDiff(from: old, to: new).forEach { x, y, cell in
                applied[y * 20 + x] = cell
                sent += 1
                if cell.kind == .wide {
                    applied[y * 20 + x + 1] = new.cells[y * 20 + x + 1]
                }
            }
            #expect(applied == new.cells)
            #expect(sent <= zip(old.cells, new.cells).count { $0 != $1 })
            old = new
        }
    }
}
