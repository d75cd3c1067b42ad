import Foundation
import Glibc
import Protocol

/// What a starting orchestrator says to whoever started it, over a pipe that it then closes.
package enum Readiness: Codable, Equatable, Sendable {
    case ready(StartedTrial)
    case refused(Refusal)

    /// An error as it crosses the pipe; it reads the same on the other side.
    package struct Refusal: UserFacingError, Codable, Equatable {
        package let summary: String
        package let detail: String
        package let hint: String?
        package let exitCode: Int32
    }

    package init(refusing error: any Error) {
        let facing = error as? any UserFacingError
        self = .refused(
            Refusal(
                summary: facing?.summary ?? "\(error)", detail: facing?.detail ?? "", hint: facing?.hint,
                exitCode: facing?.exitCode ?? ExitCode.failure))
    }

    /// Writes to the pipe and closes it.
    package func send(to descriptor: Int32) {
        // Whoever started the trial may be gone already; the trial does not depend on it.
        if let data = try? JSONEncoder().encode(self) {
            data.withUnsafeBytes { _ = write(descriptor, $0.baseAddress, $0.count) }
        }
        close(descriptor)
    }

    /// Reads until the other end closes; nil when it said nothing that can be read.
    package static func receive(from descriptor: Int32) -> Readiness? {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while bytes.count < 1 << 20 {
            let got = read(descriptor, &buffer, buffer.count)
            if got < 0, errno == EINTR { continue }
            if got <= 0 { break }
            bytes += buffer[..<got]
        }
        return try? JSONDecoder().decode(Readiness.self, from: Data(bytes))
    }
}
