/// Colours and attributes for every role, in every colour depth.
struct Theme: Hashable, Sendable {
    enum Appearance: String, Sendable {
        case dark
        case light
        case any
    }

    /// What one role looks like: 24-bit (256 colours are derived from it), 16 colours, and attributes alone.
    struct Entry: Hashable, Sendable {
        var trueColor: ThemeColor
        var trueColorAttributes: Attributes = []
        var basic: ThemeColor
        var basicAttributes: Attributes = []
        var mono: Attributes = []
    }

    /// Colours and attributes a back end can send to a terminal.
    struct Style: Hashable, Sendable {
        var foreground: ThemeColor
        var background: ThemeColor
        var attributes: Attributes
    }

    var name: String
    var author: String
    var licence: String
    var appearance: Appearance
    var isColorBlindSafe: Bool

    private var entries: [Entry]

    /// A theme from one entry per role.
    init(
        name: String, author: String = "", licence: String = "", appearance: Appearance = .any,
        isColorBlindSafe: Bool = false, entries entry: (Role) -> Entry
    ) {
        self.name = name
        self.author = author
        self.licence = licence
        self.appearance = appearance
        self.isColorBlindSafe = isColorBlindSafe
        entries = Role.allCases.map(entry)
    }

    subscript(role: Role) -> Entry {
        get { entries[Int(role.rawValue)] }
        set { entries[Int(role.rawValue)] = newValue }
    }

    /// The background that colours are mixed with and checked against where the theme keeps the terminal's own.
    var assumedBackground: RGB {
        if case .rgb(let color) = self[.background].trueColor { return color }
        return appearance == .light ? RGB(0xFFFFFF) : RGB(0x14161B)
    }

    /// The foreground assumed where the theme keeps the terminal's own.
    var assumedForeground: RGB {
        if case .rgb(let color) = self[.foreground].trueColor { return color }
        return appearance == .light ? RGB(0x1F2328) : RGB(0xD8DEE9)
    }
}

// MARK: - Resolution

extension Theme {
    /// What a cell looks like on a terminal of the given depth.
    func style(of cell: Cell, depth: ColorDepth) -> Style {
        style(role: cell.role, background: cell.background, attributes: cell.attributes, depth: depth)
    }

    /// What text of a role looks like on a background role.
    func style(
        role: Role, background: Role = .background, attributes: Attributes = [], depth: ColorDepth
    ) -> Style {
        let front = self[role]
        let back = self[background]
        switch depth {
        case .mono:
            let own = back.mono.contains(.reverse) ? front.mono.subtracting(.dim) : front.mono
            return Style(
                foreground: .terminalDefault, background: .terminalDefault,
                attributes: attributes.union(own).union(back.mono))
        case .basic8:
            let own = front.basicAttributes.union(front.basic.emphasis)
            // Reversed, the colour of each text would be a patch in the row.
            guard !back.mono.contains(.reverse) else {
                return Style(
                    foreground: .terminalDefault, background: .terminalDefault,
                    attributes: attributes.union(own.subtracting(.dim)).union(back.mono))
            }
            return Style(
                foreground: front.basic.readable, background: .terminalDefault,
                attributes: attributes.union(own).union(back.mono))
        case .basic16:
            let all = attributes.union(front.basicAttributes).union(back.basicAttributes)
            return Style(foreground: front.basic, background: back.basic, attributes: all)
        case .indexed256, .trueColor:
            return colored(front, on: back, attributes: attributes, depth: depth)
        }
    }

    private func colored(_ front: Entry, on back: Entry, attributes: Attributes, depth: ColorDepth) -> Style {
        var foreground = front.trueColor
        var background = back.trueColor
        var attributes = attributes.union(front.trueColorAttributes).union(back.trueColorAttributes)
        if attributes.contains(.dim), case .rgb(let color) = foreground {
            // Terminals disagree about SGR 2, so the colour itself is moved towards the background. A colour that the
            // terminal chooses is not known here; there the attribute must do.
            foreground = .rgb(faded(color))
            if case .rgb(let field) = background { background = .rgb(faded(field)) }
            attributes.remove(.dim)
        }
        guard depth == .indexed256 else {
            return Style(foreground: foreground, background: background, attributes: attributes)
        }
        return Style(foreground: foreground.indexed256, background: background.indexed256, attributes: attributes)
    }

    private func faded(_ color: RGB) -> RGB { color.mixed(with: assumedBackground, share: 0.55) }
}

extension ThemeColor {
    /// The colour where it can be read on black and on white, of the eight red and magenta; otherwise the terminal's own.
    fileprivate var readable: ThemeColor {
        guard case .palette(let number) = self, [1, 5].contains(number % 8), number < 16 else {
            return .terminalDefault
        }
        return .palette(number % 8)
    }

    /// What stands for a bright colour, and for grey.
    fileprivate var emphasis: Attributes {
        guard case .palette(let number) = self, (8..<16).contains(number) else { return [] }
        return number == 8 ? .dim : (number == 15 || [1, 5].contains(number % 8) ? .bold : [])
    }

    /// The nearest colour of the fixed part of the 256-colour palette: the 6×6×6 cube and the grey ramp.
    var indexed256: ThemeColor {
        guard case .rgb(let color) = self else { return self }
        let cube = [color.red, color.green, color.blue].map(Self.nearestCubeLevel)
        let cubeColor = RGB(
            cube.reduce(UInt32(0)) { $0 << 8 | UInt32(Self.cubeLevels[$1]) })
        let mean = (Int(color.red) + Int(color.green) + Int(color.blue)) / 3
        let grey = min(23, max(0, (mean - 3) / 10))
        let greyColor = RGB(UInt32(8 + grey * 10) * 0x010101)
        if Self.distance(color, greyColor) < Self.distance(color, cubeColor) { return .palette(UInt8(232 + grey)) }
        return .palette(UInt8(16 + cube[0] * 36 + cube[1] * 6 + cube[2]))
    }

    private static let cubeLevels: [UInt8] = [0, 95, 135, 175, 215, 255]

    private static func nearestCubeLevel(_ channel: UInt8) -> Int {
        cubeLevels.indices.min { abs(Int(cubeLevels[$0]) - Int(channel)) < abs(Int(cubeLevels[$1]) - Int(channel)) }
            ?? 0
    }

    private static func distance(_ left: RGB, _ right: RGB) -> Int {
        let red = Int(left.red) - Int(right.red)
        let green = Int(left.green) - Int(right.green)
        let blue = Int(left.blue) - Int(right.blue)
        return red * red + green * green + blue * blue
    }
}
