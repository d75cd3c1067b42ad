/// A grid of cells that a frame is drawn into; a plain value, so a screen can be compared as text in a test.
///
/// All drawing is clipped to `clip`, never traps, and never leaves half of a wide character.
struct Surface: Hashable, Sendable {
    let width: Int
    let height: Int

    /// The character set that boxes, meters and charts draw with.
    let glyphs: Glyphs

    /// Drawing outside of this part has no effect.
    private(set) var clip: Rect

    private(set) var cells: [Cell]

    init(width: Int, height: Int, glyphs: Glyphs = .unicode) {
        self.width = max(0, width)
        self.height = max(0, height)
        self.glyphs = glyphs
        clip = Rect(x: 0, y: 0, width: width, height: height)
        cells = Array(repeating: .blank, count: self.width * self.height)
    }

    init(size: Size, glyphs: Glyphs = .unicode) {
        self.init(width: size.width, height: size.height, glyphs: glyphs)
    }

    var size: Size { Size(width: width, height: height) }

    /// The whole surface.
    var bounds: Rect { Rect(x: 0, y: 0, width: width, height: height) }

    /// Writes text from (x, y) to the right and returns the cells it took. Control characters are shown, not obeyed.
    ///
    /// Text is cut at `maxWidth` cells and at the clip; a wide character that would be cut in half is left out.
    /// The background that is there already stays.
    @discardableResult
    mutating func write(
        _ text: String, x: Int, y: Int, role: Role, attributes: Attributes = [], maxWidth: Int? = nil
    ) -> Int {
        let limit = min(maxWidth ?? Int.max, clip.maxX - x)
        guard limit > 0, y >= clip.y, y < clip.maxY else { return 0 }
        var used = 0
        for original in text.unicodeScalars {
            let scalar = drawn(original)
            let cells = CharacterWidth.cells(of: scalar)
            if cells == 0 {
                attach(scalar, x: x + used - 1, y: y)
                continue
            }
            if used + cells > limit { break }
            put(scalar, cells: cells, x: x + used, y: y, role: role, attributes: attributes)
            used += cells
        }
        return used
    }

    /// What stands for a scalar in the repertoire of this surface; wide ones are left to the terminal.
    private func drawn(_ original: Unicode.Scalar) -> Unicode.Scalar {
        let scalar = CharacterWidth.printable(original)
        guard glyphs.repertoire == .ascii, !scalar.isASCII, CharacterWidth.cells(of: scalar) == 1 else { return scalar }
        return Glyphs.asciiSubstitute(for: scalar)
    }

    /// Writes text in a style that travels with it.
    @discardableResult
    mutating func write(_ text: String, x: Int, y: Int, style: TextStyle, maxWidth: Int? = nil) -> Int {
        write(text, x: x, y: y, role: style.role, attributes: style.attributes, maxWidth: maxWidth)
    }

    /// Sets one cell to one narrow drawing character.
    mutating func put(_ scalar: Unicode.Scalar, x: Int, y: Int, role: Role, attributes: Attributes = []) {
        put(scalar, cells: 1, x: x, y: y, role: role, attributes: attributes)
    }

    /// The cell at a position, or nil outside of the surface.
    subscript(x: Int, y: Int) -> Cell? {
        guard x >= 0, x < width, y >= 0, y < height else { return nil }
        return cells[y * width + x]
    }

    /// Draws with the clip narrowed to `rect`, and restores it after.
    mutating func clipped(to rect: Rect, _ draw: (inout Surface) -> Void) {
        let outer = clip
        clip = outer.intersection(rect)
        draw(&self)
        clip = outer
    }

    /// Changes each cell of a rectangle in place; the caller must not change a cell's `kind`.
    mutating func update(_ rect: Rect, _ change: (inout Cell) -> Void) {
        let area = rect.intersection(clip)
        guard !area.isEmpty else { return }
        for y in area.y..<area.maxY {
            for index in (y * width + area.x)..<(y * width + area.maxX) { change(&cells[index]) }
        }
    }

    private mutating func put(
        _ scalar: Unicode.Scalar, cells count: Int, x: Int, y: Int, role: Role, attributes: Attributes
    ) {
        guard y >= clip.y, y < clip.maxY, x >= clip.x, x + count <= clip.maxX else { return }
        let index = y * width + x
        for offset in 0..<count { separate(at: index + offset) }
        cells[index].scalar = scalar
        cells[index].mark = nil
        cells[index].role = role
        cells[index].attributes = attributes
        cells[index].kind = count == 2 ? .wide : .narrow
        if count == 2 {
            let background = cells[index].background
            cells[index + 1] = Cell(
                scalar: " ", mark: nil, role: role, background: background, attributes: attributes, kind: .trailing)
        }
    }

    /// Blanks the other half of a wide character that is about to lose one half.
    private mutating func separate(at index: Int) {
        switch cells[index].kind {
        case .narrow:
            return
        case .wide:
            cells[index + 1] = cells[index + 1].erased
        case .trailing:
            cells[index - 1] = cells[index - 1].erased
        }
        cells[index] = cells[index].erased
    }

    private mutating func attach(_ mark: Unicode.Scalar, x: Int, y: Int) {
        // Only marks that change the picture; joiners and selectors would merge cells in some terminals.
        guard mark.properties.generalCategory == .nonspacingMark, !mark.properties.isVariationSelector,
            x >= clip.x, x < clip.maxX
        else { return }
        let index = y * width + x
        let target = cells[index].kind == .trailing ? index - 1 : index
        if cells[target].mark == nil { cells[target].mark = mark }
    }
}
