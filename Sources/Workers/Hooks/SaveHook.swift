package import Protocol

/// Writes a checkpoint of a role. Older ones stay: only the orchestrator knows which step the store has, and so which of
/// them nothing can need any more.
package struct SaveHook: RequestHook {
    package static let kind = HookKind.save

    package init() {}

    package func run(
        _ hook: WireHookRequest, for request: WireRequest, on site: any HookSite, reply: inout WireReply
    ) throws {
        let save = hook.save
        let model = try site.model(forRole: save.role, setup: request.setup)
        let wait = RoomWait(logger: site.logger, rest: site.progress.waits)
        let path = try wait.write(
            "the checkpoint of step \(save.step) of \(save.role)", to: save.folder, bytes: model.checkpointBytes
        ) { try site.wholeSteps.alone { try model.save(to: save.folder, step: save.step) } }
        site.progress.moved()
        reply.saved.append(
            filled(WireSavedCheckpoint()) {
                $0.role = save.role
                $0.step = save.step
                $0.path = path
                $0.bytes = CheckpointOnDisk.bytes(of: path)
            })
    }
}
