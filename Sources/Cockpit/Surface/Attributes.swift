/// Emphasis of a cell, on top of what its role says.
struct Attributes: OptionSet, Hashable, Sendable {
    let rawValue: UInt8

    static let bold = Attributes(rawValue: 1 << 0)
    static let dim = Attributes(rawValue: 1 << 1)
    static let italic = Attributes(rawValue: 1 << 2)
    static let underline = Attributes(rawValue: 1 << 3)
    static let reverse = Attributes(rawValue: 1 << 4)
}

/// Role and emphasis of a piece of text, where they travel together.
struct TextStyle: Hashable, Sendable {
    var role: Role
    var attributes: Attributes

    init(_ role: Role, _ attributes: Attributes = []) {
        self.role = role
        self.attributes = attributes
    }

    static let plain = TextStyle(.foreground)
    static let dim = TextStyle(.dim)
}
