import Glibc

@testable import Cockpit

/// Both ends of a terminal: the program's, and ours that reads what it draws and types for it.
final class PseudoTerminal {
    struct Failure: Error {
        let code: Int32
    }

    let program: Int32
    private let person: Int32

    init(columns: UInt16 = 40, rows: UInt16 = 6) throws {
        var person: Int32 = -1
        var program: Int32 = -1
        var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        guard openpty(&person, &program, nil, nil, &size) == 0 else { throw Failure(code: errno) }
        _ = fcntl(person, F_SETFL, O_NONBLOCK)
        self.person = person
        self.program = program
    }

    /// What the program has written and nobody has read yet.
    func output() -> String {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while case let count = read(person, &buffer, buffer.count), count > 0 { bytes += buffer[..<count] }
        return String(decoding: bytes, as: UTF8.self)
    }

    func type(_ text: String) {
        let bytes = Array(text.utf8)
        _ = write(person, bytes, bytes.count)
    }

    func resize(columns: UInt16, rows: UInt16) {
        var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(person, UInt(TIOCSWINSZ), &size)
    }

    /// Whether keys are echoed, as they are in a shell.
    var echoes: Bool {
        var settings = termios()
        return tcgetattr(program, &settings) == 0 && settings.c_lflag & tcflag_t(ECHO) != 0
    }

    /// Closes the person's end, as a closed window does.
    func hangUp() {
        close(person)
    }

    deinit {
        close(person)
        close(program)
    }
}
