/// The short text that Git leaves in place of a large file which was not fetched.
package enum GitPointer {
    /// What it begins with.
    package static let mark = Array("version https://git-lfs.github.com/spec/".utf8)
}
