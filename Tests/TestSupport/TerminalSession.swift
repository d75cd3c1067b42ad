import Foundation
package import Glibc

/// The program on a pseudo-terminal, driven by keys and read as a screen.
package final class TerminalSession {
    private let master: Int32
    private let process: SpawnedProcess
    package private(set) var screen: TerminalEmulator
    /// Every byte the program has written.
    package private(set) var recording: [UInt8] = []

    package struct CannotOpen: Error {}

    package init(
        _ program: CockpitProgram, _ arguments: [String] = [], width: Int = 120, height: Int = 36,
        environment: [String: String] = [:]
    ) throws {
        var main: Int32 = -1, secondary: Int32 = -1
        var size = winsize(ws_row: UInt16(height), ws_col: UInt16(width), ws_xpixel: 0, ws_ypixel: 0)
        guard openpty(&main, &secondary, nil, nil, &size) == 0 else { throw CannotOpen() }
        _ = fcntl(main, F_SETFD, FD_CLOEXEC)
        _ = fcntl(secondary, F_SETFD, FD_CLOEXEC)
        defer { close(secondary) }
        master = main
        screen = TerminalEmulator(width: width, height: height)
        let variables = program.environment.merging(
            ["TERM": "xterm-256color", "COLORTERM": ""].merging(environment) { _, new in new }
        ) { _, new in new }
        // setsid --ctty gives the program this terminal as its own, so that resizes and hang-ups reach it.
        process = try SpawnedProcess(
            "/usr/bin/setsid", ["--ctty", CockpitProgram.path] + arguments, environment: variables,
            input: secondary, output: secondary, errors: secondary)
    }

    deinit {
        if process.isRunning { process.terminate() }
        close(master)
    }

    package var isRunning: Bool { process.isRunning }
    /// The program itself: `setsid` becomes it, since it leads no group.
    package var programPid: pid_t { process.processIdentifier }

    /// Types text or key sequences.
    package func press(_ keys: String) {
        var bytes = Array(keys.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { write(master, $0.baseAddress, $0.count) }
            if count <= 0 { return }
            bytes = bytes.dropFirst(count)
        }
    }

    package func resize(width: Int, height: Int) {
        var size = winsize(ws_row: UInt16(height), ws_col: UInt16(width), ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(master, UInt(TIOCSWINSZ), &size)
        screen.resize(width: width, height: height)
    }

    /// Reads what is there, waiting up to `milliseconds` for the first byte.
    package func pump(milliseconds: Int32 = 20) {
        var descriptor = pollfd(fd: master, events: Int16(POLLIN), revents: 0)
        var wait = milliseconds
        while poll(&descriptor, 1, wait) > 0, descriptor.revents & Int16(POLLIN) != 0 {
            var buffer = [UInt8](repeating: 0, count: 65_536)
            let count = read(master, &buffer, buffer.count)
            if count <= 0 { return }
            recording += buffer[..<count]
            screen.feed(buffer[..<count])
            if !screen.answers.isEmpty {
                let answers = screen.answers
                screen.answers = []
                _ = answers.withUnsafeBytes { write(master, $0.baseAddress, $0.count) }
            }
            wait = 0
        }
    }

    /// Reads until the screen shows `text`; the screen as it is then, or nil when the time is up.
    package func waitFor(_ text: String, within seconds: Double = testPatience) -> String? {
        waitUntil(within: seconds) { $0.text.contains(text) }
    }

    /// Reads until `condition` holds of a whole frame.
    package func waitUntil(within seconds: Double = testPatience, _ condition: (TerminalEmulator) -> Bool) -> String? {
        let end = DispatchTime.now().uptimeNanoseconds + UInt64(seconds * 1e9)
        while true {
            pump()
            if !screen.isInsideFrame, condition(screen) { return screen.text }
            if DispatchTime.now().uptimeNanoseconds > end { return nil }
        }
    }

    /// Reads until the program has ended and gives its exit status, nil when it does not end in time.
    package func waitForEnd(within seconds: Double = testPatience) -> Int32? {
        let ended = eventually(within: seconds) {
            pump()
            return !process.isRunning
        }
        pump()
        return ended ? process.terminationStatus : nil
    }
}
