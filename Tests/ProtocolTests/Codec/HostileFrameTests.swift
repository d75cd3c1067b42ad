import Protocol
import SwiftProtobuf
import TestSupport
import Testing

/// Frames that no honest peer sends: a clear refusal or a message, never a trap.
@Suite struct HostileFrameTests {
    @Test func `every message comes back from its frame, and its frame from the message`() throws {
        #expect(
            try WireCodec.decode(WireRequest.self, from: WireCodec.encode(WireFixtures.request)) == WireFixtures.request
        )
        #expect(try WireCodec.decode(WireReply.self, from: WireCodec.encode(WireFixtures.reply)) == WireFixtures.reply)
        for (name, frame) in try WireFixtures.frames() {
            #expect(try WireFixtures.reencoded(name, frame) == frame, "\(name)")
        }
    }

    @Test func `a frame cut anywhere is refused or is what stands before the cut`() throws {
        for (name, frame) in try WireFixtures.frames() {
            for length in frame.indices {
                let part = Array(frame[..<length])
                do {
                    #expect(try WireFixtures.reencoded(name, part) == part, "\(name) cut at \(length)")
                } catch let error as WireError {
                    #expect(error.code == (length == 0 ? .version : .malformed), "\(name) cut at \(length)")
                }
            }
        }
    }

    @Test func `every byte flipped in every bit gives a message or a refusal`() throws {
        for (name, frame) in try WireFixtures.frames() {
            for index in frame.indices {
                for bit in 0..<8 {
                    var broken = frame
                    broken[index] ^= 1 << bit
                    do {
                        // What was accepted is stable: reading it again gives the same bytes.
                        let read = try WireFixtures.reencoded(name, broken)
                        #expect(try WireFixtures.reencoded(name, read) == read)
                    } catch let error as WireError {
                        #expect(error.code == .malformed || error.code == .version)
                        #expect(error.summary.contains("cockpit.\(name)"))
                    }
                }
            }
        }
    }

    @Test(arguments: UInt64(1)...20)
    func `random bytes are never taken for a message of this version without its version`(seed: UInt64) {
        var random = SplitMix(seed: seed)
        for _ in 0..<200 {
            let frame = (0..<Int.random(in: 0...64, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            guard let request = try? WireCodec.decode(WireRequest.self, from: frame) else { continue }
            #expect(request.version == 1)
        }
    }

    @Test func `groups nested without end are refused before the stack is`() {
        // 0xf3 0x07: start of group 126, a field that no message has.
        let frame: [UInt8] = [8, 1] + Array(repeatElement([0xf3, 0x07], count: 200_000).joined())
        let error = #expect(throws: WireError.self) { try WireCodec.decode(WireRequest.self, from: frame) }
        #expect(error?.code == .malformed)
    }

    @Test(
        arguments: [
            // A text field, a packed list and a nested message that announce 2^31 - 1 bytes and hold none.
            [8, 1, 0x12, 0xff, 0xff, 0xff, 0xff, 0x07],
            [8, 1, 0x2a, 0xff, 0xff, 0xff, 0xff, 0x07],
            [8, 1, 0x52, 0xff, 0xff, 0xff, 0xff, 0x07],
            // A number that never ends, a number that ends after eleven bytes, field number 0, an unknown wire type.
            [8, 0x80, 0x80],
            [8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
            [8, 1, 0x00, 0x01],
            [8, 1, 0x0f],
            // Text that is no UTF-8.
            [8, 1, 0x12, 0x02, 0xc3, 0x28],
            // The end of a group that never began.
            [8, 1, 0xf4, 0x07],
        ] as [[UInt8]])
    func `lengths and numbers that lie are refused`(frame: [UInt8]) {
        let error = #expect(throws: WireError.self) { try WireCodec.decode(WireRequest.self, from: frame) }
        #expect(error?.code == .malformed)
        #expect(error?.summary.hasPrefix("a frame of \(frame.count) bytes is no cockpit.Request: ") == true)
    }

    @Test func `a field that this version does not know is carried, not refused`() throws {
        let frame: [UInt8] = [8, 1, 0xf2, 0x07, 0x03, 1, 2, 3]
        let request = try WireCodec.decode(WireRequest.self, from: frame)
        #expect(try WireCodec.encode(request) == frame)
    }

    @Test func `an empty frame is refused for its version`() {
        let error = #expect(throws: WireError.self) { try WireCodec.decode(WireTelemetryAck.self, from: []) }
        #expect(error?.code == .version)
        #expect(error?.summary == "a cockpit.TelemetryAck has version 0, this build speaks 1")
    }

    @Test func `the largest frame is read and one byte more is not`() throws {
        // Version 1, then an unknown field of 2^24 - 8 bytes.
        let header: [UInt8] = [8, 1, 0xf2, 0x07, 0xf8, 0xff, 0xff, 0x07]
        let frame = header + [UInt8](repeating: 0, count: (16 << 20) - header.count)
        #expect(throws: Never.self) { try WireCodec.decode(WireTrialCommandReply.self, from: frame) }
        let error = #expect(throws: WireError.self) {
            try WireCodec.decode(WireTrialCommandReply.self, from: frame + [0])
        }
        #expect(error?.code == .tooLarge)
        #expect(error?.summary == "a frame of 16777217 bytes is above the limit of 16777216")
    }

    @Test func `a message of another kind is refused or read as empty, never mixed up`() throws {
        // A request's second field is text, an acknowledgement's is a number.
        let frame = try WireCodec.encode(WireFixtures.request)
        let ack = try? WireCodec.decode(WireTelemetryAck.self, from: frame)
        #expect(ack == nil || ack?.epoch == 0 && ack?.seq == 0)
    }
}
