/// As much of a terminal as ncurses needs under `TERM=xterm-256color`: what a person would see after these bytes.
package struct TerminalEmulator: Sendable {
    package private(set) var width: Int
    package private(set) var height: Int
    private var cells: [[Character]]
    private var saved: [[Character]]?
    private var row = 0
    private var column = 0
    private var top = 0
    private var bottom: Int
    private var lastWritten: Character = " "
    private var parser = Parser.ground
    private var pendingScalar: [UInt8] = []
    /// Private modes that are on now: 1049 is the alternate screen, 1006 the mouse, 2004 bracketed paste.
    package private(set) var modes: Set<Int> = []
    /// What the terminal answers to queries; the driver writes it back.
    package var answers: [UInt8] = []

    private enum Parser: Sendable {
        case ground
        case escape
        case charset
        case csi([UInt8])
        case string
        case stringEscape
    }

    package init(width: Int, height: Int) {
        self.width = width
        self.height = height
        bottom = height - 1
        cells = Self.blank(width, height)
    }

    private static func blank(_ width: Int, _ height: Int) -> [[Character]] {
        Array(repeating: Array(repeating: " ", count: width), count: height)
    }

    /// The screen as text, without trailing blanks.
    package var lines: [String] {
        cells.map { row in
            var text = String(row)
            while text.last == " " { text.removeLast() }
            return text
        }
    }

    package var text: String { lines.joined(separator: "\n") }
    package var isOnAlternateScreen: Bool { modes.contains(1049) }
    package var isCursorVisible: Bool { !hidesCursor }
    /// Between the beginning and the end of a frame (mode 2026): a person would still see the one before.
    package var isInsideFrame: Bool { modes.contains(2026) }
    private var hidesCursor = false
    /// Characters push what is right of them along (mode 4).
    private var inserts = false

    /// A terminal of another size: what is drawn stays where it fits, as in tmux.
    package mutating func resize(width: Int, height: Int) {
        var resized = Self.blank(width, height)
        for y in 0..<min(height, self.height) {
            for x in 0..<min(width, self.width) { resized[y][x] = cells[y][x] }
        }
        (cells, self.width, self.height) = (resized, width, height)
        (top, bottom) = (0, height - 1)
        (row, column) = (min(row, height - 1), min(column, width - 1))
    }

    package mutating func feed(_ bytes: some Sequence<UInt8>) { for byte in bytes { feed(byte) } }

    private mutating func feed(_ byte: UInt8) {
        switch parser {
        case .ground: ground(byte)
        case .escape: escape(byte)
        case .charset: parser = .ground
        case .csi(var parameters):
            if (0x40...0x7e).contains(byte) {
                parser = .ground
                control(byte, parameters)
            } else {
                parameters.append(byte)
                parser = .csi(parameters)
            }
        case .string:
            if byte == 7 { parser = .ground } else if byte == 0x1b { parser = .stringEscape }
        case .stringEscape: parser = byte == UInt8(ascii: "\\") ? .ground : .string
        }
    }

    private mutating func ground(_ byte: UInt8) {
        switch byte {
        case 0x1b: parser = .escape
        case 0x0d: column = 0
        case 0x0a: lineFeed()
        case 0x08: column = max(0, min(column, width - 1) - 1)
        case 0x09: column = min(width - 1, (column / 8 + 1) * 8)
        case 0..<0x20: break
        default:
            pendingScalar.append(byte)
            if let text = String(validating: pendingScalar, as: UTF8.self) {
                pendingScalar = []
                for character in text { put(character) }
            } else if pendingScalar.count >= 4 {
                pendingScalar = []
            }
        }
    }

    private mutating func escape(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "["): parser = .csi([])
        case UInt8(ascii: "]"), UInt8(ascii: "P"), UInt8(ascii: "_"): parser = .string
        case UInt8(ascii: "("), UInt8(ascii: ")"): parser = .charset
        case UInt8(ascii: "M"):
            if row == top { scroll(down: 1, from: top) } else { row = max(0, row - 1) }
            parser = .ground
        default: parser = .ground
        }
    }

    private mutating func put(_ character: Character) {
        let wide = character.unicodeScalars.first.map(Self.isWide) ?? false
        if column >= width {
            column = 0
            lineFeed()
        }
        if inserts {
            cells[row].insert(character, at: column)
            cells[row].removeLast()
        }
        cells[row][column] = character
        lastWritten = character
        column += 1
        if wide, column < width {
            cells[row][column] = " "
            column += 1
        }
    }

    /// East Asian wide ranges, as far as a test writes them.
    private static func isWide(_ scalar: UnicodeScalar) -> Bool {
        (0x1100...0x115f).contains(scalar.value) || (0x2e80...0xa4cf).contains(scalar.value)
            || (0xac00...0xd7a3).contains(scalar.value) || (0xf900...0xfaff).contains(scalar.value)
            || (0xff00...0xff60).contains(scalar.value) || (0x1f300...0x1faff).contains(scalar.value)
    }

    private mutating func lineFeed() {
        if row == bottom { scroll(up: 1) } else { row = min(height - 1, row + 1) }
    }

    private mutating func scroll(up count: Int) {
        for _ in 0..<min(count, bottom - top + 1) {
            cells.remove(at: top)
            cells.insert(Array(repeating: " ", count: width), at: bottom)
        }
    }

    private mutating func scroll(down count: Int, from first: Int) {
        for _ in 0..<min(count, bottom - first + 1) {
            cells.remove(at: bottom)
            cells.insert(Array(repeating: " ", count: width), at: first)
        }
    }
}

extension TerminalEmulator {
    private mutating func control(_ final: UInt8, _ raw: [UInt8]) {
        let isPrivate = raw.first == UInt8(ascii: "?")
        let text = String(decoding: isPrivate ? Array(raw.dropFirst()) : raw, as: UTF8.self)
        let numbers = text.split(separator: ";", omittingEmptySubsequences: false).map {
            Int($0.prefix { $0.isNumber }) ?? 0
        }
        let first = max(1, numbers.first ?? 1)
        // A cursor that waits behind the last column stands on it for everything but the next character.
        if final != UInt8(ascii: "m") { column = min(column, width - 1) }
        switch UnicodeScalar(final) {
        case "H", "f":
            row = min(height, first) - 1
            column = min(width, max(1, numbers.count > 1 ? numbers[1] : 1)) - 1
        case "d": row = min(height, first) - 1
        case "G": column = min(width, first) - 1
        case "A": row = max(0, row - first)
        case "B": row = min(height - 1, row + first)
        case "C": column = min(width - 1, column + first)
        case "D": column = max(0, column - first)
        case "r":
            let last = min(height, numbers.count > 1 && numbers[1] > 0 ? numbers[1] : height)
            // Margins for the size that the terminal had before: ignored where no two lines are left between them.
            if first < last { (top, bottom) = (first - 1, last - 1) }
        case "h" where numbers == [4] && !isPrivate: inserts = true
        case "l" where numbers == [4] && !isPrivate: inserts = false
        case "h" where isPrivate: numbers.forEach { mode($0, isOn: true) }
        case "l" where isPrivate: numbers.forEach { mode($0, isOn: false) }
        case "p" where isPrivate: answers += Array("\u{1b}[?2026;2$y".utf8)
        case "c" where !isPrivate: answers += Array("\u{1b}[?62;22c".utf8)
        case "n" where numbers.first == 6: answers += Array("\u{1b}[\(row + 1);\(column + 1)R".utf8)
        default: edit(final, numbers, count: first)
        }
    }

    private var isInsideMargins: Bool { (top...bottom).contains(row) }

    /// The sequences that change cells.
    private mutating func edit(_ final: UInt8, _ numbers: [Int], count: Int) {
        switch UnicodeScalar(final) {
        case "J": eraseScreen(numbers.first ?? 0)
        case "K": eraseLine(numbers.first ?? 0)
        case "X": for x in column..<min(width, column + count) { cells[row][x] = " " }
        case "b": for _ in 0..<count { put(lastWritten) }
        case "S": scroll(up: count)
        case "T": scroll(down: count, from: top)
        // Lines outside the margins are not moved.
        case "L" where isInsideMargins: scroll(down: count, from: row)
        case "M" where isInsideMargins:
            let saved = top
            top = row
            scroll(up: count)
            top = saved
        case "P":
            cells[row].removeSubrange(column..<min(width, column + count))
            cells[row] += Array(repeating: " ", count: width - cells[row].count)
        case "@":
            cells[row].insert(contentsOf: Array(repeating: " ", count: min(count, width - column)), at: column)
            cells[row].removeLast(cells[row].count - width)
        default: break
        }
    }

    private mutating func eraseScreen(_ kind: Int) {
        switch kind {
        case 0:
            eraseLine(0)
            for y in (row + 1)..<max(row + 1, height) { cells[y] = Array(repeating: " ", count: width) }
        case 1:
            for y in 0..<row { cells[y] = Array(repeating: " ", count: width) }
            eraseLine(1)
        default: cells = Self.blank(width, height)
        }
    }

    private mutating func eraseLine(_ kind: Int) {
        let range = kind == 0 ? min(column, width)..<width : kind == 1 ? 0..<min(width, column + 1) : 0..<width
        for x in range { cells[row][x] = " " }
    }

    private mutating func mode(_ number: Int, isOn: Bool) {
        if isOn { modes.insert(number) } else { modes.remove(number) }
        if number == 25 { hidesCursor = !isOn }
        guard number == 1049 else { return }
        if isOn {
            saved = cells
            cells = Self.blank(width, height)
        } else if let kept = saved {
            cells = kept
            saved = nil
        }
    }
}
