/// What a trial says about its failure, line by line.
enum FailureReport {
    /// The line that says what failed: what fails in a call on a model worker, the master reports in the line before.
    static func cause(in report: String) -> String {
        let lines = report.split(whereSeparator: \.isNewline)
        let cause = lines.first { $0.contains(" failed in ") } ?? lines.first
        return cause.map { String($0.drop { $0 == " " }) } ?? ""
    }
}
