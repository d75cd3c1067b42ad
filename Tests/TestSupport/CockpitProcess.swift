package import Foundation
import Glibc

/// The built program, run as a user runs it.
package struct CockpitProgram: Sendable {
    /// The binary that this build made, beside the test bundle.
    package static let path: String = {
        let bundle = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
        var folder = bundle.deletingLastPathComponent()
        while folder.path != "/" {
            let candidate = folder.appendingPathComponent("cockpit").path
            var isFolder: ObjCBool = false
            if FileManager.default.fileExists(atPath: candidate, isDirectory: &isFolder), !isFolder.boolValue {
                return candidate
            }
            folder.deleteLastPathComponent()
        }
        return "cockpit"
    }()

    /// What a finished run left behind.
    package struct Result: Sendable {
        package let status: Int32
        package let output: String
        package let errors: String

        /// Standard output read as JSON.
        package func json<Value: Decodable>(_ type: Value.Type) throws -> Value {
            try JSONDecoder().decode(type, from: Data(output.utf8))
        }
    }

    package let home: String
    package var extraEnvironment: [String: String] = [:]

    package init(home: String, extraEnvironment: [String: String] = [:]) {
        self.home = home
        self.extraEnvironment = extraEnvironment
    }

    package var environment: [String: String] {
        var environment = ProcessInfo.processInfo.environment
        environment["COCKPIT_HOME"] = home
        environment["COCKPIT_THEMES"] = "\(SourceTree.root)/themes"
        environment["LC_ALL"] = "C.UTF-8"
        environment.merge(extraEnvironment) { _, new in new }
        return environment
    }

    /// Starts the program without a terminal.
    /// - Parameter through: the words of another program that runs it, such as one that sets limits.
    package func start(
        _ arguments: [String], through: [String] = [], output: FileHandle? = nil
    ) throws -> SpawnedProcess {
        let words = through + [Self.path] + arguments
        return try SpawnedProcess(
            words[0], Array(words.dropFirst()), environment: environment, output: output?.fileDescriptor,
            errors: output?.fileDescriptor)
    }

    /// Runs the program to its end.
    @discardableResult
    package func run(_ arguments: String...) throws -> Result { try run(arguments) }

    @discardableResult
    package func run(_ arguments: [String]) throws -> Result {
        let files = TemporaryFolder()
        let outputPath = files.write("", to: "out"), errorPath = files.write("", to: "err")
        let output = FileHandle(forWritingAtPath: outputPath), errors = FileHandle(forWritingAtPath: errorPath)
        let process = try SpawnedProcess(
            Self.path, arguments, environment: environment, output: output?.fileDescriptor,
            errors: errors?.fileDescriptor)
        process.waitUntilExit()
        return Result(
            status: process.terminationStatus, output: try String(contentsOfFile: outputPath, encoding: .utf8),
            errors: try String(contentsOfFile: errorPath, encoding: .utf8))
    }
}

/// Seconds that a test gives what must happen: far more than it takes, since a machine may have other things to do.
package let testPatience = 120.0

/// Asks again and again until `condition` holds; for what another process does, where there is nothing to wait on.
/// - Returns: whether it came to hold in time.
package func eventually(within seconds: Double = testPatience, _ condition: () throws -> Bool) rethrows -> Bool {
    let end = DispatchTime.now().uptimeNanoseconds + UInt64(seconds * 1e9)
    while true {
        if try condition() { return true }
        if DispatchTime.now().uptimeNanoseconds > end { return false }
        poll(nil, 0, 20)
    }
}

/// Every process of this machine whose command line contains `text`.
package func processes(matching text: String) -> [pid_t] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return names.compactMap { pid_t($0) }.filter { pid in
        guard let data = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") else { return false }
        return String(decoding: data, as: UTF8.self).replacingOccurrences(of: "\0", with: " ").contains(text)
    }
}
