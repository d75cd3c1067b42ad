import Protocol

/// Why the store could not do its work.
package struct StoreError: UserFacingError, Equatable {
    package enum Code: Sendable, Equatable {
        /// No such file or trial.
        case notFound
        /// A run that was to be made is there already.
        case exists
        /// The file is no run database, is truncated, or its structure is damaged.
        case damaged
        /// Written by a newer version of this program.
        case newerSchema
        /// The disk is full; nothing of the failed transaction was kept.
        case diskFull
        /// The process may not make a file as large as the run has to become.
        case fileLimit
        /// Another process writes this run.
        case busy
        /// The folder or file may not be read or written.
        case permission
        /// Anything else SQLite reports.
        case database
    }

    package let code: Code
    package let path: String
    package let detail: String

    package init(_ code: Code, path: String, detail: String = "") {
        self.code = code
        self.path = path
        self.detail = detail
    }

    package var summary: String {
        switch code {
        case .notFound: "there is no run at \(path)"
        case .exists: "there is a run at \(path) already"
        case .damaged: "the run database \(path) is damaged"
        case .newerSchema: "the run database \(path) was written by a newer version of cockpit"
        case .diskFull: "the disk is full: \(path) cannot grow"
        case .fileLimit: "\(path) may not grow: the limit of a file's size (ulimit -f) is reached"
        case .busy: "another process is writing \(path)"
        case .permission: "\(path) may not be opened"
        case .database: "the run database \(path) reported an error"
        }
    }

    package var hint: String? {
        switch code {
        case .notFound: "list what there is with: cockpit list"
        case .exists: "continue it with --recover-mode resume, or choose another trial name"
        case .damaged: "check it with: cockpit doctor"
        case .newerSchema: "open it with the version that wrote it"
        case .diskFull: "free space on that disk; training goes on and storing resumes by itself"
        case .fileLimit: "raise the limit of the process with prlimit --fsize; storing resumes by itself"
        case .busy: "attach to the running trial with: cockpit attach"
        case .permission, .database: nil
        }
    }
}
