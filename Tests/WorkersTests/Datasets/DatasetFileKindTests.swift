import Glibc
import Protocol
import TestSupport
import Testing

@testable import Workers

@Suite struct `Files that are no jsonl` {
    private let folder = TemporaryFolder()

    private func error(at path: String) -> DatasetError? {
        do {
            let plan = DatasetPlan(type: "prompt", path: path, maximumLength: 0, badRow: .skip)
            _ = try JSONLReader(plan).read { record throws(RowFault) in record.line }
            return nil
        } catch {
            return error
        }
    }

    private static let row = #"{"prompt": "1", "answer": "2"}"#
    private static let utf16 = Array(row.utf16).flatMap { [UInt8($0 & 0xff), UInt8($0 >> 8)] }

    @Test(
        arguments: [
            ([0x1F, 0x8B, 8, 0], "is compressed with gzip", "unpack it: gzip -dc 'FILE' > data.jsonl"),
            ([0x28, 0xB5, 0x2F, 0xFD], "is compressed with zstd", "unpack it: zstd -dc 'FILE' > data.jsonl"),
            ([0xFF, 0xFE] + utf16, "is UTF-16 text; jsonl is UTF-8", "iconv -f utf-16 -t utf-8 'FILE'"),
            (utf16, "is UTF-16 text; jsonl is UTF-8", "iconv -f utf-16le -t utf-8 'FILE'"),
            (Array("[\(row),\n\(row)]".utf8), "is a JSON array, not one object a line", "jq -c '.[]' 'FILE'"),
            (
                Array("{\n  \"prompt\": \"1\"\n}\n".utf8), "is JSON over several lines, not one object a line",
                "jq -c . 'FILE'"
            ),
            (
                Array("\(row)\r\(row)\r".utf8), "ends its lines with carriage returns only, so it is one long line",
                "tr '\\r' '\\n' < 'FILE'"
            ),
            (Array("PAR1".utf8), "is a Parquet file, not jsonl", "read_parquet"),
        ] as [([UInt8], String, String)])
    func `are told by kind, with the command that converts them`(bytes: [UInt8], phrase: String, command: String) {
        let path = folder.write(bytes, to: "data")
        let error = error(at: path)
        #expect(error?.code == .kind)
        #expect(error?.summary == "\(path): \(phrase)")
        #expect(error?.hint?.contains(command.replacing("FILE", with: path)) == true, "\(error?.hint ?? "")")
    }

    private static let tar = Array("rows.jsonl".utf8) + [UInt8](repeating: 0, count: 247) + Array("ustar\0".utf8)

    @Test(
        arguments: [
            ([0, 0x7B, 0, 0x22, 0, 0x70], "is UTF-16 text; jsonl is UTF-8", "iconv -f utf-16be -t utf-8 "),
            ([0x7B, 0, 0x22, 0, 0x60, 0x4F, 0x7D, 0x59], "is UTF-16 text; jsonl is UTF-8", "iconv -f utf-16le "),
            ([0xFF, 0xFE, 0, 0, 0x7B, 0, 0, 0], "is UTF-32 text; jsonl is UTF-8", "iconv -f utf-32 -t utf-8 "),
            ([0x7B, 0, 0, 0, 0x22, 0, 0, 0], "is UTF-32 text; jsonl is UTF-8", "iconv -f utf-32le -t utf-8 "),
            ([0x04, 0x22, 0x4D, 0x18], "is compressed with lz4", "unpack it: lz4 -dc "),
            ([0x80, 2, 0x7D, 0x71], "is pickled Python, which may run code when it is read, not jsonl", "as jsonl"),
            ([0xFF, 0xFF, 0xFF, 0xFF, 0x10], "is an Arrow file, not jsonl", "datasets.Dataset.from_file"),
            ([0, 0, 0, 0, 0], "has zero bytes in its first line, so it is no text", "one JSON object a line"),
            (tar, "is a tar archive, not jsonl", "tar -xf "),
        ] as [([UInt8], String, String)])
    func `that are no UTF-8 text are told by their bytes`(bytes: [UInt8], phrase: String, command: String) {
        let kind = DatasetFileKind.of(head: bytes)
        #expect(kind?.phrase == phrase)
        #expect(kind?.advice("FILE").contains(command) == true, "\(kind?.advice("FILE") ?? "")")
    }

    @Test(
        arguments: [
            ("SQLite format 3\0", "is an SQLite database, not jsonl", "sqlite3 -json 'FILE'"),
            ("ARROW1\0\0", "is an Arrow file, not jsonl", "read_feather"),
            (
                "version https://git-lfs.github.com/spec/v1\n", "is a Git LFS pointer, not the file itself",
                "git lfs pull"
            ),
            ("<!DOCTYPE html>\n<html>\n", "is HTML or XML, not jsonl", "/resolve/"),
            ("- prompt: 1\n  answer: 2\n", "is YAML, not jsonl", "yaml.safe_load"),
            (
                "{\"a\": \"1\"},\n{\"a\": \"2\"}\n", "has a comma behind the object of a line",
                "sed 's/,[[:space:]]*$//'"
            ),
            ("[\"1\", \"2\"]\n[\"3\"]\n", "has a JSON array a line, not an object", "{prompt: .[0], answer: .[1]}"),
            (
                "{\n \"data\": [\n  {\n", "is one JSON object with the rows in 'data', not one object a line",
                "jq -c '.data[]' 'FILE'"
            ),
            (
                "{\"data\": [{\"a\": 1}]}", "is one JSON object with the rows in 'data', not one object a line",
                "jq -c '.data[]' 'FILE'"
            ),
            (
                "\u{A0}{\"a\": \"1\"}\n", "begins its lines with a no-break space (U+00A0), which is no space in JSON",
                "sed 's/^\\(\\xC2\\xA0\\)*//' 'FILE'"
            ),
            (
                "\u{FEFF}prompt,answer\n1,2\n", "is a table of values separated by ',' (CSV), not jsonl",
                "encoding='utf-8-sig',newline=''),delimiter=',')"
            ),
            (
                "prompt;answer\n1,5;2\n", "is a table of values separated by ';' (CSV), not jsonl", "delimiter=';')"
            ),
            (
                "prompt\tanswer\n1\t2\n", "is a table of values separated by tabs (TSV), not jsonl",
                "delimiter='\\t')"
            ),
        ] as [(String, String, String)])
    func `that are other text are told by their first lines`(text: String, phrase: String, command: String) {
        let kind = DatasetFileKind.of(head: Array(text.utf8))
        #expect(kind?.phrase == phrase)
        #expect(kind?.advice("FILE").contains(command) == true, "\(kind?.advice("FILE") ?? "")")
    }

    @Test func `such as folders, pipes and devices are told without waiting for them`() {
        let pipe = folder.file("pipe")
        #expect(mkfifo(pipe, 0o600) == 0)
        #expect(error(at: pipe)?.summary == "\(pipe): is a pipe; a dataset is read more than once")
        #expect(error(at: "/dev/zero")?.summary == "/dev/zero: is a device, not a file")
        #expect(error(at: folder.path)?.summary == "\(folder.path): is a folder, not a jsonl file")
        #expect(
            error(at: folder.file("none"))?.summary.hasSuffix("cannot be opened: No such file or directory") == true)
    }

    @Test(arguments: [
        row, "\(row)\n", "\n \n\(row)\r\n\(row)\r\n", "broken, but one line\n\(row)\n", "\(row)\r",
        "{\"prompt\": \"é[,;\"}\n", "Once, there was text\nwithout a table\n", "<s> is no page\n",
        "{\"messages\": [{\"role\": \"user\"}]}\n", "{\"tags\": [{\"a\": 1}], \"prompt\": \"1\"}\n",
    ])
    func `are not taken for what is jsonl`(text: String) {
        #expect(DatasetFileKind.of(head: Array(text.utf8)) == nil)
    }
}
