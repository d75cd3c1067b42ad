extension KeyStroke {
    /// A key as it is written: one character, or a name, after `ctrl-`, `alt-` and `shift-`. nil for what is no key.
    init?(named name: String) {
        var rest = Substring(name)
        var modifiers: KeyModifiers = []
        for (prefix, modifier) in Self.prefixes where rest.hasPrefix(prefix) && rest.count > prefix.count {
            rest.removeFirst(prefix.count)
            modifiers.insert(modifier)
        }
        let word = rest.lowercased()
        if rest.count == 1, let character = rest.first {
            self.init(.character(character), modifiers)
        } else if let key = Self.names[word] {
            self.init(key, modifiers)
        } else if word.hasPrefix("f"), let number = Int(word.dropFirst()), (1...12).contains(number) {
            self.init(.function(number), modifiers)
        } else {
            return nil
        }
    }

    private static let prefixes: [(String, KeyModifiers)] = [("ctrl-", .control), ("alt-", .alt), ("shift-", .shift)]

    static let names: [String: Key] = [
        "space": .character(" "), "enter": .enter, "tab": .tab, "esc": .escape, "backspace": .backspace,
        "delete": .delete, "insert": .insert, "up": .up, "down": .down, "left": .left, "right": .right, "home": .home,
        "end": .end, "pgup": .pageUp, "pgdn": .pageDown,
    ]
}
