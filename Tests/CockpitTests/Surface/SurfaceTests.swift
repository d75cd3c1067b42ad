import Testing

@testable import Cockpit

@Suite("A surface")
struct SurfaceTests {
    private var surface = Surface(width: 8, height: 2)

    @Test
    mutating func `takes text and counts its cells`() {
        let written = surface.write("step", x: 2, y: 0, role: .title)
        #expect(written == 4)
        #expect(surface.lines == ["  step", ""])
        #expect(surface[2, 0]?.role == .title)
    }

    @Test
    mutating func `cuts text at its edges and at the width asked for`() {
        var written = surface.write("abcdefgh", x: 5, y: 0, role: .foreground)
        #expect(written == 3)
        written = surface.write("abcdefgh", x: -2, y: 1, role: .foreground, maxWidth: 4)
        #expect(written == 4)
        #expect(surface.lines == ["     abc", "cd"])
        written = surface.write("below", x: 0, y: 2, role: .foreground)
        #expect(written == 0)
        written = surface.write("above", x: 0, y: -1, role: .foreground)
        #expect(written == 0)
    }

    @Test
    mutating func `gives a wide character two cells`() {
        let written = surface.write("训练ok", x: 0, y: 0, role: .foreground)
        #expect(written == 6)
        #expect(surface.lines[0] == "训练ok")
        #expect(surface[1, 0]?.kind == .trailing)
    }

    @Test
    mutating func `never cuts a wide character in half`() {
        var written = surface.write("ab训", x: 5, y: 0, role: .foreground)
        #expect(written == 2)
        #expect(surface.lines[0] == "     ab")
        written = surface.write("训", x: -1, y: 1, role: .foreground)
        #expect(written == 2)
        #expect(surface.lines[1] == "")
    }

    @Test
    mutating func `blanks the half that is left of an overwritten wide character`() {
        surface.write("训练", x: 0, y: 0, role: .foreground)
        surface.write("x", x: 1, y: 0, role: .foreground)
        #expect(surface.lines[0] == " x练")
        surface.write("y", x: 2, y: 0, role: .foreground)
        #expect(surface.lines[0] == " xy")
    }

    @Test
    mutating func `shows escape sequences instead of obeying them`() {
        surface.write("\u{1B}[2J\u{7}\u{7F}\r\n", x: 0, y: 0, role: .foreground)
        #expect(surface.lines[0] == "␛[2J␇␡␍␊")
        surface.write("a\tb\u{9B}c\u{202E}d", x: 0, y: 1, role: .foreground)
        #expect(surface.lines[1] == "a b\u{FFFD}c\u{FFFD}d")
    }

    @Test
    func `draws text of strangers with ASCII alone where that is asked for`() {
        var plain = Surface(width: 12, height: 1, glyphs: .ascii)
        plain.write("a\nb\u{1B}→é", x: 0, y: 0, role: .foreground)
        #expect(plain.lines[0] == "a b?>?")
    }

    @Test
    mutating func `survives bytes that are not UTF-8`() {
        let text = String(decoding: [0x61, 0xFF, 0xC3, 0x62], as: UTF8.self)
        surface.write(text, x: 0, y: 0, role: .foreground)
        #expect(surface.lines[0] == "a\u{FFFD}\u{FFFD}b")
    }

    @Test
    mutating func `keeps one combining mark with its letter`() {
        let written = surface.write("e\u{301}\u{300}x\u{200D}y", x: 0, y: 0, role: .foreground)
        #expect(written == 3)
        #expect(surface.lines[0] == "e\u{301}xy")
    }

    @Test
    mutating func `draws text over a background without losing it`() {
        surface.fill(Rect(x: 0, y: 0, width: 8, height: 1), background: .selectionBackground)
        surface.write("row", x: 1, y: 0, role: .statusRunning)
        #expect(surface[1, 0]?.background == .selectionBackground)
        #expect(surface[7, 0]?.background == .selectionBackground)
        #expect(surface[0, 1]?.background == .background)
    }

    @Test
    mutating func `draws nothing outside of its clip`() {
        surface.clipped(to: Rect(x: 2, y: 0, width: 3, height: 1)) { inner in
            inner.write("abcdefgh", x: 0, y: 0, role: .foreground)
            inner.write("abcdefgh", x: 0, y: 1, role: .foreground)
        }
        surface.write("z", x: 7, y: 1, role: .foreground)
        #expect(surface.lines == ["  cde", "       z"])
    }

    @Test
    mutating func `dims without changing text`() {
        surface.write("future", x: 0, y: 0, role: .foreground)
        surface.dim(Rect(x: 3, y: 0, width: 5, height: 1))
        #expect(surface.lines[0] == "future")
        #expect(surface[2, 0]?.attributes == [])
        #expect(surface[3, 0]?.attributes == .dim)
    }

    @Test
    func `may have no cells at all`() {
        var empty = Surface(width: 0, height: -3)
        empty.box(Rect(x: 0, y: 0, width: 5, height: 5), title: "t")
        empty.write("x", x: 0, y: 0, role: .foreground)
        #expect(empty.lines == [])
    }
}

@Suite("A box")
struct BoxTests {
    @Test
    func `carries a title and a second text in its border`() {
        var surface = Surface(width: 26, height: 3)
        let inside = surface.box(surface.bounds, title: "Workers 6", trailing: "6")
        #expect(
            surface.lines == [
                "┌─ Workers 6 ──────── 6 ─┐",
                "│                        │",
                "└────────────────────────┘",
            ])
        #expect(inside == Rect(x: 1, y: 1, width: 24, height: 1))
    }

    @Test
    func `drops the second text first, then cuts the title`() {
        var surface = Surface(width: 14, height: 2)
        surface.box(surface.bounds, title: "Workers 6", trailing: "full screen")
        #expect(surface.lines[0] == "┌─ Workers… ─┐")
    }

    @Test
    func `is drawn in ASCII where there is no Unicode`() {
        var surface = Surface(width: 12, height: 3, glyphs: .ascii)
        surface.box(surface.bounds, title: "Log")
        #expect(surface.lines == ["+- Log ----+", "|          |", "+----------+"])
    }

    @Test
    func `shows focus by its role and a bold title`() {
        var surface = Surface(width: 12, height: 3)
        surface.box(surface.bounds, title: "Log", focus: .focused)
        #expect(surface[0, 0]?.role == .borderFocus)
        #expect(surface[3, 0]?.attributes == .bold)
    }
}
