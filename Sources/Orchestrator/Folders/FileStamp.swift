import Glibc

/// Tells one state of a file from the next without reading it.
struct FileStamp: Equatable {
    private var inode: UInt64 = 0
    private var size: Int64 = -1
    private var seconds: Int64 = 0
    private var nanoseconds: Int64 = 0
    /// When it was last changed in any way: unlike the time of its content, nobody can set it back.
    private var changed: Int64 = 0

    /// Of a file that is not there, too.
    init(_ path: String) {
        var information = stat()
        guard stat(path, &information) == 0 else { return }
        inode = UInt64(information.st_ino)
        size = Int64(information.st_size)
        seconds = Int64(information.st_mtim.tv_sec)
        nanoseconds = Int64(information.st_mtim.tv_nsec)
        changed = Int64(information.st_ctim.tv_sec) * 1_000_000_000 + Int64(information.st_ctim.tv_nsec)
    }
}
