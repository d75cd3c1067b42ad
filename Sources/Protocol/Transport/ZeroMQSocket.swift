internal import CZeroMQ
import Glibc

/// The socket patterns this program uses.
package enum SocketKind: Sendable {
    case push
    case pull
    case router
    case dealer

    var raw: Int32 {
        switch self {
        case .push: ZMQ_PUSH
        case .pull: ZMQ_PULL
        case .router: ZMQ_ROUTER
        case .dealer: ZMQ_DEALER
        }
    }
}

/// How a socket queues and what it lets in.
package struct SocketOptions: Sendable {
    /// What a ROUTER at the other end knows this socket by.
    package var identity: String?
    /// Messages that may wait to be sent; above it `send` answers `.full`. 0: no limit.
    package var sendHighWater: Int32
    /// Messages that may wait to be received; above it the senders wait. 0: no limit.
    package var receiveHighWater: Int32
    /// How long closing waits for unsent messages; -1: for ever.
    package var lingerMilliseconds: Int32
    /// A peer that sends a larger frame is disconnected.
    package var largestMessage: Int

    package init(
        identity: String? = nil, sendHighWater: Int32 = 1000, receiveHighWater: Int32 = 1000,
        lingerMilliseconds: Int32 = 0, largestMessage: Int = WireCodec.largestMessage
    ) {
        self.identity = identity
        self.sendHighWater = sendHighWater
        self.receiveHighWater = receiveHighWater
        self.lingerMilliseconds = lingerMilliseconds
        self.largestMessage = largestMessage
    }
}

/// What became of a message given to `send`.
package enum SendOutcome: Sendable {
    case sent
    /// The high-water mark is reached (or no peer is connected yet); nothing was sent.
    case full
    /// A ROUTER knows nobody by this identity; nothing was sent.
    case unreachable
}

/// The one owner of a ZeroMQ socket. It belongs to one thread for its whole life and is closed with its owner.
package struct ZeroMQSocket: ~Copyable {
    private let raw: UnsafeMutableRawPointer
    // A socket must not outlive its context.
    private let context: ZeroMQContext

    private init(raw: UnsafeMutableRawPointer, context: ZeroMQContext) {
        self.raw = raw
        self.context = context
    }

    deinit { zmq_close(raw) }

    package static func open(
        _ context: ZeroMQContext, _ kind: SocketKind, options: SocketOptions = SocketOptions()
    ) throws(TransportError) -> ZeroMQSocket {
        guard let raw = zmq_socket(context.raw, kind.raw) else {
            throw TransportError(.open, reason: lastZeroMQError())
        }
        let socket = ZeroMQSocket(raw: raw, context: context)
        var isSet = socket.set(ZMQ_LINGER, options.lingerMilliseconds)
        isSet = socket.set(ZMQ_SNDHWM, options.sendHighWater) && isSet
        isSet = socket.set(ZMQ_RCVHWM, options.receiveHighWater) && isSet
        isSet = socket.set(ZMQ_MAXMSGSIZE, Int64(options.largestMessage)) && isSet
        if kind == .router {
            // Sending to a peer that is gone must be seen, and a peer that reconnects must get its name back.
            isSet = socket.set(ZMQ_ROUTER_MANDATORY, Int32(1)) && isSet
            isSet = socket.set(ZMQ_ROUTER_HANDOVER, Int32(1)) && isSet
        }
        if let identity = options.identity {
            let bytes = Array(identity.utf8)
            isSet = zmq_setsockopt(raw, ZMQ_ROUTING_ID, bytes, bytes.count) == 0 && isSet
        }
        guard isSet else { throw TransportError(.open, reason: lastZeroMQError()) }
        return socket
    }

    private func set<Value: BitwiseCopyable>(_ option: Int32, _ value: Value) -> Bool {
        withUnsafeBytes(of: value) { zmq_setsockopt(raw, option, $0.baseAddress, $0.count) == 0 }
    }

    /// Binds, and guards the address against others.
    package func bind(_ endpoint: Endpoint) throws(TransportError) {
        guard zmq_bind(raw, endpoint.description) == 0 else {
            throw TransportError(.bind, place: endpoint.description, reason: lastZeroMQError())
        }
        try endpoint.guardAfterBinding()
    }

    /// Binds again where the address was swept away. Connections that exist go on, so the old listener, which nobody can
    /// reach any more, stays: ending it ends them.
    /// - Returns: whether it was gone.
    package func bindAgain(_ endpoint: Endpoint) throws(TransportError) -> Bool {
        guard endpoint.isSweptAway else { return false }
        try bind(endpoint)
        return true
    }

    /// Connects; the peer may come later.
    package func connect(_ endpoint: Endpoint) throws(TransportError) {
        guard zmq_connect(raw, endpoint.description) == 0 else {
            throw TransportError(.connect, place: endpoint.description, reason: lastZeroMQError())
        }
    }

    /// Sends all frames as one message or none of them; never blocks.
    package func send(_ frames: [[UInt8]]) throws(TransportError) -> SendOutcome {
        for (index, frame) in frames.enumerated() {
            let flags = ZMQ_DONTWAIT | (index + 1 < frames.count ? ZMQ_SNDMORE : 0)
            while zmq_send(raw, frame, frame.count, flags) < 0 {
                switch zmq_errno() {
                case EINTR: continue
                // Only the first frame can be refused; ZeroMQ takes the rest of a message it has begun.
                case EAGAIN where index == 0: return .full
                case EHOSTUNREACH where index == 0: return .unreachable
                default: throw TransportError(.send, reason: lastZeroMQError())
                }
            }
        }
        return .sent
    }

    /// The next message, all its frames; nil when none is there. Never blocks.
    package func receive() throws(TransportError) -> [[UInt8]]? {
        var frames: [[UInt8]] = []
        var message = zmq_msg_t()
        zmq_msg_init(&message)
        defer { zmq_msg_close(&message) }
        while true {
            if zmq_msg_recv(&message, raw, ZMQ_DONTWAIT) < 0 {
                switch zmq_errno() {
                case EINTR: continue
                case EAGAIN: return nil
                default: throw TransportError(.receive, reason: lastZeroMQError())
                }
            }
            let size = zmq_msg_size(&message)
            if let data = zmq_msg_data(&message), size > 0 {
                frames.append(Array(UnsafeRawBufferPointer(start: data, count: size)))
            } else {
                frames.append([])
            }
            if zmq_msg_more(&message) == 0 { return frames }
        }
    }

    /// What `Poller` waits on; valid as long as this socket.
    package var pollItem: PollItem { PollItem(socket: raw, descriptor: -1) }
}
