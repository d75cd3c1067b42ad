package import Protocol

/// Writes a checkpoint of a role, and removes recovery checkpoints that newer ones have made useless.
package struct SaveHook: RequestHook {
    package static let kind = HookKind.save
    /// A crash while the newest is written leaves the one before it; another is kept for a role that saved earlier.
    package static let keptRecoveryCheckpoints = 2

    package init() {}

    package func run(
        _ hook: WireHookRequest, for request: WireRequest, on site: any HookSite, reply: inout WireReply
    ) throws {
        let save = hook.save
        let model = try site.model(forRole: save.role, setup: request.setup)
        let wait = RoomWait(logger: site.logger, rest: site.progress.waits)
        let path = try wait.write(
            "the checkpoint of step \(save.step) of \(save.role)", to: save.folder, bytes: model.checkpointBytes
        ) { try model.save(to: save.folder, step: save.step) }
        site.progress.moved()
        reply.saved.append(
            filled(WireSavedCheckpoint()) {
                $0.role = save.role
                $0.step = save.step
                $0.path = path
                $0.bytes = CheckpointOnDisk.bytes(of: path)
            })
        guard save.recoverOnly else { return }
        for old in site.recoveryCheckpoints.add(path, role: save.role, keeping: Self.keptRecoveryCheckpoints) {
            CheckpointOnDisk.remove(old)
        }
    }
}

/// The recovery checkpoints this process has written, oldest first. Pure.
package struct RecoveryCheckpoints: Sendable, Equatable {
    private var paths: [String: [String]] = [:]

    package init() {}

    /// Notes a new checkpoint of a role and returns those to remove.
    package mutating func add(_ path: String, role: String, keeping count: Int) -> [String] {
        var known = (paths[role] ?? []).filter { $0 != path } + [path]
        let doomed = known.dropLast(count)
        known.removeFirst(doomed.count)
        paths[role] = known
        return Array(doomed)
    }
}
