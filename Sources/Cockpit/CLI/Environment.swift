import Foundation
import Glibc
import Protocol

/// What the program reads from its surroundings, read here and nowhere else.
enum Environment {
    static var variables: [String: String] { ProcessInfo.processInfo.environment }
    static var workingFolder: String { FileManager.default.currentDirectoryPath }
    /// The home folder; where nobody says which it is the program ends with what to do.
    static var home: HomeFolder {
        if let home = HomeFolder.fromEnvironment(variables, workingFolder: workingFolder) { return home }
        Output.error(
            CommandError(
                "there is no home folder: HOME is not set, and the password database knows none for user \(getuid())",
                hint: "set COCKPIT_HOME to a folder of your own"))
        exit(Protocol.ExitCode.usage)
    }
    /// The home folder where a command reads what is there; one that cannot be read must not look like an empty one.
    static func readableHome() throws -> HomeFolder {
        let home = home
        if let problem = problem(reading: home) {
            throw CommandError(
                problem, hint: "set COCKPIT_HOME to a folder that you may read", exitCode: ExitCode.failure)
        }
        return home
    }

    /// Why what is in the home folder cannot be told; nil when it can, also when nothing is there yet.
    static func problem(reading home: HomeFolder) -> String? {
        for path in [home.path, home.trials] {
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { continue }
            if !isFolder.boolValue { return "\(path) is not a folder" }
            if access(path, R_OK | X_OK) != 0 { return "\(path) cannot be read: \(String(cString: strerror(errno)))" }
        }
        return nil
    }

    /// A path as typed, from the root.
    static func absolute(_ path: String) -> String {
        let whole = path.hasPrefix("/") ? path : "\(workingFolder)/\(path)"
        return whole.count > 1 && whole.hasSuffix("/") ? String(whole.dropLast()) : whole
    }

    /// The path of this program's file, links resolved.
    static var executable: String {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
    }
}
