package import Protocol

/// Why a worker could not go on, in words for the person who reads the trial's first failure.
package struct WorkerError: UserFacingError, Equatable {
    package enum Code: Sendable {
        /// The plan asks for something that does not exist or does not fit together.
        case plan
        /// A message that makes no sense where it arrived.
        case message
        /// A worker answered a request with an error.
        case request
        /// Data that should have arrived did not.
        case transfer
        /// Data is not where the master said it is.
        case storage
        /// A queue or buffer that must not overflow did.
        case full
        /// The system refused a thread, a socket or a file.
        case system
    }

    package let code: Code
    package let summary: String
    package let detail: String
    package let hint: String?
    package let persistence: Persistence

    package init(
        _ code: Code, _ summary: String, detail: String = "", hint: String? = nil,
        persistence: Persistence = .passing
    ) {
        self.persistence = persistence
        self.code = code
        self.summary = summary
        self.detail = detail
        self.hint = hint
    }
}
