import Foundation
import Protocol

/// What the program reads from its surroundings, read here and nowhere else.
enum Environment {
    static var variables: [String: String] { ProcessInfo.processInfo.environment }
    static var workingFolder: String { FileManager.default.currentDirectoryPath }
    static var home: HomeFolder { HomeFolder.fromEnvironment(variables, workingFolder: workingFolder) }
    /// The path of this program's file, links resolved.
    static var executable: String {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
    }
}
