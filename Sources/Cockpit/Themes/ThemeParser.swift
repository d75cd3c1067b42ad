import Protocol

/// Reads a theme file: `[meta]`, `[palette]` and `[roles]` sections of `key = value` lines.
///
/// A role's value is `truecolor | 16-colour | mono`. Each part is an optional colour (a palette name, `#rrggbb`,
/// `default`, or 0 to 15 in the second part) and attributes. A missing second part is the nearest of the 16 colours,
/// a missing third one repeats the attributes. Roles a file does not name come from the theme it inherits.
/// A line of a role that is no more is passed over.
struct ThemeParser {
    private enum Section: String, CaseIterable {
        case meta
        case palette
        case roles
    }

    private static let metaKeys = ["name", "author", "licence", "appearance", "cvd-safe", "inherits"]

    private let file: String
    private var section: Section?
    private var meta: [String: String] = [:]
    private var palette: [String: RGB] = [:]
    private var entries: [Role: Theme.Entry] = [:]
    private var line = 0
    /// Where the file names the theme it inherits.
    private var inheritsLine = 0

    /// Parses the text of a file; `inherited` loads the theme that an `inherits` line names.
    static func parse(
        _ text: String, file: String, inherited: (String) throws(ThemeError) -> Theme
    ) throws(ThemeError) -> Theme {
        var parser = ThemeParser(file: file)
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            parser.line += 1
            try parser.read(Self.trimmed(Self.withoutComment(line)))
        }
        return try parser.theme(inherited: inherited)
    }

    private init(file: String) {
        self.file = file
    }

    // MARK: - Lines

    private mutating func read(_ content: Substring) throws(ThemeError) {
        if content.isEmpty { return }
        if content.first == "[" {
            guard content.last == "]" else { throw syntax("a section needs a closing bracket") }
            try open(String(content.dropFirst().dropLast()))
            return
        }
        guard let equals = content.firstIndex(of: "=") else { throw syntax("expected 'key = value'") }
        let key = String(Self.trimmed(content[..<equals]))
        let value = Self.trimmed(content[content.index(after: equals)...])
        guard !key.isEmpty, !value.isEmpty else { throw syntax("expected 'key = value'") }
        switch section {
        case .meta: try readMeta(key, value: String(value))
        case .palette: try readColor(key, value: value)
        case .roles: try readRole(key, value: value)
        case nil: throw syntax("'\(key)' stands before the first section")
        }
    }

    private mutating func open(_ name: String) throws(ThemeError) {
        guard let section = Section(rawValue: name) else {
            throw unknown("section", name, among: Section.allCases.map(\.rawValue))
        }
        self.section = section
    }

    private mutating func readMeta(_ key: String, value: String) throws(ThemeError) {
        guard Self.metaKeys.contains(key) else { throw unknown("key", key, among: Self.metaKeys) }
        if key == "appearance", Theme.Appearance(rawValue: value) == nil {
            throw unknown("appearance", value, among: ["dark", "light", "any"])
        }
        if key == "cvd-safe", value != "yes", value != "no" { throw syntax("cvd-safe is yes or no, not '\(value)'") }
        if key == "inherits" { inheritsLine = line }
        meta[key] = value
    }

    private mutating func readColor(_ name: String, value: Substring) throws(ThemeError) {
        guard let color = RGB(hex: value) else { throw syntax("'\(value)' is not a colour; write #rrggbb") }
        guard name != "default", Self.attributes[name] == nil, UInt8(name) == nil else {
            throw syntax("'\(name)' has a meaning of its own and cannot name a colour")
        }
        palette[name] = color
    }

    private mutating func readRole(_ name: String, value: Substring) throws(ThemeError) {
        if Role.retiredNames.contains(name) { return }
        guard let role = Role(name: name) else { throw unknown("role", name, among: Role.allCases.map(\.name)) }
        guard entries[role] == nil else { throw syntax("role '\(name)' is set twice") }
        let parts = value.split(separator: "|", omittingEmptySubsequences: false).map(Self.trimmed)
        guard parts.count <= 3 else { throw syntax("a role has at most three parts: truecolor | 16-colour | mono") }
        let rich = try readPart(parts[0])
        let basic = parts.count > 1 ? try readPart(parts[1]) : (rich.color.basic16, rich.attributes)
        if case .rgb = basic.0 { throw syntax("the second part takes a number from 0 to 15 or 'default'") }
        var mono = rich.attributes
        if parts.count > 2 {
            let part = try readPart(parts[2])
            guard part.color == .terminalDefault else { throw syntax("the third part takes attributes only") }
            mono = part.attributes
        }
        entries[role] = Theme.Entry(
            trueColor: rich.color, trueColorAttributes: rich.attributes, basic: basic.0, basicAttributes: basic.1,
            mono: mono)
    }

    private func readPart(_ part: Substring) throws(ThemeError) -> (color: ThemeColor, attributes: Attributes) {
        var color: ThemeColor?
        var attributes: Attributes = []
        for word in part.split(separator: " ") {
            if let attribute = Self.attributes[String(word)] {
                attributes.insert(attribute)
                continue
            }
            guard color == nil else { throw syntax("two colours in one part: '\(part)'") }
            color = try readColorWord(String(word))
        }
        return (color ?? .terminalDefault, attributes)
    }

    private func readColorWord(_ word: String) throws(ThemeError) -> ThemeColor {
        if word == "default" { return .terminalDefault }
        if let number = UInt8(word), number < 16 { return .palette(number) }
        if let color = palette[word] ?? RGB(hex: word) { return .rgb(color) }
        throw unknown("colour or attribute", word, among: palette.keys.sorted() + Self.attributes.keys.sorted())
    }

    // MARK: - The whole

    private func theme(inherited: (String) throws(ThemeError) -> Theme) throws(ThemeError) -> Theme {
        var base: Theme?
        if let parent = meta["inherits"] {
            do {
                base = try inherited(parent)
            } catch  where error.code == .notFound && error.file == parent {
                throw ThemeError(
                    code: .notFound, file: file, line: inheritsLine, message: "no theme '\(parent)' to inherit",
                    hint: error.hint)
            }
        }
        let missing = base == nil ? Role.allCases.filter { entries[$0] == nil } : []
        if let first = missing.first {
            throw ThemeError(
                code: .incomplete, file: file, line: 0,
                message: "role '\(first.name)' is missing"
                    + (missing.count > 1 ? ", and \(missing.count - 1) more" : ""),
                hint: "Set it, or add 'inherits = default-dark' to [meta]")
        }
        let plain = Theme.Entry(trueColor: .terminalDefault, basic: .terminalDefault)
        return Theme(
            name: meta["name"] ?? file,
            author: meta["author"] ?? "",
            licence: meta["licence"] ?? "",
            appearance: meta["appearance"].flatMap(Theme.Appearance.init) ?? base?.appearance ?? .any,
            isColorBlindSafe: meta["cvd-safe"] == "yes",
            entries: { entries[$0] ?? base?[$0] ?? plain })
    }

    // MARK: - Words

    private static let attributes: [String: Attributes] = [
        "bold": .bold, "dim": .dim, "italic": .italic, "underline": .underline, "reverse": .reverse,
    ]

    /// `#` starts a comment at the line's start, or between blanks: elsewhere it starts a colour.
    private static func withoutComment(_ line: Substring) -> Substring {
        if trimmed(line).first == "#" { return "" }
        var previous: Character = "x"
        for index in line.indices {
            let next = line.index(after: index)
            if line[index] == "#", previous == " ", next == line.endIndex || line[next] == " " { return line[..<index] }
            previous = line[index]
        }
        return line
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text
        while let first = text.first, first.isWhitespace { text.removeFirst() }
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return text
    }

    private func syntax(_ message: String) -> ThemeError {
        ThemeError(code: .syntax, file: file, line: line, message: message)
    }

    private func unknown(_ kind: String, _ name: String, among known: [String]) -> ThemeError {
        let suggestion = Suggestion.closest(to: name, among: known)
        return ThemeError(
            code: .unknownName, file: file, line: line, message: "unknown \(kind) '\(name)'",
            hint: suggestion.map { "Did you mean '\($0)'?" })
    }
}

extension ThemeColor {
    /// The nearest of the 16 colours, by the values that most terminals give them.
    fileprivate var basic16: ThemeColor {
        guard case .rgb(let color) = self else { return self }
        func distance(_ other: RGB) -> Int {
            let red = Int(color.red) - Int(other.red)
            let green = Int(color.green) - Int(other.green)
            let blue = Int(color.blue) - Int(other.blue)
            return red * red + green * green + blue * blue
        }
        let values: [UInt32] = [
            0x000000, 0xCD0000, 0x00CD00, 0xCDCD00, 0x0000EE, 0xCD00CD, 0x00CDCD, 0xE5E5E5,
            0x7F7F7F, 0xFF0000, 0x00FF00, 0xFFFF00, 0x5C5CFF, 0xFF00FF, 0x00FFFF, 0xFFFFFF,
        ]
        let nearest = values.indices.min { distance(RGB(values[$0])) < distance(RGB(values[$1])) } ?? 7
        return .palette(UInt8(nearest))
    }
}
