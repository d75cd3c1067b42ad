import Protocol

/// Why a configuration or a plan was refused; all of it before any process starts.
package struct ConfigurationError: UserFacingError, Equatable {
    package enum Code: Sendable {
        case unknownExperiment
        case unreadableFile
        case malformedFile
        case unknownKey
        case badValue
        case badOverride
        case unknownInterface
        case unknownDataset
        case badBatch
        case dataset
        case resources
    }

    package let code: Code
    package let summary: String
    package let detail: String
    package let hint: String?
    package var exitCode: Int32 { ExitCode.usage }

    package init(_ code: Code, _ summary: String, detail: String = "", hint: String? = nil) {
        self.code = code
        self.summary = summary
        self.detail = detail
        self.hint = hint
    }
}
