import Glibc

/// Why a home is not used.
package struct HomeError: UserFacingError, Equatable {
    package let summary: String
    package let hint: String?
}

extension HomeFolder {
    /// Refuses a home that another user owns or can write: what a trial reads there, its checkpoints and its settings
    /// among it, could be anybody's. One that is not there yet is fine.
    package func checkOwner() throws(HomeError) {
        var information = stat()
        guard stat(path, &information) == 0 else { return }
        guard information.st_uid == geteuid() else {
            throw HomeError(
                summary: "the home \(path) belongs to another user (\(information.st_uid), this is \(geteuid()))",
                hint: "choose one of your own with COCKPIT_HOME")
        }
        guard information.st_mode & 0o022 == 0 else {
            throw HomeError(
                summary: "other users may write in the home \(path)", hint: "keep it yours with: chmod go-w \(path)")
        }
    }
}
