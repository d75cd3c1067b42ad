/// The control sequences that we send ourselves, besides what ncurses sends.
enum TerminalSequences {
    static let mouseOn = "\u{1B}[?1002h\u{1B}[?1006h"
    static let mouseOff = "\u{1B}[?1002l\u{1B}[?1006l"
    static let pasteOn = "\u{1B}[?2004h"
    static let frameStart = "\u{1B}[?2026h"
    static let frameEnd = "\u{1B}[?2026l"
    static let askSynchronizedOutput = "\u{1B}[?2026$p"
    static let alternateScreen = "\u{1B}[?1049h"
    static let hideCursor = "\u{1B}[?25l"

    /// Everything undone: bracket, mouse, paste, keypad, scroll region, colours, cursor, alternate screen, title.
    static let undo =
        frameEnd + mouseOff + "\u{1B}[?2004l" + "\u{1B}[?1l\u{1B}>" + "\u{1B}[r" + "\u{1B}[0m" + "\u{1B}[?25h"
        + "\u{1B}[?1049l" + "\u{1B}[23;0;0t"

    /// The text for the clipboard, base64 as OSC 52 wants it.
    static func copy(_ text: String) -> String {
        "\u{1B}]52;c;\(base64(Array(text.utf8)))\u{07}"
    }

    private static func base64(_ bytes: [UInt8]) -> String {
        let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        var text = ""
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let value = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
            for digit in 0..<4 {
                text.append(digit <= group.count ? digits[value >> (18 - 6 * digit) & 63] : "=")
            }
        }
        return text
    }
}
