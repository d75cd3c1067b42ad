import Compute
import Logging
import Protocol

/// Waits for room where a full disk refuses what must be written, instead of failing: the training rests meanwhile, and
/// goes on by itself.
struct RoomWait {
    /// Between two tries: nothing tells when a disk has room again.
    var pause = Duration.seconds(1)
    let logger: Logger
    /// Called at each try: the worker lives, and waits for the disk.
    let rest: () -> Void
    /// Asked at each try: whoever is told to leave waits no longer.
    let isToldToLeave: () -> Bool

    /// Calls `body` until the disk takes what it writes, or the worker is told to leave. The first refusal and its end
    /// are told, with what is full and how much is needed.
    /// - Parameters:
    ///   - what: names what is written.
    ///   - bytes: how much room that takes, about.
    func write<Value>(_ what: String, to path: String, bytes: UInt64, _ body: () throws -> Value) throws -> Value {
        var isTold = false
        while true {
            do {
                let value = try body()
                if isTold { logger.info("there is room again: \(what) is written") }
                return value
            } catch let error as ComputeError where error.code == .diskFull {
                if !isTold {
                    let room = DiskRoom.at(path).map { "; \($0.words)" } ?? ""
                    logger.warning(
                        "the disk is full: \(what) needs about \(DiskRoom.words(bytes)) in \(path)\(room); the training waits until there is room"
                    )
                }
                isTold = true
                rest()
                if isToldToLeave() { throw error }
                _ = try Poller.wait([], timeout: pause)
            }
        }
    }
}
