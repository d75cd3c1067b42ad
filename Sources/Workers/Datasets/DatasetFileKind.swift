import Compute
import Glibc

/// What a file that should be jsonl may be instead, told by its kind and its first bytes.
enum DatasetFileKind: Equatable {
    case folder
    case pipe
    case socket
    case device
    case compressed(program: String)
    case parquet
    case spreadsheet
    case utf16
    case jsonArray
    case indentedJSON
    case table
    case carriageReturns

    private static let headSize = 1 << 16

    /// - Throws: `DatasetError` with the command that makes jsonl of it, where the file is of another kind.
    static func check(_ path: String) throws(DatasetError) {
        guard let kind = try of(path) else { return }
        throw DatasetError(.kind, path: path, reason: kind.phrase, advice: kind.advice(path))
    }

    /// nil for what may be jsonl.
    private static func of(_ path: String) throws(DatasetError) -> DatasetFileKind? {
        var information = stat()
        guard stat(path, &information) == 0 else {
            throw DatasetError(.unreadable, path: path, reason: "cannot be opened: \(String(cString: strerror(errno)))")
        }
        switch information.st_mode & S_IFMT {
        case S_IFREG: break
        case S_IFDIR: return .folder
        case S_IFIFO: return .pipe
        case S_IFSOCK: return .socket
        default: return .device
        }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw DatasetError(.unreadable, path: path, reason: "cannot be opened: \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        var head = [UInt8](repeating: 0, count: headSize)
        let count = pread(descriptor, &head, headSize, 0)
        guard count >= 0 else {
            throw DatasetError(.unreadable, path: path, reason: "cannot be read: \(String(cString: strerror(errno)))")
        }
        return of(head: Array(head.prefix(count)))
    }

    /// What the first bytes of a regular file say.
    static func of(head: [UInt8]) -> DatasetFileKind? {
        let magic: [([UInt8], DatasetFileKind)] = [
            ([0x1F, 0x8B], .compressed(program: "gzip")), ([0x28, 0xB5, 0x2F, 0xFD], .compressed(program: "zstd")),
            ([0xFD, 0x37, 0x7A, 0x58, 0x5A], .compressed(program: "xz")),
            (Array("BZh".utf8), .compressed(program: "bzip2")), (Array("PAR1".utf8), .parquet),
            ([0x50, 0x4B, 0x03, 0x04], .spreadsheet), ([0xFE, 0xFF], .utf16), ([0xFF, 0xFE], .utf16),
        ]
        if let found = magic.first(where: { head.starts(with: $0.0) }) { return found.1 }
        if looksLikeUTF16(head) { return .utf16 }
        let text = head.starts(with: [0xEF, 0xBB, 0xBF]) ? head.dropFirst(3) : head[...]
        return ofText(text)
    }

    /// UTF-16 without a mark at its beginning: every second byte of text is 0.
    private static func looksLikeUTF16(_ head: [UInt8]) -> Bool {
        let start = head.prefix(64)
        guard start.count >= 4 else { return false }
        let even = start.enumerated().count { $0.offset % 2 == 0 && $0.element == 0 }
        let odd = start.enumerated().count { $0.offset % 2 == 1 && $0.element == 0 }
        return max(even, odd) * 4 > start.count && min(even, odd) == 0
    }

    private static func ofText(_ text: ArraySlice<UInt8>) -> DatasetFileKind? {
        let space: Set<UInt8> = [0x20, 0x09, 0x0A, 0x0D]
        let trimmed = text.drop { space.contains($0) }
        guard let first = trimmed.first else { return nil }
        let lines = trimmed.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D })
        if first == UInt8(ascii: "["), lines.count == 1 || (try? JSONParser.parse(lines[0])) == nil {
            return .jsonArray
        }
        if !text.contains(0x0A), let end = text.firstIndex(of: 0x0D),
            text[end...].contains(where: { !space.contains($0) })
        {
            return .carriageReturns
        }
        let openings = lines.map { line in line.first { !space.contains($0) } }
        let isBare = lines[0].allSatisfy { space.contains($0) || $0 == UInt8(ascii: "{") }
        if isBare, openings.dropFirst().first == UInt8(ascii: "\"") { return .indentedJSON }
        let separators: Set<UInt8> = [UInt8(ascii: ","), 0x09, UInt8(ascii: ";")]
        if !openings.contains(UInt8(ascii: "{")), lines.first?.contains(where: separators.contains) == true {
            return .table
        }
        return nil
    }
}

extension DatasetFileKind {
    var phrase: String {
        switch self {
        case .folder: "is a folder, not a jsonl file"
        case .pipe: "is a pipe; a dataset is read more than once"
        case .socket: "is a socket, not a file"
        case .device: "is a device, not a file"
        case .compressed(let program): "is compressed with \(program)"
        case .parquet: "is a Parquet file, not jsonl"
        case .spreadsheet: "is a zip archive or a spreadsheet, not jsonl"
        case .utf16: "is UTF-16 text; jsonl is UTF-8"
        case .jsonArray: "is a JSON array, not one object a line"
        case .indentedJSON: "is JSON over several lines, not one object a line"
        case .table: "is a table of separated values (CSV), not jsonl"
        case .carriageReturns: "ends its lines with carriage returns only, so it is one long line"
        }
    }

    /// The command that makes jsonl of it.
    func advice(_ path: String) -> String {
        let file = "'\(path)'"
        switch self {
        case .folder: return "name a file in it"
        case .pipe, .socket, .device: return "write what comes out of it into a file: cat \(file) > data.jsonl"
        case .compressed(let program): return "unpack it: \(program) -dc \(file) > data.jsonl"
        case .parquet:
            return "convert it: python3 -c \"import pandas,sys; pandas.read_parquet(sys.argv[1]).to_json("
                + "'data.jsonl',orient='records',lines=True,force_ascii=False)\" \(file)"
        case .spreadsheet: return "unpack it, or save the sheet as CSV and convert that"
        case .utf16: return "convert it: iconv -f utf-16 -t utf-8 \(file) > data.jsonl"
        case .jsonArray: return "convert it: jq -c '.[]' \(file) > data.jsonl"
        case .indentedJSON: return "convert it: jq -c . \(file) > data.jsonl"
        case .table:
            return "convert it: python3 -c \"import csv,json,sys; [print(json.dumps(r)) for r in "
                + "csv.DictReader(open(sys.argv[1]))]\" \(file) > data.jsonl"
        case .carriageReturns: return "convert it: tr '\\r' '\\n' < \(file) > data.jsonl"
        }
    }
}
