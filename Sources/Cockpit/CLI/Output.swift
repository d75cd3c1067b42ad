import Foundation
import Glibc
import Protocol

/// What commands print: text for people on a terminal, JSON for programs.
enum Output {
    static var isTerminal: Bool { isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1 }

    /// Writes one line to standard output, without what a terminal would act on. A reader that has gone away ends the
    /// program quietly.
    static func line(_ text: String = "") { write(text.printableLines() + "\n", to: STDOUT_FILENO) }

    /// Writes one line to standard error, as safe as one to standard output.
    static func note(_ text: String) { write(text.printableLines() + "\n", to: STDERR_FILENO) }

    static func error(_ error: any UserFacingError) { note("cockpit: \(error.report)") }

    /// Waits a while; false once whoever read standard output has gone.
    static func isRead(for milliseconds: Int32) -> Bool {
        // No events asked for: what is said of a broken pipe comes anyway, and what a person types does not.
        var output = pollfd(fd: STDOUT_FILENO, events: 0, revents: 0)
        return poll(&output, 1, milliseconds) <= 0
    }

    /// Prints `value` as JSON: pretty on a terminal, one line otherwise.
    static func json(_ value: some Encodable) throws {
        document(try text(of: value, isPretty: isatty(STDOUT_FILENO) == 1) + "\n")
    }

    /// Prints `value` as one line of JSON.
    static func jsonLine(_ value: some Encodable) throws { document(try text(of: value) + "\n") }

    /// `value` as JSON, on one line unless it is for a person; safe to print as it is.
    static func text(of value: some Encodable, isPretty: Bool = false) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting =
            isPretty ? [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes] : [.sortedKeys, .withoutEscapingSlashes]
        // A loss can be NaN, and a JSON file that cannot be written tells nobody.
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return String(decoding: try encoder.encode(value), as: UTF8.self).printableJSON
    }

    /// Writes a whole document, which ends its own lines and is safe to print, to standard output.
    static func document(_ text: String) { write(text, to: STDOUT_FILENO) }

    private static func write(_ text: String, to descriptor: Int32) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let written = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if written >= 0 {
                bytes = bytes.dropFirst(written)
                continue
            }
            switch errno {
            case EINTR: continue
            case EAGAIN:
                // Whoever shares the descriptor made it non-blocking; half an output is worse than a wait.
                var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&ready, 1, -1)
            case EPIPE: exit(ExitCode.success)
            default:
                if descriptor == STDERR_FILENO { return }
                note("cockpit: the output cannot be written: \(String(cString: strerror(errno)))")
                exit(ExitCode.failure)
            }
        }
    }

    /// Rows with columns padded to the widest cell.
    static func table(_ header: [String], _ rows: [[String]]) {
        line(aligned(header, rows).joined(separator: "\n"))
    }

    /// The lines of a table: the header, then a line a row whatever its cells hold.
    static func aligned(_ header: [String], _ rows: [[String]]) -> [String] {
        let all = [header] + rows.map { $0.map(oneLine) }
        let widths = header.indices.map { column in all.map { $0[column].cellWidth }.max() ?? 0 }
        return all.map { row in
            row.enumerated().map { index, cell in
                index == row.count - 1 ? cell : cell.padded(to: widths[index])
            }
            .joined(separator: "  ")
        }
    }

    private static func oneLine(_ text: String) -> String {
        String(text.map { $0.isNewline || $0 == "\t" ? " " : $0 }).printable
    }
}

/// A request that makes no sense, or one that could not be carried out.
struct CommandError: UserFacingError {
    let summary: String
    let detail: String
    let hint: String?
    let exitCode: Int32

    init(_ summary: String, detail: String = "", hint: String? = nil, exitCode: Int32 = ExitCode.usage) {
        self.summary = summary
        self.detail = detail
        self.hint = hint
        self.exitCode = exitCode
    }
}
