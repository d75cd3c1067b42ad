/// Writes a surface as a picture that looks the same in every viewer.
///
/// Text stands at exact cell positions in runs of one style, with its length stated. Lines, blocks and braille are
/// drawn as shapes: fonts disagree about their widths, or lack them.
struct SurfaceSVG {
    private let surface: Surface
    private let theme: Theme
    private let depth: ColorDepth

    // DejaVu Sans Mono is 1233/2048 em wide; a renderer that ignores textLength is then right as well.
    private let fontSize = 14.0
    private let cellWidth = 8.43
    private let cellHeight = 17.0
    private let baseline = 13.0
    private let margin = 8.0

    private var body = ""

    /// The picture as the text of an SVG file.
    /// - Parameter depth: as a terminal of so many colours shows it.
    static func text(of surface: Surface, theme: Theme, depth: ColorDepth = .trueColor) -> String {
        var writer = SurfaceSVG(surface: surface, theme: theme, depth: depth)
        return writer.document()
    }

    private init(surface: Surface, theme: Theme, depth: ColorDepth) {
        self.surface = surface
        self.theme = theme
        self.depth = depth
    }

    private mutating func document() -> String {
        let width = Self.number(Double(surface.width) * cellWidth + 2 * margin)
        let height = Self.number(Double(surface.height) * cellHeight + 2 * margin)
        for row in 0..<surface.height {
            drawBackgrounds(row)
            drawCharacters(row)
        }
        return """
            <svg xmlns="http://www.w3.org/2000/svg" width="\(width)" height="\(height)" \
            viewBox="0 0 \(width) \(height)">
            <rect width="100%" height="100%" rx="6" fill="\(theme.assumedBackground.hex)"/>
            <g font-family="'DejaVu Sans Mono','Noto Sans Mono','Noto Sans Mono CJK SC','WenQuanYi Zen Hei Mono',\
            Menlo,Consolas,monospace" font-size="\(Self.number(fontSize))" xml:space="preserve">
            \(body)</g>
            </svg>

            """
    }

    // MARK: - Runs

    private struct Look: Equatable {
        var foreground: RGB
        var background: RGB?
        var attributes: Attributes
    }

    private func look(of cell: Cell) -> Look {
        let style = theme.style(of: cell, depth: depth)
        var front = rgb(style.foreground) ?? theme.assumedForeground
        // What a terminal does with the attribute; at more colours it is in the colour already.
        if style.attributes.contains(.dim) { front = front.mixed(with: theme.assumedBackground, share: 0.4) }
        let back = rgb(style.background)
        guard style.attributes.contains(.reverse) else {
            return Look(foreground: front, background: back, attributes: style.attributes)
        }
        return Look(foreground: back ?? theme.assumedBackground, background: front, attributes: style.attributes)
    }

    private func rgb(_ color: ThemeColor) -> RGB? {
        switch color {
        case .terminalDefault: nil
        case .rgb(let color): color
        case .palette(let number): number < 16 ? RGB(Self.palette[Int(number)]) : Self.indexed(Int(number))
        }
    }

    private mutating func drawBackgrounds(_ row: Int) {
        var start = 0
        while start < surface.width {
            let color = cell(start, row).flatMap { look(of: $0).background }
            var end = start + 1
            while end < surface.width, cell(end, row).flatMap({ look(of: $0).background }) == color { end += 1 }
            if let color {
                rectangle(
                    x: left(start), y: top(row), width: Double(end - start) * cellWidth, height: cellHeight,
                    color: color)
            }
            start = end
        }
    }

    private mutating func drawCharacters(_ row: Int) {
        var column = 0
        while column < surface.width {
            guard let cell = cell(column, row), cell.kind != .trailing, cell.scalar != " " else {
                column += 1
                continue
            }
            let look = look(of: cell)
            if drawShape(cell.scalar, column: column, row: row, color: look.foreground) {
                column += 1
                continue
            }
            column += drawRun(column, row, look: look)
        }
    }

    /// Draws text of one style up to the next blank, shape or other style; returns its cells.
    private mutating func drawRun(_ start: Int, _ row: Int, look: Look) -> Int {
        var text = String.UnicodeScalarView()
        var column = start
        while let cell = cell(column, row), self.look(of: cell) == look {
            if cell.kind != .trailing {
                let isAlone = !cell.scalar.isASCII
                // Other scripts may come from another font: they get a run of their own, at their own place.
                if column > start, isAlone || cell.scalar == " " { break }
                text.append(cell.scalar)
                if let mark = cell.mark { text.append(mark) }
                column += cell.kind == .wide ? 2 : 1
                if isAlone { break }
            } else {
                column += 1
            }
        }
        let attributes = styleAttributes(look)
        let length = Self.number(Double(column - start) * cellWidth)
        body += "<text x=\"\(Self.number(left(start)))\" y=\"\(Self.number(top(row) + baseline))\" "
        body += "textLength=\"\(length)\" lengthAdjust=\"spacingAndGlyphs\"\(attributes)>"
        body += Self.escaped(String(text)) + "</text>\n"
        return max(1, column - start)
    }

    private func styleAttributes(_ look: Look) -> String {
        var text = " fill=\"\(look.foreground.hex)\""
        if look.attributes.contains(.bold) { text += " font-weight=\"bold\"" }
        if look.attributes.contains(.italic) { text += " font-style=\"italic\"" }
        if look.attributes.contains(.underline) { text += " text-decoration=\"underline\"" }
        return text
    }

    // MARK: - Shapes

    private mutating func drawShape(_ scalar: Unicode.Scalar, column: Int, row: Int, color: RGB) -> Bool {
        guard let shapes = CellShape.shapes(of: scalar) else { return false }
        for shape in shapes {
            let x = left(column) + shape.x * cellWidth
            let y = top(row) + shape.y * cellHeight
            if shape.isDot {
                body += "<circle cx=\"\(Self.number(x))\" cy=\"\(Self.number(y))\" r=\"1.35\" fill=\"\(color.hex)\"/>\n"
            } else {
                rectangle(
                    x: x, y: y, width: shape.width * cellWidth, height: shape.height * cellHeight, color: color,
                    opacity: shape.opacity)
            }
        }
        return true
    }

    private mutating func rectangle(
        x: Double, y: Double, width: Double, height: Double, color: RGB, opacity: Double = 1
    ) {
        let shade = opacity < 1 ? " fill-opacity=\"\(Self.number(opacity))\"" : ""
        // Neighbouring cells must meet without a seam, so edges are not smoothed.
        body += "<rect x=\"\(Self.number(x))\" y=\"\(Self.number(y))\" width=\"\(Self.number(width))\" "
        body += "height=\"\(Self.number(height))\" fill=\"\(color.hex)\"\(shade) shape-rendering=\"crispEdges\"/>\n"
    }

    // MARK: - Numbers and text

    private func cell(_ x: Int, _ y: Int) -> Cell? { surface[x, y] }
    private func left(_ column: Int) -> Double { margin + Double(column) * cellWidth }
    private func top(_ row: Int) -> Double { margin + Double(row) * cellHeight }

    private static func number(_ value: Double) -> String {
        var text = ShortNumber.fixed(value, decimals: 2)
        while text.hasSuffix("0") { text.removeLast() }
        if text.hasSuffix(".") { text.removeLast() }
        return text
    }

    private static func escaped(_ text: String) -> String {
        // By scalars: a bracket with a combining mark is another character and yet a bracket to XML.
        text.unicodeScalars.reduce(into: "") { result, scalar in
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            default: result.unicodeScalars.append(scalar)
            }
        }
    }

    /// The fixed part of the 256 colours: the cube and the greys.
    private static func indexed(_ number: Int) -> RGB {
        if number >= 232 { return RGB(UInt32(8 + (number - 232) * 10) * 0x010101) }
        let levels: [UInt32] = [0, 95, 135, 175, 215, 255]
        let place = number - 16
        return RGB(levels[place / 36] << 16 | levels[place / 6 % 6] << 8 | levels[place % 6])
    }

    private static let palette: [UInt32] = [
        0x1E1E1E, 0xCD3131, 0x0DBC79, 0xE5E510, 0x2472C8, 0xBC3FBC, 0x11A8CD, 0xE5E5E5,
        0x666666, 0xF14C4C, 0x23D18B, 0xF5F543, 0x3B8EEA, 0xD670D6, 0x29B8DB, 0xFFFFFF,
    ]
}
