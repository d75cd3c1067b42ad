/// Everything that can wake the dashboard.
enum TerminalEvent: Hashable, Sendable {
    case key(KeyStroke)
    case mouse(MouseEvent)

    /// Text pasted in one piece; its line ends and control characters are the sender's.
    case paste(String)

    case resize(Size)

    /// Another thread called `EventSource.wake()`.
    case wake

    /// The time asked for has passed.
    case tick

    /// The program runs again after it was suspended; the screen needs a full repaint.
    case resume

    /// The terminal is gone.
    case hangup

    /// Someone asked the program to end.
    case terminate
}
