import Compute
import Protocol

/// Leaves telemetry on the disk of the trial's folder, whole or not at all.
enum SpoolFile {
    /// Writes `frames` to `path`, made with its folder, and puts them on the disk.
    static func write(_ frames: [[UInt8]], to path: String) throws(ComputeError) {
        do throws(FileFault) {
            let files = SystemFiles(), draft = "\(path).new"
            let folder = String(path.prefix(upTo: path.lastIndex(of: "/") ?? path.startIndex))
            try files.makeFolder(folder)
            let descriptor = try files.create(draft)
            var fault: FileFault?
            do throws(FileFault) {
                try TelemetrySpool.bytes(of: frames).withBytes { bytes throws(FileFault) in
                    try files.write(bytes, to: descriptor, path: draft)
                }
            } catch {
                fault = error
            }
            do throws(FileFault) { try files.finish(descriptor, path: draft) } catch { fault = fault ?? error }
            if let fault { throw fault }
            try files.rename(draft, to: path)
            try files.syncFolder(folder)
        } catch {
            throw ComputeError.file(error)
        }
    }
}
