import CNCurses
import Glibc

/// Owns the terminal's settings: raw while it is held, as they were after it, whatever way the program ends.
///
/// The signal handlers that do so after a crash are C (`CNCurses/guard.c`), because nothing of Swift is safe there.
@MainActor
final class TerminalGuard {
    /// The terminal, opened for us alone and not blocking.
    let descriptor: Int32

    private var isHeld = false

    /// Takes over the terminal behind a descriptor.
    static func take(_ terminal: Int32) throws(TerminalError) -> TerminalGuard {
        let reopened = term_reopen(terminal)
        // After a change of user the device may not be ours to open; the shared descriptor then may block.
        let descriptor = reopened >= 0 ? reopened : dup(terminal)
        let undo = TerminalSequences.undo
        guard descriptor >= 0, term_guard_arm(descriptor, undo, undo.utf8.count) else {
            throw TerminalError(code: .system, message: "Cannot read the terminal's settings: \(systemError())")
        }
        let held = TerminalGuard(descriptor: descriptor)
        held.hold()
        return held
    }

    private init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// Switches to raw mode.
    func hold() {
        isHeld = term_raw(descriptor)
    }

    /// Restores the terminal for another program; `hold` takes it again.
    func release() {
        guard isHeld else { return }
        isHeld = false
        term_guard_restore()
    }

    /// Restores the terminal for good and leaves a last word on it, if it takes one without waiting.
    func end(farewell: String = "") {
        release()
        term_guard_disarm()
        var output = OutputBuffer(descriptor: descriptor)
        // The shell's prompt belongs on a line of its own.
        output.send(farewell.isEmpty || farewell.hasSuffix("\n") ? farewell : farewell + "\n")
        close(descriptor)
    }

    private static func systemError() -> String { String(cString: strerror(errno)) }
}
