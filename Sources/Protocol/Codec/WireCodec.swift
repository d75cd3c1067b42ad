package import SwiftProtobuf

/// Why a frame was refused.
package struct WireError: UserFacingError, Equatable {
    package enum Code: Sendable {
        case tooLarge
        case malformed
        case version
        case shape
    }

    package let code: Code
    package let summary: String

    package init(_ code: Code, _ summary: String) {
        self.code = code
        self.summary = summary
    }
}

/// Messages to frames and back, with a size limit and a version check on everything that comes in.
package enum WireCodec {
    /// Largest frame of metadata that is read. Tensor frames have their own limit.
    package static let largestMessage = 16 << 20
    /// Largest raw tensor frame that is read.
    package static let largestTensor = 1 << 30

    /// The bytes of `message`.
    package static func encode(_ message: some SwiftProtobuf.Message) throws(WireError) -> [UInt8] {
        do {
            return try message.serializedBytes()
        } catch {
            throw WireError(.malformed, "a \(type(of: message).protoMessageName) could not be encoded: \(error)")
        }
    }

    /// Reads a message; refuses frames that are too large, truncated or of another version.
    package static func decode<M: VersionedMessage>(_ type: M.Type, from frame: [UInt8]) throws(WireError) -> M {
        guard frame.count <= largestMessage else {
            throw WireError(.tooLarge, "a frame of \(frame.count) bytes is above the limit of \(largestMessage)")
        }
        var options = BinaryDecodingOptions()
        options.messageDepthLimit = 16
        let message: M
        do {
            message = try M(serializedBytes: frame, options: options)
        } catch {
            throw WireError(.malformed, "a frame of \(frame.count) bytes is no \(M.protoMessageName): \(error)")
        }
        guard message.version == WireVersion.current else {
            throw WireError(
                .version,
                "a \(M.protoMessageName) has version \(message.version), this build speaks \(WireVersion.current)")
        }
        return message
    }
}

/// A message that stands alone in a frame and says which version of the schema wrote it.
package protocol VersionedMessage: SwiftProtobuf.Message {
    var version: UInt32 { get set }
}

extension VersionedMessage {
    /// A message of the current version, filled in by `body`.
    package static func make(_ body: (inout Self) -> Void) -> Self {
        var message = Self()
        message.version = WireVersion.current
        body(&message)
        return message
    }
}

extension WireTelemetryBatch: VersionedMessage {}
extension WireTelemetryAck: VersionedMessage {}
extension WireRequest: VersionedMessage {}
extension WireReply: VersionedMessage {}
extension WireTensorHeader: VersionedMessage {}
extension WireWorkerReport: VersionedMessage {}
extension WireWorkerCommand: VersionedMessage {}
extension WireTrialCommand: VersionedMessage {}
extension WireTrialCommandReply: VersionedMessage {}
