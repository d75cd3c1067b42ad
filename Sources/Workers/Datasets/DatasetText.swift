import Compute

/// The first lines of a text that should be jsonl, looked through for what it is instead.
struct DatasetText {
    private let text: ArraySlice<UInt8>
    /// Those that hold anything.
    private let lines: [ArraySlice<UInt8>]

    private static let space: Set<UInt8> = [0x20, 0x09, 0x0A, 0x0D]
    /// U+00A0 in UTF-8.
    private static let noBreakSpace: [UInt8] = [0xC2, 0xA0]
    /// Rows with such a column are chats, a list of objects each.
    private static let chatColumns: Set<String> = ["messages", "conversations"]

    /// - Parameter head: the first bytes of a file, its last line perhaps cut.
    init(_ head: [UInt8]) {
        text = head.starts(with: [0xEF, 0xBB, 0xBF]) ? head.dropFirst(3) : head[...]
        lines = text.split { $0 == 0x0A || $0 == 0x0D }.filter { line in
            line.contains { !Self.space.contains($0) }
        }
    }

    /// nil for what may be jsonl.
    var kind: DatasetFileKind? {
        guard let line = lines.first, let first = Self.opening(line) else { return nil }
        if first == UInt8(ascii: "[") { return kindOfList(line) }
        if endsByCarriageReturns { return .carriageReturns }
        if first == UInt8(ascii: "{") { return kindOfObject(line) }
        if isMarkup(line) { return .markup }
        if Self.trimmed(line).starts(with: Self.noBreakSpace), line.contains(UInt8(ascii: "{")) {
            return .noBreakSpaces
        }
        if isYAML { return .yaml }
        return delimiter.map { .table(delimiter: $0) }
    }

    private static func opening(_ line: ArraySlice<UInt8>) -> UInt8? { line.first { !space.contains($0) } }

    private static func trimmed(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> { line.drop { space.contains($0) } }

    private var endsByCarriageReturns: Bool {
        guard !text.contains(0x0A), let end = text.firstIndex(of: 0x0D) else { return false }
        return text[end...].contains { !Self.space.contains($0) }
    }
}

// MARK: - JSON of another form

extension DatasetText {
    /// Lists of texts a line, or one list of everything.
    private func kindOfList(_ line: ArraySlice<UInt8>) -> DatasetFileKind? {
        guard let list = try? JSONParser.parse(line) else { return .jsonArray }
        let isOfTexts = list.asArray?.first?.asString != nil
        if isOfTexts { return .arrayLines }
        return lines.count == 1 ? .jsonArray : nil
    }

    private func kindOfObject(_ line: ArraySlice<UInt8>) -> DatasetFileKind? {
        if Self.trimmed(line).allSatisfy({ Self.space.contains($0) || $0 == UInt8(ascii: "{") }) {
            guard lines.count > 1, Self.opening(lines[1]) == UInt8(ascii: "\"") else { return nil }
            return wrappedColumn.map { .wrapped(column: $0) } ?? .indentedJSON
        }
        if lines.count == 1, !hasPrompt(line), let column = wrappedColumn { return .wrapped(column: column) }
        return isObjectWithComma(line) ? .commaLines : nil
    }

    private func hasPrompt(_ line: ArraySlice<UInt8>) -> Bool {
        var scanner = RowScanner(Array(line))
        guard let columns = try? scanner.columns() else { return false }
        return columns.contains { $0.name == "prompt" }
    }

    /// The first column of the first object, where that is a list of objects and no chat.
    private var wrappedColumn: String? {
        var rest = Self.trimmed(text).dropFirst()
        rest = Self.trimmed(rest)
        guard rest.first == UInt8(ascii: "\"") else { return nil }
        rest = rest.dropFirst()
        let name = rest.prefix { Self.isOfName($0) }
        rest = rest[name.endIndex...]
        for mark in "\":[{".utf8 {
            rest = Self.trimmed(rest)
            guard rest.first == mark else { return nil }
            rest = rest.dropFirst()
        }
        let column = String(decoding: name, as: UTF8.self)
        return column.isEmpty || Self.chatColumns.contains(column) ? nil : column
    }

    /// What a name may have that needs no quotes in a filter of jq.
    private static func isOfName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"): true
        default: false
        }
    }

    private func isObjectWithComma(_ line: ArraySlice<UInt8>) -> Bool {
        var end = line.endIndex
        while end > line.startIndex, Self.space.contains(line[end - 1]) { end -= 1 }
        let trimmed = line[..<end]
        guard trimmed.last == UInt8(ascii: ",") else { return false }
        return (try? JSONParser.parse(trimmed.dropLast())) != nil
    }
}

// MARK: - No JSON at all

extension DatasetText {
    private func isMarkup(_ line: ArraySlice<UInt8>) -> Bool {
        let start = String(decoding: Self.trimmed(line).prefix(9), as: UTF8.self).lowercased()
        return ["<!doctype", "<html", "<?xml"].contains { start.hasPrefix($0) }
    }

    /// A list of mappings, with or without the line that begins a document.
    private var isYAML: Bool {
        let body =
            lines.first.map { Self.trimmed($0).elementsEqual("---".utf8) } == true ? lines.dropFirst() : lines[...]
        guard let line = body.first else { return false }
        return Self.trimmed(line).starts(with: "- ".utf8) && line.contains(UInt8(ascii: ":"))
    }

    /// What separates the values of a table: the most common of the usual ones in its first line, which is in the second
    /// too unless that begins with quotes, in which a line may end.
    private var delimiter: Character? {
        guard let header = lines.first, !lines.contains(where: { Self.opening($0) == UInt8(ascii: "{") }),
            !header.contains(where: { $0 < 0x20 && !Self.space.contains($0) })
        else { return nil }
        let candidates: [Character] = ["\t", ";", ",", "|"]
        let counts = candidates.map { candidate in header.count { $0 == candidate.asciiValue } }
        guard let most = counts.max(), most > 0, let place = counts.firstIndex(of: most) else { return nil }
        let found = candidates[place]
        if lines.count > 1, Self.opening(lines[1]) != UInt8(ascii: "\""),
            !lines[1].contains(where: { $0 == found.asciiValue })
        {
            return nil
        }
        return found
    }
}
