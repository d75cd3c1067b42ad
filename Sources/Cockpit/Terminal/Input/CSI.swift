/// The meaning of control sequences: `ESC [ parameters final`.
enum CSI {
    /// What a complete sequence says, or nil for one we have no use for.
    static func output(final: UInt8, content: ArraySlice<UInt8>) -> KeyDecoder.Output? {
        if content.first == UInt8(ascii: "<") {
            return mouse(final: final, parameters: numbers(content.dropFirst())).map { .event(.mouse($0)) }
        }
        if content.first == UInt8(ascii: "?") {
            guard final == UInt8(ascii: "y"), content.last == UInt8(ascii: "$") else { return nil }
            return TerminalReport(mode: numbers(content.dropFirst().dropLast())).map { .report($0) }
        }
        return key(final: final, parameters: numbers(content)).map { .event(.key($0)) }
    }

    /// The key of a sequence; the second parameter carries the modifiers.
    static func key(final: UInt8, parameters: [Int]) -> KeyStroke? {
        let held = modifiers(parameters.count > 1 ? parameters[1] : 1)
        switch final {
        case UInt8(ascii: "A"): return KeyStroke(.up, held)
        case UInt8(ascii: "B"): return KeyStroke(.down, held)
        case UInt8(ascii: "C"): return KeyStroke(.right, held)
        case UInt8(ascii: "D"): return KeyStroke(.left, held)
        case UInt8(ascii: "H"): return KeyStroke(.home, held)
        case UInt8(ascii: "F"): return KeyStroke(.end, held)
        case UInt8(ascii: "M"): return KeyStroke(.enter, held)
        case UInt8(ascii: "Z"): return KeyStroke(.tab, held.union(.shift))
        case UInt8(ascii: "P")...UInt8(ascii: "S"):
            // With other parameters the same finals report the cursor's place.
            guard parameters.isEmpty || (parameters.count == 2 && parameters[0] == 1 && parameters[1] <= 16) else {
                return nil
            }
            return KeyStroke(.function(Int(final - UInt8(ascii: "P")) + 1), held)
        case UInt8(ascii: "~"): return parameters.first.flatMap(numbered).map { KeyStroke($0, held) }
        case UInt8(ascii: "u"): return parameters.first.flatMap { unicode($0, held) }
        default: return nil
        }
    }

    private static func numbered(_ number: Int) -> Key? {
        switch number {
        case 1, 7: .home
        case 2: .insert
        case 3: .delete
        case 4, 8: .end
        case 5: .pageUp
        case 6: .pageDown
        case 11...15: .function(number - 10)
        case 17...21: .function(number - 11)
        case 23...26: .function(number - 12)
        case 28, 29: .function(number - 13)
        default: nil
        }
    }

    /// Keys as some terminals report them by code point.
    private static func unicode(_ code: Int, _ held: KeyModifiers) -> KeyStroke? {
        switch code {
        case 13: return KeyStroke(.enter, held)
        case 9: return KeyStroke(.tab, held)
        case 27: return KeyStroke(.escape, held)
        case 127: return KeyStroke(.backspace, held)
        default:
            guard code >= 0x20, let scalar = Unicode.Scalar(UInt32(code)) else { return nil }
            return KeyStroke(.character(Character(scalar)), held.subtracting(.shift))
        }
    }

    private static func mouse(final: UInt8, parameters: [Int]) -> MouseEvent? {
        guard parameters.count == 3, parameters[1] >= 1, parameters[2] >= 1,
            final == UInt8(ascii: "M") || final == UInt8(ascii: "m")
        else { return nil }
        let code = parameters[0]
        guard let kind = mouseKind(code, isRelease: final == UInt8(ascii: "m")) else { return nil }
        var held: KeyModifiers = []
        if code & 4 != 0 { held.insert(.shift) }
        if code & 8 != 0 { held.insert(.alt) }
        if code & 16 != 0 { held.insert(.control) }
        return MouseEvent(kind: kind, position: Point(x: parameters[1] - 1, y: parameters[2] - 1), modifiers: held)
    }

    private static func mouseKind(_ code: Int, isRelease: Bool) -> MouseEvent.Kind? {
        if code & 128 != 0 { return nil }
        if code & 64 != 0 {
            return [.wheelUp, .wheelDown, .wheelLeft, .wheelRight][code & 3]
        }
        let buttons: [MouseEvent.Button] = [.left, .middle, .right]
        guard code & 3 < 3 else { return code & 32 != 0 ? .move : nil }
        let button = buttons[code & 3]
        if code & 32 != 0 { return .drag(button) }
        return isRelease ? .release(button) : .press(button)
    }

    private static func modifiers(_ parameter: Int) -> KeyModifiers {
        let bits = max(0, parameter - 1)
        var held: KeyModifiers = []
        if bits & 1 != 0 { held.insert(.shift) }
        if bits & 2 != 0 { held.insert(.alt) }
        if bits & 4 != 0 { held.insert(.control) }
        return held
    }

    /// Numbers between semicolons; what is no number counts as 0, what is too large as a large one.
    private static func numbers(_ content: ArraySlice<UInt8>) -> [Int] {
        if content.isEmpty { return [] }
        return content.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false).map { digits in
            digits.prefix { (0x30...0x39).contains($0) }.prefix(9).reduce(0) { $0 * 10 + Int($1 - 0x30) }
        }
    }
}

/// An answer of the terminal to a question of ours.
enum TerminalReport: Hashable, Sendable {
    /// Whether frames may be bracketed, so that the terminal shows each one whole.
    case synchronizedOutput(isSupported: Bool)

    /// The terminal's own background colour.
    case background(RGB)

    /// The answer to a mode query: `mode ; setting`.
    init?(mode parameters: [Int]) {
        guard parameters.count == 2, parameters[0] == 2026 else { return nil }
        self = .synchronizedOutput(isSupported: (1...3).contains(parameters[1]))
    }

    /// The answer to a colour query: `]11;rgb:rrrr/gggg/bbbb`.
    init?(string: ArraySlice<UInt8>) {
        let text = String(decoding: string, as: UTF8.self)
        let prefix = "]11;rgb:"
        guard text.hasPrefix(prefix) else { return nil }
        let channels = text.dropFirst(prefix.count).split(separator: "/").compactMap { part -> UInt32? in
            guard (1...4).contains(part.count), let value = UInt32(part, radix: 16) else { return nil }
            return value * 255 / ((1 << (4 * UInt32(part.count))) - 1)
        }
        guard channels.count == 3 else { return nil }
        self = .background(RGB(channels[0] << 16 | channels[1] << 8 | channels[2]))
    }
}
