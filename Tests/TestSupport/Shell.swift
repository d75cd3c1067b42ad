/// Other programs, as a person or a script runs them beside a trial.
package enum Shell {
    /// Runs `program`, found by the path, to its end; - Returns: its exit status.
    @discardableResult
    package static func run(_ program: String, _ arguments: [String]) throws -> Int32 {
        let process = try SpawnedProcess(program, arguments)
        process.waitUntilExit()
        return process.terminationStatus
    }
}
