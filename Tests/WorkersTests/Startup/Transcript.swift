import Foundation
import Protocol
import SwiftProtobuf
import TestSupport

/// What a model worker, its orchestrator and its master say to each other in one small trial:
/// `docs/protocol/worker-transcript.jsonl`, one message a line. What docs/guide/worker-protocol.md says of it holds
/// because the tests play it.
struct Transcript {
    var lines: [Line]

    static let file = "\(SourceTree.root)/docs/protocol/worker-transcript.jsonl"
    /// The rows that are trained on.
    static let rows = "\(SourceTree.root)/docs/protocol/arithmetic.jsonl"
    /// In the file, in place of the folder that a test plays in.
    static let folder = "/trial"

    /// - Parameter folder: what stands in place of `/trial`.
    static func read(folder: String = Self.folder) throws -> Transcript {
        let text = try String(contentsOfFile: file, encoding: .utf8)
        return Transcript(
            lines: try text.split(separator: "\n").map {
                try Line(String($0).replacing("\"\(Self.folder)", with: "\"\(folder)"))
            })
    }

    /// - Parameter folder: what becomes `/trial`.
    func write(folder: String) throws {
        let text = try lines.map { try $0.text.replacing("\"\(folder)", with: "\"\(Self.folder)") + "\n" }.joined()
        try Data(text.utf8).write(to: URL(filePath: Self.file))
    }

    /// One message, and by its kind who says it to whom on which socket.
    struct Line {
        let kind: Kind
        let message: any VersionedMessage

        init(_ kind: Kind, _ message: any VersionedMessage) {
            self.kind = kind
            self.message = message
        }
    }

    enum Kind: String, CaseIterable {
        case report = "WorkerReport"
        case command = "WorkerCommand"
        case telemetry = "TelemetryBatch"
        case acknowledgement = "TelemetryAck"
        case request = "Request"
        case reply = "Reply"
    }
}

extension Transcript.Kind {
    var type: any VersionedMessage.Type {
        switch self {
        case .report: WireWorkerReport.self
        case .command: WireWorkerCommand.self
        case .telemetry: WireTelemetryBatch.self
        case .acknowledgement: WireTelemetryAck.self
        case .request: WireRequest.self
        case .reply: WireReply.self
        }
    }

    /// The file of the socket in the runtime folder.
    var socket: String {
        switch self {
        case .report, .command: "control"
        case .telemetry, .acknowledgement: "telemetry"
        case .request: "master_send_0"
        case .reply: "master_recv"
        }
    }

    /// Whether the worker says it.
    var isOfWorker: Bool {
        switch self {
        case .report, .telemetry, .reply: true
        case .command, .acknowledgement, .request: false
        }
    }

    /// Who the worker speaks with.
    private var peer: String {
        switch self {
        case .report, .command, .telemetry, .acknowledgement: "orchestrator"
        case .request, .reply: "master_worker/0"
        }
    }

    var from: String { isOfWorker ? "model_worker/0" : peer }
    var to: String { isOfWorker ? peer : "model_worker/0" }
}

extension Transcript.Line {
    private struct Head: Decodable {
        let from: String, to: String, socket: String, type: String
    }

    private static let marker = ", \"message\": "

    /// As it stands in the file.
    var text: String {
        get throws {
            var options = JSONEncodingOptions()
            options.preserveProtoFieldNames = true
            options.useDeterministicOrdering = true
            let head =
                "{\"from\": \"\(kind.from)\", \"to\": \"\(kind.to)\", \"socket\": \"\(kind.socket)\", "
                + "\"type\": \"\(kind.rawValue)\""
            return try head + Self.marker + message.jsonString(options: options) + "}"
        }
    }

    init(_ text: String) throws {
        guard let middle = text.range(of: Self.marker), text.hasSuffix("}") else { throw Unreadable(text: text) }
        let head = try JSONDecoder().decode(Head.self, from: Data((text[..<middle.lowerBound] + "}").utf8))
        guard let kind = Transcript.Kind(rawValue: head.type), (kind.from, kind.to) == (head.from, head.to),
            kind.socket == head.socket
        else { throw Unreadable(text: text) }
        self.init(kind, try kind.type.init(jsonString: String(text[middle.upperBound...].dropLast())))
    }

    struct Unreadable: Error {
        let text: String
    }

    var isHeartbeat: Bool {
        if case .heartbeat = (message as? WireWorkerReport)?.body { true } else { false }
    }
}

// MARK: - What is equal every time

extension Transcript.Line {
    /// Without times, process numbers and durations; numbers of the training are compared on their own.
    var withoutTimes: Transcript.Line {
        switch message {
        case var report as WireWorkerReport:
            report.pid = 0
            if isHeartbeat { report.heartbeat = WireHeartbeat() }
            return Self(kind, report)
        case var reply as WireReply:
            reply.birthTimes = reply.birthTimes.map { _ in 0 }
            for index in reply.times.indices { reply.times[index].seconds = 0 }
            for index in reply.statistics.indices { reply.statistics[index].value = 0 }
            // The manifest of a checkpoint has its time in it.
            for index in reply.saved.indices { reply.saved[index].bytes = 0 }
            return Self(kind, reply)
        default: return self
        }
    }

    /// Numbers of the training: the last digits depend on the processor.
    var statistics: [(name: String, value: Double)] {
        ((message as? WireReply)?.statistics ?? []).map { ($0.name, $0.value) }
    }
}

extension Transcript {
    /// All telemetry of the worker in order, without its times. How it is cut into batches is a matter of time.
    static func records(of batches: [WireTelemetryBatch]) -> (spans: [WireSpanRecord], logs: [WireLogRecord]) {
        let spans = batches.flatMap(\.spans).map { span in
            var span = span
            span.startNs = 0
            span.endNs = min(span.endNs, 1)
            return span
        }
        let logs = batches.flatMap(\.logs).map { log in
            var log = log
            log.timeNs = 0
            return log
        }
        return (spans, logs)
    }
}
