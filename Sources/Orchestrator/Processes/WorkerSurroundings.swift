/// What every process of a trial finds in its environment.
enum WorkerSurroundings {
    /// The crash reporter must neither ask questions nor colour a log file.
    static let environment = ["SWIFT_BACKTRACE": "interactive=no,color=no"]
}
