/// What a worker waits for where a disk refuses it, as its heartbeats say it (`Heartbeat.mfc`).
///
/// A heartbeat with one of these counts as movement: a stop waits for such a worker until there is room, or until it is
/// asked for a second time.
package enum DiskWait: String, Sendable, CaseIterable {
    /// A checkpoint for which there is no room.
    case save = "save (waits for room on the disk)"
    /// A record for which there is no room in the worker's queue, because the store takes none out.
    case queue = "telemetry (waits for the store)"
    /// The last of what was measured, which can neither be stored nor left on the disk.
    case telemetry = "telemetry (waits for the disk)"
}
