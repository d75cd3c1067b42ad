/// Turns the bytes a terminal sends into events. Pure: the caller reads, and says when it has waited long enough.
///
/// What it does not know is dropped whole, so that garbage never arrives as keys.
struct KeyDecoder: Sendable {
    enum Output: Hashable, Sendable {
        case event(TerminalEvent)
        case report(TerminalReport)
    }

    private enum Step {
        case output(Output?, length: Int)
        case incomplete
    }

    private static let sequenceLimit = 4096
    private static let pasteLimit = 1 << 20
    private static let escape: UInt8 = 0x1B
    private static let pasteEnd = Array("\u{1B}[201~".utf8)

    private var pending: [UInt8] = []
    private var paste: [UInt8]?

    /// - Parameter escapeDelay: milliseconds after which an ESC alone is the key. What follows within is one sequence
    ///   with it, which a slow line may cut.
    init(escapeDelay: Int = 25) { self.escapeDelay = escapeDelay }

    private let escapeDelay: Int
    /// Milliseconds without a byte after which the end of a paste is taken for lost; the keyboard must not be.
    private static let pastePatience = 1000

    /// How long to wait for the rest of what has begun, in milliseconds; nil when nothing has.
    ///
    /// A lone ESC is most likely the key. A longer start can only be a sequence that a slow line has cut. A paste ends
    /// when the terminal says so, or when nothing more of it has come for long.
    var patience: Int? {
        if paste != nil { return Self.pastePatience }
        if pending.isEmpty { return nil }
        return pending == [Self.escape] ? escapeDelay : max(250, escapeDelay)
    }

    /// Takes bytes as they came and returns what they complete.
    mutating func feed(_ bytes: some Sequence<UInt8>) -> [Output] {
        pending += bytes
        return decode(isFinal: false)
    }

    /// Decides what is pending, because nothing more came.
    mutating func flush() -> [Output] {
        guard let text = paste else { return decode(isFinal: true) }
        paste = nil
        // What waits can only be the beginning of the end mark.
        pending.removeAll()
        return [.event(.paste(String(decoding: text, as: UTF8.self)))]
    }

    private mutating func decode(isFinal: Bool) -> [Output] {
        var outputs: [Output] = []
        var position = 0
        while position < pending.count {
            if paste != nil {
                guard let length = collectPaste(from: position, outputs: &outputs) else { break }
                position += length
                continue
            }
            switch step(pending[position...]) {
            case .output(let output, let length):
                if let output { outputs.append(output) }
                position += length
            case .incomplete:
                guard isFinal else {
                    pending.removeFirst(position)
                    return outputs
                }
                outputs += abandoned(pending[position...])
                position = pending.count
            }
        }
        pending.removeFirst(position)
        return outputs
    }

    /// ESC alone is the key; ESC and one byte is alt with that key; more is the rest of a lost sequence.
    private func abandoned(_ bytes: ArraySlice<UInt8>) -> [Output] {
        guard bytes.first == Self.escape else { return [] }
        switch bytes.count {
        case 1: return [.event(.key(KeyStroke(.escape)))]
        case 2: return Self.plain(bytes.dropFirst()).map { [.event(.key(Self.adding(.alt, to: $0.stroke)))] } ?? []
        default: return []
        }
    }

    // MARK: - One step

    private mutating func step(_ bytes: ArraySlice<UInt8>) -> Step {
        guard bytes.first == Self.escape else {
            guard let result = Self.plain(bytes) else {
                return Self.isCutCharacter(bytes) ? .incomplete : .output(nil, length: 1)
            }
            return .output(.event(.key(result.stroke)), length: result.length)
        }
        guard bytes.count > 1 else { return .incomplete }
        switch bytes[bytes.startIndex + 1] {
        case UInt8(ascii: "["):
            return controlSequence(bytes)
        case UInt8(ascii: "O"):
            guard bytes.count > 2 else { return .incomplete }
            let final = bytes[bytes.startIndex + 2]
            return .output(CSI.key(final: final, parameters: []).map { .event(.key($0)) }, length: 3)
        case UInt8(ascii: "]"), UInt8(ascii: "P"), UInt8(ascii: "_"), UInt8(ascii: "^"), UInt8(ascii: "X"):
            return string(bytes)
        case Self.escape:
            return .output(.event(.key(KeyStroke(.escape))), length: 1)
        default:
            let rest = bytes.dropFirst()
            guard let result = Self.plain(rest) else {
                return Self.isCutCharacter(rest) ? .incomplete : .output(nil, length: 2)
            }
            return .output(.event(.key(Self.adding(.alt, to: result.stroke))), length: result.length + 1)
        }
    }

    private mutating func controlSequence(_ bytes: ArraySlice<UInt8>) -> Step {
        let body = bytes.dropFirst(2)
        guard let end = body.firstIndex(where: { !(0x20...0x3F).contains($0) }) else {
            return body.count > Self.sequenceLimit ? .output(nil, length: bytes.count) : .incomplete
        }
        let length = end - bytes.startIndex + 1
        // A control byte inside ends the sequence and keeps its own meaning.
        guard (0x40...0x7E).contains(bytes[end]) else { return .output(nil, length: length - 1) }
        let content = bytes[body.startIndex..<end]
        if bytes[end] == UInt8(ascii: "M"), content.isEmpty {
            // The old mouse report: three more bytes that are no keys.
            return bytes.count >= length + 3 ? .output(nil, length: length + 3) : .incomplete
        }
        if bytes[end] == UInt8(ascii: "~"), content.elementsEqual("200".utf8) {
            paste = []
            return .output(nil, length: length)
        }
        return .output(CSI.output(final: bytes[end], content: content), length: length)
    }

    /// OSC, DCS and their like: up to BEL or ESC \.
    private func string(_ bytes: ArraySlice<UInt8>) -> Step {
        var index = bytes.startIndex + 2
        while index < bytes.endIndex {
            let isBell = bytes[index] == 0x07
            let isTerminator =
                bytes[index] == Self.escape && index + 1 < bytes.endIndex && bytes[index + 1] == UInt8(ascii: "\\")
            if isBell || isTerminator {
                let report = TerminalReport(string: bytes[(bytes.startIndex + 1)..<index])
                return .output(report.map(Output.report), length: index - bytes.startIndex + (isBell ? 1 : 2))
            }
            index += 1
        }
        return bytes.count > Self.sequenceLimit ? .output(nil, length: bytes.count) : .incomplete
    }

    /// Moves pasted bytes out of the pending ones; nil when all of them may still be a part of the end mark.
    private mutating func collectPaste(from start: Int, outputs: inout [Output]) -> Int? {
        let rest = pending[start...]
        var index = rest.startIndex
        while index < rest.endIndex {
            let candidate = rest[index...].prefix(Self.pasteEnd.count)
            if candidate.elementsEqual(Self.pasteEnd.prefix(candidate.count)) {
                append(rest[..<index])
                guard candidate.count == Self.pasteEnd.count else {
                    pending.removeSubrange(start..<index)
                    return nil
                }
                outputs.append(.event(.paste(String(decoding: paste ?? [], as: UTF8.self))))
                paste = nil
                return index - start + Self.pasteEnd.count
            }
            index += 1
        }
        append(rest)
        return rest.count
    }

    private mutating func append(_ bytes: ArraySlice<UInt8>) {
        let room = Self.pasteLimit - (paste?.count ?? 0)
        paste?.append(contentsOf: bytes.prefix(max(0, room)))
    }

    // MARK: - Single keys

    /// A control byte or one UTF-8 character; nil for a byte that starts neither, or a character that is cut.
    private static func plain(_ bytes: ArraySlice<UInt8>) -> (stroke: KeyStroke, length: Int)? {
        guard let first = bytes.first else { return nil }
        switch first {
        case 0x0D, 0x0A: return (KeyStroke(.enter), 1)
        case 0x09: return (KeyStroke(.tab), 1)
        case 0x7F: return (KeyStroke(.backspace), 1)
        case escape: return (KeyStroke(.escape), 1)
        case 0x00: return (.control(" "), 1)
        case 0x01...0x1A: return (.control(Character(Unicode.Scalar(first + 0x60))), 1)
        case 0x1C...0x1F: return (.control(Character(Unicode.Scalar(first + 0x40))), 1)
        default: break
        }
        let length = characterLength(first)
        guard length > 0, bytes.count >= length,
            let text = String(validating: bytes.prefix(length), as: UTF8.self), let character = text.first
        else { return nil }
        return (KeyStroke(character), length)
    }

    private static func isCutCharacter(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard let first = bytes.first else { return true }
        let rest = bytes.dropFirst()
        return bytes.count < characterLength(first) && rest.allSatisfy { (0x80...0xBF).contains($0) }
    }

    private static func characterLength(_ first: UInt8) -> Int {
        switch first {
        case 0x20...0x7E: 1
        case 0xC2...0xDF: 2
        case 0xE0...0xEF: 3
        case 0xF0...0xF4: 4
        default: 0
        }
    }

    private static func adding(_ modifier: KeyModifiers, to stroke: KeyStroke) -> KeyStroke {
        KeyStroke(stroke.key, stroke.modifiers.union(modifier))
    }
}
