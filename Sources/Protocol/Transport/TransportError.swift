/// Why a socket could not do what was asked.
package struct TransportError: UserFacingError, Equatable {
    package enum Code: Sendable {
        case open
        case bind
        case connect
        case send
        case receive
        case poll
        case pathTooLong
        case folder
        case thread
    }

    package let code: Code
    /// The endpoint or path concerned; may be empty.
    package let place: String
    package let reason: String

    package init(_ code: Code, place: String = "", reason: String) {
        self.code = code
        self.place = place
        self.reason = reason
    }

    package var summary: String {
        let what: String
        switch code {
        case .open: what = "a socket could not be opened"
        case .bind: what = "a socket could not be bound"
        case .connect: what = "a socket could not connect"
        case .send: what = "a message could not be sent"
        case .receive: what = "a message could not be received"
        case .poll: what = "waiting for sockets failed"
        case .pathTooLong: what = "a socket path is too long"
        case .folder: what = "the runtime folder cannot be used"
        case .thread: what = "a thread could not be started"
        }
        return place.isEmpty ? "\(what): \(reason)" : "\(what) (\(place)): \(reason)"
    }

    package var hint: String? {
        switch code {
        case .pathTooLong: "set COCKPIT_HOME to a shorter path"
        case .folder: "remove it, or set COCKPIT_HOME to a folder of your own"
        default: nil
        }
    }
}
