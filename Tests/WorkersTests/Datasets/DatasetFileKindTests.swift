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
            (utf16, "is UTF-16 text; jsonl is UTF-8", "iconv -f utf-16 -t utf-8 'FILE'"),
            (Array("[\(row),\n\(row)]".utf8), "is a JSON array, not one object a line", "jq -c '.[]' 'FILE'"),
            (
                Array("{\n  \"prompt\": \"1\"\n}\n".utf8), "is JSON over several lines, not one object a line",
                "jq -c . 'FILE'"
            ),
            (
                Array("prompt,answer\n1,2\n3,4\n".utf8), "is a table of separated values (CSV), not jsonl",
                "csv.DictReader"
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
        "{\"prompt\": \"é[,;\"}\n",
    ])
    func `are not taken for what is jsonl`(text: String) {
        #expect(DatasetFileKind.of(head: Array(text.utf8)) == nil)
    }
}
