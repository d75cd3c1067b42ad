import Protocol
import Store
import Synchronization

/// Writes the trial's newest line into the catalogue, on a thread of its own: one that somebody has locked, or that has
/// to be made first, keeps no telemetry waiting.
final class CatalogThread {
    private let lines: CatalogLines
    private let thread: OwnThread

    private init(_ lines: CatalogLines, _ thread: OwnThread) {
        self.lines = lines
        self.thread = thread
    }

    /// - Parameter open: called on the new thread, again after each time it has failed.
    static func start(_ open: @escaping @Sendable () throws -> RunCatalog) throws -> CatalogThread {
        let lines = CatalogLines(wakeUp: try WakeUp())
        return CatalogThread(lines, try OwnThread(name: "catalogue") { lines.write(open) })
    }

    /// Takes a line; one that still waits is out of date with it.
    func put(_ entry: CatalogEntry) { lines.put(entry) }

    /// Waits until the last line is written or has been refused once more.
    func close() {
        lines.close()
        thread.join()
    }
}

/// What both threads share: the line that waits.
private final class CatalogLines: Sendable {
    private struct Tray {
        var entry: CatalogEntry?
        var isClosing = false
    }

    private let tray = Mutex(Tray())
    private let wakeUp: WakeUp
    /// Between two tries to write a line that was refused.
    private static let pause = Duration.seconds(1)

    init(wakeUp: WakeUp) { self.wakeUp = wakeUp }

    func put(_ entry: CatalogEntry) {
        tray.withLock { $0.entry = entry }
        wakeUp.signal()
    }

    func close() {
        tray.withLock { $0.isClosing = true }
        wakeUp.signal()
    }

    /// Writes lines until it is closed.
    func write(_ open: () throws -> RunCatalog) {
        var catalog: RunCatalog?, isRefused = false
        while true {
            _ = try? Poller.wait([wakeUp.pollItem], timeout: isRefused ? Self.pause : nil)
            wakeUp.drain()
            let (entry, isClosing) = tray.withLock { tray in
                defer { tray.entry = nil }
                return (tray.entry, tray.isClosing)
            }
            if let entry {
                do {
                    let opened = try catalog ?? open()
                    catalog = opened
                    try opened.upsert(entry)
                    isRefused = false
                } catch {
                    if !isRefused { Diagnostics.write("the catalogue was not updated: \(describe(error))") }
                    isRefused = true
                    tray.withLock { $0.entry = $0.entry ?? entry }
                }
            }
            if isClosing { return }
        }
    }
}
