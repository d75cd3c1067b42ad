extension Surface {
    /// The text of each row, without trailing blanks: what tests compare and `snap --txt` prints.
    var lines: [String] {
        (0..<height).map { row in
            var text = String.UnicodeScalarView()
            var lengthWithoutBlanks = text.endIndex
            for cell in cells[(row * width)..<((row + 1) * width)] where cell.kind != .trailing {
                text.append(cell.scalar)
                if let mark = cell.mark { text.append(mark) }
                if cell.scalar != " " { lengthWithoutBlanks = text.endIndex }
            }
            return String(String.UnicodeScalarView(text[..<lengthWithoutBlanks]))
        }
    }

    /// All rows, each ended by a newline.
    var text: String {
        lines.map { $0 + "\n" }.joined()
    }
}
