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
    /// Apache Arrow in a file of its own.
    case feather
    /// Apache Arrow as it is sent, which is how `datasets` keeps its cache.
    case arrowStream
    case spreadsheet
    case tar
    case sqlite
    case pickle
    /// The text that Git leaves in place of a file that was not fetched.
    case gitPointer
    /// Text of 16 or 32 bits a unit, by the name that `iconv` has for it.
    case wideText(encoding: String)
    case jsonArray
    /// An array a line.
    case arrayLines
    /// One object with the rows in a column.
    case wrapped(column: String)
    case indentedJSON
    /// An object a line, each with the comma of a list behind it.
    case commaLines
    /// Lines that begin with U+00A0, which is no space to JSON.
    case noBreakSpaces
    case markup
    case yaml
    case table(delimiter: Character)
    case carriageReturns
    case zeroBytes

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
        ofMark(head) ?? ofZeros(head) ?? DatasetText(head).kind
    }

    /// By the bytes that files of a format begin with; the tar's are behind its first name.
    private static func ofMark(_ head: [UInt8]) -> DatasetFileKind? {
        let marks: [([UInt8], DatasetFileKind)] = [
            ([0x1F, 0x8B], .compressed(program: "gzip")), ([0x28, 0xB5, 0x2F, 0xFD], .compressed(program: "zstd")),
            ([0xFD, 0x37, 0x7A, 0x58, 0x5A], .compressed(program: "xz")),
            ([0x04, 0x22, 0x4D, 0x18], .compressed(program: "lz4")),
            (Array("BZh".utf8), .compressed(program: "bzip2")), (Array("PAR1".utf8), .parquet),
            (Array("ARROW1".utf8), .feather), ([0xFF, 0xFF, 0xFF, 0xFF], .arrowStream),
            ([0x50, 0x4B, 0x03, 0x04], .spreadsheet), (Array("SQLite format 3\0".utf8), .sqlite),
            (GitPointer.mark, .gitPointer),
            // The mark of UTF-32 begins with that of UTF-16.
            ([0xFF, 0xFE, 0, 0], .wideText(encoding: "utf-32")), ([0, 0, 0xFE, 0xFF], .wideText(encoding: "utf-32")),
            ([0xFE, 0xFF], .wideText(encoding: "utf-16")), ([0xFF, 0xFE], .wideText(encoding: "utf-16")),
        ]
        if let found = marks.first(where: { head.starts(with: $0.0) }) { return found.1 }
        if head.count > 262, head[257..<262].elementsEqual("ustar".utf8) || isOldTar(head) { return .tar }
        // Then the number of the protocol.
        return head.count > 1 && head[0] == 0x80 && (2...5).contains(head[1]) ? .pickle : nil
    }

    /// A header of 512 bytes without a mark: a name, zeros up to byte 100, then the mode in octal digits.
    private static func isOldTar(_ head: [UInt8]) -> Bool {
        guard head.count >= 512, head[0] > 0x20, let end = head[..<100].firstIndex(of: 0) else { return false }
        return head[end..<100].allSatisfy { $0 == 0 }
            && head[100..<107].allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "7")).contains($0) }
    }

    /// Wide text without a mark. The first two characters of JSON are ASCII, so the zeros among the first four bytes
    /// tell which it is, whatever its rows are written in (RFC 4627, section 3).
    private static func ofZeros(_ head: [UInt8]) -> DatasetFileKind? {
        guard head.count >= 4 else { return nil }
        let isASCII = head.prefix(4).map { byte in
            byte == 0x09 || byte == 0x0A || byte == 0x0D || (0x20...0x7E).contains(byte)
        }
        let isZero = head.prefix(4).map { $0 == 0 }
        let encodings: [(text: [Int], encoding: String)] = [
            ([0, 2], "utf-16le"), ([1, 3], "utf-16be"), ([0], "utf-32le"), ([3], "utf-32be"),
        ]
        for (text, encoding) in encodings
        where (0..<4).allSatisfy({ text.contains($0) ? isASCII[$0] : isZero[$0] }) {
            return .wideText(encoding: encoding)
        }
        let firstLine = head.prefix { $0 != 0x0A }
        guard firstLine.contains(0) else { return nil }
        // A file of rows may have a broken one first.
        let hasRows = head.split(separator: 0x0A).contains { $0.first == UInt8(ascii: "{") }
        return hasRows ? nil : .zeroBytes
    }
}

// MARK: - What a person is told

extension DatasetFileKind {
    var phrase: String {
        switch self {
        case .folder: "is a folder, not a jsonl file"
        case .pipe: "is a pipe; a dataset is read more than once"
        case .socket: "is a socket, not a file"
        case .device: "is a device, not a file"
        case .compressed(let program): "is compressed with \(program)"
        case .parquet: "is a Parquet file, not jsonl"
        case .feather, .arrowStream: "is an Arrow file, not jsonl"
        case .spreadsheet: "is a zip archive or a spreadsheet, not jsonl"
        case .tar: "is a tar archive, not jsonl"
        case .sqlite: "is an SQLite database, not jsonl"
        case .pickle: "is pickled Python, which may run code when it is read, not jsonl"
        case .gitPointer: "is a Git LFS pointer, not the file itself"
        case .wideText(let encoding): "is \(encoding.prefix(6).uppercased()) text; jsonl is UTF-8"
        case .jsonArray: "is a JSON array, not one object a line"
        case .arrayLines: "has a JSON array a line, not an object"
        case .wrapped(let column): "is one JSON object with the rows in '\(column)', not one object a line"
        case .indentedJSON: "is JSON over several lines, not one object a line"
        case .commaLines: "has a comma behind the object of a line"
        case .noBreakSpaces: "begins its lines with a no-break space (U+00A0), which is no space in JSON"
        case .markup: "is HTML or XML, not jsonl"
        case .yaml: "is YAML, not jsonl"
        case .table("\t"): "is a table of values separated by tabs (TSV), not jsonl"
        case .table(let delimiter): "is a table of values separated by '\(delimiter)' (CSV), not jsonl"
        case .carriageReturns: "ends its lines with carriage returns only, so it is one long line"
        case .zeroBytes: "has zero bytes in its first line, so it is no text"
        }
    }

    /// The command that makes jsonl of it.
    func advice(_ path: String) -> String {
        let file = "'\(path)'"
        switch self {
        case .folder: return "name a file in it"
        case .pipe, .socket, .device: return "write what comes out of it into a file: cat \(file) > data.jsonl"
        case .compressed(let program): return "unpack it: \(program) -dc \(file) > data.jsonl"
        case .parquet: return Self.pandas("read_parquet", file)
        case .feather: return Self.pandas("read_feather", file)
        case .arrowStream:
            return "convert it: python3 -c \"import datasets,sys; "
                + "datasets.Dataset.from_file(sys.argv[1]).to_json('data.jsonl')\" \(file)"
        case .spreadsheet: return "unpack it, or save the sheet as CSV and convert that"
        case .tar: return "unpack it: tar -xf \(file), and name the file that holds the rows"
        case .sqlite:
            return "convert a table of it: sqlite3 -json \(file) 'select prompt, answer from TABLE' | jq -c '.[]' "
                + "> data.jsonl"
        case .pickle: return "let the program that made it write its rows as jsonl"
        case .gitPointer: return "fetch the file: run 'git lfs pull' in its folder, or download it with 'hf download'"
        case .wideText(let encoding): return "convert it: iconv -f \(encoding) -t utf-8 \(file) > data.jsonl"
        case .jsonArray: return "convert it: jq -c '.[]' \(file) > data.jsonl"
        case .arrayLines: return "convert it: jq -c '{prompt: .[0], answer: .[1]}' \(file) > data.jsonl"
        case .wrapped(let column): return "convert it: jq -c '.\(column)[]' \(file) > data.jsonl"
        case .indentedJSON: return "convert it: jq -c . \(file) > data.jsonl"
        case .commaLines: return "convert it: sed 's/,[[:space:]]*$//' \(file) > data.jsonl"
        case .noBreakSpaces: return "convert it: sed 's/^\\(\\xC2\\xA0\\)*//' \(file) > data.jsonl"
        case .markup: return "download the file itself: on the hub its address has /resolve/, not /blob/"
        case .yaml:
            return "convert it: python3 -c \"import json,sys,yaml; [print(json.dumps(r)) for r in "
                + "yaml.safe_load(open(sys.argv[1]))]\" \(file) > data.jsonl"
        case .table(let delimiter):
            return "convert it: python3 -c \"import csv,json,sys; [print(json.dumps(r)) for r in csv.DictReader("
                + "open(sys.argv[1],encoding='utf-8-sig',newline=''),delimiter='"
                + "\(delimiter == "\t" ? "\\t" : String(delimiter))')]\" \(file) > data.jsonl"
        case .carriageReturns: return "convert it: tr '\\r' '\\n' < \(file) > data.jsonl"
        case .zeroBytes: return "name a file with one JSON object a line"
        }
    }

    private static func pandas(_ reader: String, _ file: String) -> String {
        "convert it: python3 -c \"import pandas,sys; pandas.\(reader)(sys.argv[1]).to_json("
            + "'data.jsonl',orient='records',lines=True,force_ascii=False)\" \(file)"
    }
}
