import Protocol
import Store
import Synchronization

/// Writes the trial's newest line into the catalogue, on a thread of its own: one that somebody has locked, or that has
/// to be made first, keeps no telemetry waiting.
final class CatalogThread: Sendable {
    private struct Tray {
        var entry: CatalogEntry?
        var isClosing = false
    }

    private let tray = Mutex(Tray())
    private let wakeUp: WakeUp
    private let thread = Mutex<OwnThread?>(nil)
    /// Between two tries to write a line that was refused.
    private static let pause = Duration.seconds(1)

    /// - Parameter open: called on the new thread, again after each time it has failed.
    static func start(_ open: @escaping @Sendable () throws -> RunCatalog) throws -> CatalogThread {
        let catalog = CatalogThread(wakeUp: try WakeUp())
        let started = try OwnThread(name: "catalogue") { catalog.run(open) }
        catalog.thread.withLock { $0 = started }
        return catalog
    }

    private init(wakeUp: WakeUp) { self.wakeUp = wakeUp }

    /// Takes a line; one that still waits is out of date with it.
    func put(_ entry: CatalogEntry) {
        tray.withLock { $0.entry = entry }
        wakeUp.signal()
    }

    /// Waits until the last line is written or has been refused once more.
    func close() {
        tray.withLock { $0.isClosing = true }
        wakeUp.signal()
        thread.withLock { $0 }?.join()
    }

    private func run(_ open: () throws -> RunCatalog) {
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
