import Glibc

/// How much room there is where a path lies.
package struct DiskRoom: Sendable, Equatable {
    /// Bytes this user may still write.
    package let free: UInt64
    package let total: UInt64

    /// nil where the path, and the folder it is to lie in, do not exist.
    package static func at(_ path: String) -> DiskRoom? {
        var information = statvfs()
        var place = path
        while statvfs(place, &information) != 0 {
            guard errno == ENOENT, let slash = place.lastIndex(of: "/"), slash != place.startIndex else { return nil }
            place = String(place[..<slash])
        }
        let block = UInt64(information.f_frsize)
        return DiskRoom(free: UInt64(information.f_bavail) * block, total: UInt64(information.f_blocks) * block)
    }

    /// "1.2 MB are free of 20.0 MB".
    package var words: String { "\(Self.words(free)) are free of \(Self.words(total))" }

    /// A number of bytes as a person says it, in powers of 1000.
    package static func words(_ bytes: UInt64) -> String {
        var tenths = bytes &* 10, unit = 0
        let units = ["B", "kB", "MB", "GB", "TB", "PB"]
        while tenths >= 10_000, unit + 1 < units.count {
            tenths /= 1000
            unit += 1
        }
        return unit == 0 ? "\(bytes) B" : "\(tenths / 10).\(tenths % 10) \(units[unit])"
    }
}
