/// The characters that drawing code may choose from: one set for Unicode terminals, one for ASCII.
///
/// The Unicode set stays within what common monospace fonts and glibc's character widths agree on; octants do not.
struct Glyphs: Hashable, Sendable {
    enum Repertoire: Sendable {
        case unicode
        case ascii
    }

    let repertoire: Repertoire

    // Lines and boxes
    let horizontal: Unicode.Scalar
    let vertical: Unicode.Scalar
    let topLeft: Unicode.Scalar
    let topRight: Unicode.Scalar
    let bottomLeft: Unicode.Scalar
    let bottomRight: Unicode.Scalar
    let dashedHorizontal: Unicode.Scalar
    let dashedVertical: Unicode.Scalar
    let doubleHorizontal: Unicode.Scalar
    let cross: Unicode.Scalar

    // Meters: eighths from the left and from below, each ending in the full block
    let leftEighths: [Unicode.Scalar]
    let lowerEighths: [Unicode.Scalar]
    let meterStart: Unicode.Scalar
    let meterEnd: Unicode.Scalar

    // Spans of a timeline
    let generate: Unicode.Scalar
    let inference: Unicode.Scalar
    let train: Unicode.Scalar
    let evaluate: Unicode.Scalar
    let initialize: Unicode.Scalar
    let sync: Unicode.Scalar
    let idle: Unicode.Scalar
    let save: Unicode.Scalar
    let tick: Unicode.Scalar
    /// A call much shorter than its cell.
    let brief: Unicode.Scalar

    // Marks
    let selected: Unicode.Scalar
    let expanded: Unicode.Scalar
    let collapsed: Unicode.Scalar
    let star: Unicode.Scalar
    let ellipsis: Unicode.Scalar
    let descending: Unicode.Scalar
    let ascending: Unicode.Scalar
    let scrollThumb: Unicode.Scalar

    // Status of a worker or trial
    let pending: Unicode.Scalar
    let starting: Unicode.Scalar
    let running: Unicode.Scalar
    let paused: Unicode.Scalar
    let stopping: Unicode.Scalar
    let done: Unicode.Scalar
    let failed: Unicode.Scalar
    let lost: Unicode.Scalar
}

extension Glyphs {
    static let unicode = Glyphs(
        repertoire: .unicode,
        horizontal: "─", vertical: "│", topLeft: "┌", topRight: "┐", bottomLeft: "└", bottomRight: "┘",
        dashedHorizontal: "┄", dashedVertical: "┊", doubleHorizontal: "═", cross: "╪",
        leftEighths: ["▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"],
        lowerEighths: ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
        meterStart: "▕", meterEnd: "▏",
        generate: "▓", inference: "▒", train: "█", evaluate: "▚", initialize: "╱", sync: "░", idle: "·", save: "┆",
        tick: "▏", brief: "▁",
        selected: "▸", expanded: "▾", collapsed: "▸", star: "★", ellipsis: "…", descending: "▾", ascending: "▴",
        scrollThumb: "┃",
        pending: "◌", starting: "◐", running: "●", paused: "‖", stopping: "◑", done: "✓", failed: "✗", lost: "?")

    static let ascii = Glyphs(
        repertoire: .ascii,
        horizontal: "-", vertical: "|", topLeft: "+", topRight: "+", bottomLeft: "+", bottomRight: "+",
        dashedHorizontal: "-", dashedVertical: ":", doubleHorizontal: "=", cross: "+",
        leftEighths: [" ", " ", " ", "#", "#", "#", "#", "#"],
        lowerEighths: ["_", "_", ".", ".", "o", "o", "#", "#"],
        meterStart: "[", meterEnd: "]",
        generate: "G", inference: "i", train: "T", evaluate: "e", initialize: "/", sync: "-", idle: ".", save: "s",
        tick: "'", brief: "_",
        selected: ">", expanded: "v", collapsed: ">", star: "*", ellipsis: "~", descending: "v", ascending: "^",
        scrollThumb: "#",
        pending: ".", starting: "~", running: "*", paused: "=", stopping: "!", done: "+", failed: "x", lost: "?")
}

extension Glyphs {
    /// What stands where a text was cut: before a path, `~` would be a person's home.
    func mark(of cut: TextCut) -> Unicode.Scalar {
        switch cut {
        case .front: repertoire == .ascii ? "<" : ellipsis
        case .end: ellipsis
        }
    }

    /// A text with signs that no single ASCII character can stand for spelled out: `<` is not `≤`.
    func spelled(_ text: String) -> String {
        guard repertoire == .ascii else { return text }
        return text.map { Self.spellings[$0] ?? String($0) }.joined()
    }

    private static let spellings: [Character: String] = ["≤": "<=", "≥": ">=", "…": "..", "→": "->"]

    /// The ASCII character that stands for one of ours on a terminal without Unicode; `?` for any other.
    static func asciiSubstitute(for scalar: Unicode.Scalar) -> Unicode.Scalar {
        substitutes[scalar] ?? "?"
    }

    private static let substitutes: [Unicode.Scalar: Unicode.Scalar] = [
        "µ": "u", "μ": "u", "°": " ", "¼": "4", "½": "2", "▁": "_", "■": "#", "▶": ">", "├": "|", "┤": "|",
        "●": "*", "◌": ".", "◐": "~", "◑": "!", "‖": "=", "✓": "+", "✗": "x", "★": "*", "◆": "*", "▸": ">", "▾": "v",
        "▴": "^", "◂": "<", "→": ">", "←": "<", "↑": "^", "↓": "v", "–": "-", "—": "-", "−": "-", "·": ".", "…": "~",
        "≤": "<", "≥": ">", "≈": "~", "×": "x", "§": "S", "▏": "|", "▕": "|", "│": "|", "─": "-", "█": "#", "▓": "G",
        "▒": "i", "▚": "e", "╱": "/", "␊": " ", "␍": " ", "░": "-", "┆": "s", "┊": ":", "┄": "-", "═": "=", "’": "'",
        "‘": "'", "“": "\"", "”": "\"",
    ]
}
