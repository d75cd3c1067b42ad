package import Protocol

/// Writes a checkpoint of a role. Older ones stay: only the orchestrator knows which step the store has, and so which of
/// them nothing can need any more.
package struct SaveHook: RequestHook {
    package static let kind = HookKind.save

    package let role: ModelRole
    /// Where the role's step folders live.
    package let folder: String
    package let step: UInt64

    package init(role: ModelRole, folder: String, step: UInt64) {
        self.role = role
        self.folder = folder
        self.step = step
    }

    package init(_ wire: WireHookRequest) {
        self.init(role: ModelRole(wire.save.role), folder: wire.save.folder, step: wire.save.step)
    }

    package func write(to wire: inout WireHookRequest) {
        wire.save.role = role.description
        wire.save.folder = folder
        wire.save.step = step
    }

    package func run(at site: any HookSite) throws -> [SavedCheckpoint] {
        let model = try site.model(of: role)
        let wait = RoomWait(
            logger: site.logger, rest: { site.progress.works(on: DiskWait.save.rawValue, step: step) },
            isToldToLeave: site.isToldToLeave)
        let path = try wait.write(
            "the checkpoint of step \(step) of \(role)", to: folder, bytes: model.checkpointBytes
        ) { try site.wholeSteps.alone { try model.save(to: folder, step: step) } }
        site.progress.works(on: Self.kind.rawValue, step: step)
        return [SavedCheckpoint(role: role, step: step, path: path, bytes: CheckpointOnDisk.bytes(of: path))]
    }
}

/// A checkpoint that has been written.
package struct SavedCheckpoint: Sendable, Equatable {
    package let role: ModelRole
    package let step: UInt64
    package let path: String
    package let bytes: UInt64

    package init(role: ModelRole, step: UInt64, path: String, bytes: UInt64) {
        self.role = role
        self.step = step
        self.path = path
        self.bytes = bytes
    }
}
