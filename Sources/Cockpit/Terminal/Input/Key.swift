/// A key of the keyboard, without its modifiers.
enum Key: Hashable, Sendable {
    case character(Character)
    case enter
    case tab
    case escape
    case backspace
    case delete
    case insert
    case up
    case down
    case left
    case right
    case home
    case end
    case pageUp
    case pageDown
    case function(Int)
}

/// Modifier keys held with another key. A shifted letter is the upper-case character and carries no `shift`.
struct KeyModifiers: OptionSet, Hashable, Sendable {
    let rawValue: UInt8

    static let shift = KeyModifiers(rawValue: 1 << 0)
    static let alt = KeyModifiers(rawValue: 1 << 1)
    static let control = KeyModifiers(rawValue: 1 << 2)
}

/// A key pressed, with its modifiers: what a keymap's table maps to actions.
struct KeyStroke: Hashable, Sendable {
    var key: Key
    var modifiers: KeyModifiers

    init(_ key: Key, _ modifiers: KeyModifiers = []) {
        self.key = key
        self.modifiers = modifiers
    }

    /// A printable key.
    init(_ character: Character) {
        self.init(.character(character))
    }

    static func control(_ character: Character) -> KeyStroke {
        KeyStroke(.character(character), .control)
    }

    static func alt(_ character: Character) -> KeyStroke {
        KeyStroke(.character(character), .alt)
    }
}

extension KeyStroke: CustomStringConvertible {
    /// As help and footer show it: `q`, `ctrl-c`, `shift-tab`, `F1`, `space`.
    var description: String {
        var text = ""
        if modifiers.contains(.control) { text += "ctrl-" }
        if modifiers.contains(.alt) { text += "alt-" }
        if modifiers.contains(.shift) { text += "shift-" }
        return text + keyName
    }

    private var keyName: String {
        switch key {
        case .character(" "): "space"
        case .character(let character): String(character)
        case .function(let number): "F\(number)"
        case .up: "↑"
        case .down: "↓"
        case .left: "←"
        case .right: "→"
        case .pageUp: "PgUp"
        case .pageDown: "PgDn"
        case .escape: "esc"
        default: "\(key)"
        }
    }
}

/// What the mouse did, and over which cell.
struct MouseEvent: Hashable, Sendable {
    enum Button: Sendable {
        case left
        case middle
        case right
    }

    enum Kind: Hashable, Sendable {
        case press(Button)
        case release(Button)
        case drag(Button)
        case move
        case wheelUp
        case wheelDown
        case wheelLeft
        case wheelRight
    }

    var kind: Kind
    var position: Point
    var modifiers: KeyModifiers = []
}
