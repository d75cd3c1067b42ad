import Protocol
import Testing

/// The words of the wire and of the store. A renamed one would no longer be understood by older files and peers.
@Suite struct VocabularyTests {
    @Test func `requests are known by these names`() {
        #expect(
            RequestHandle.allCases.map(\.rawValue) == [
                "spec", "fetch", "model_config", "clear_data_cache", "initialize", "generate", "inference",
                "train_step", "evaluate", "save", "empty", "flush", "reset",
            ])
    }

    @Test func `replies are known by these names`() {
        #expect(
            ReplyKind.allCases.map(\.rawValue) == [
                "joined", "dataset", "items", "model", "initialized", "called", "evaluated", "done", "failed",
            ])
    }

    @Test func `hooks, commands, buffer events and log levels are known by these names`() {
        #expect(HookKind.allCases.map(\.rawValue) == ["data_transfer", "save", "evaluate"])
        #expect(
            TrialCommandKind.allCases.map(\.rawValue) == [
                "stop", "pause", "resume", "save_now", "evaluate_now", "kill_worker", "status",
            ])
        #expect(BufferEventKind.allCases.map(\.rawValue) == ["put", "amend", "get", "free"])
        #expect(LogLevel.allCases.map(\.rawValue) == ["debug", "info", "warning", "error"])
        #expect(InterfaceType.allCases.map(\.rawValue) == ["generate", "inference", "train_step", "evaluate"])
    }

    @Test func `what is waited for of a disk is known by these names`() {
        #expect(
            DiskWait.allCases.map(\.rawValue) == [
                "save (waits for room on the disk)", "telemetry (waits for the store)",
                "telemetry (waits for the disk)",
            ])
    }

    @Test func `states of trials and workers are known by these names`() {
        #expect(
            TrialStatus.allCases.map(\.rawValue) == [
                "pending", "starting", "running", "paused", "stopping", "completed", "failed", "stopped", "lost",
            ])
        #expect(
            WorkerState.allCases.map(\.rawValue) == [
                "starting", "ready", "configured", "running", "paused", "stopping", "completed", "failed", "stopped",
                "stalled", "restarting",
            ])
    }

    @Test(arguments: ["", "Stop", "stop ", "STOP", "train-step", "trainStep", "saveNow", "kill", "останов"])
    func `other words are unknown, whatever they resemble`(word: String) {
        #expect(RequestHandle(rawValue: word) == nil)
        #expect(ReplyKind(rawValue: word) == nil)
        #expect(HookKind(rawValue: word) == nil)
        #expect(TrialCommandKind(rawValue: word) == nil)
        #expect(BufferEventKind(rawValue: word) == nil)
        #expect(LogLevel(rawValue: word) == nil)
        #expect(InterfaceType(rawValue: word) == nil)
        #expect(TrialStatus(rawValue: word) == nil)
        #expect(WorkerState(rawValue: word) == nil)
    }

    @Test func `a trial that ended one way or another changes no more`() {
        #expect(TrialStatus.allCases.filter(\.isTerminal) == [.completed, .failed, .stopped, .lost])
    }

    @Test func `a stalled or restarting worker has not ended`() {
        #expect(WorkerState.allCases.filter(\.isTerminal) == [.completed, .failed, .stopped])
    }

    @Test func `log levels are ordered by how serious they are, not by their letters`() {
        #expect([LogLevel.error, .info, .warning, .debug].sorted() == [.debug, .info, .warning, .error])
        for level in LogLevel.allCases { #expect(!(level < level)) }
        #expect(LogLevel.allCases.filter { $0 >= .warning } == [.warning, .error])
    }
}
