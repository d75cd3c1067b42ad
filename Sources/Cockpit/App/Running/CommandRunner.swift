import Protocol

/// The thread that launches trials and sends commands, one after another.
final class CommandRunner: Sendable {
    private struct Queue: Sendable {
        var effects: [Job] = []
        var isStopped = false
    }

    /// Work for this thread.
    enum Job: Sendable {
        case loadExperiments
        case check(LaunchDraft)
        case launch(LaunchDraft)
        case completePath(String)
        case command(TrialCommandKind, WorkerID?, TrialID)
        case export(ExportedPicture)
    }

    /// Nobody waits for more answers than this at once.
    private static let capacity = 32

    private let queue = Mailbox(Queue())
    private let backend: any Backend
    private let inbox: Inbox

    init(backend: any Backend, inbox: Inbox) {
        self.backend = backend
        self.inbox = inbox
    }

    /// Queues a job. A newer check replaces one that waits; a full queue refuses and says so.
    func submit(_ job: Job) {
        let isAccepted = queue.update { queue in
            if case .check = job {
                queue.effects.removeAll { if case .check = $0 { true } else { false } }
            }
            guard queue.effects.count < Self.capacity else { return false }
            queue.effects.append(job)
            return true
        }
        if !isAccepted { inbox.post(.commandFailed(Refusal(summary: "too many commands wait; try again in a moment"))) }
    }

    /// Makes `run` return after the job it is in.
    func stop() { queue.update { $0.isStopped = true } }

    /// The body of the thread.
    func run() {
        while true {
            let job = queue.wait(until: nil) { queue -> Job?? in
                if queue.isStopped { return .some(nil) }
                return queue.effects.isEmpty ? nil : .some(queue.effects.removeFirst())
            }
            guard let job = job ?? nil else { return }
            inbox.post(perform(job))
        }
    }

    private func perform(_ job: Job) -> AppEvent {
        switch job {
        case .loadExperiments:
            do { return .experimentsLoaded(try backend.experiments()) } catch {
                return .experimentsFailed(describe(error))
            }
        case .check(let draft):
            do { return .launchChecked(draft, .success(try backend.check(draft))) } catch {
                return .launchChecked(draft, .failure(Refusal(error)))
            }
        case .launch(let draft):
            do { return .launched(try backend.launch(draft)) } catch { return .launchFailed(Refusal(error)) }
        // A folder that cannot be read has nothing to offer.
        case .completePath(let path): return .pathNames(path, (try? backend.names(inFolderOf: path)) ?? [])
        case .command(let kind, let worker, let trial):
            do { return .commandAnswered(try backend.send(kind, worker: worker, to: trial)) } catch {
                return .commandFailed(Refusal(error))
            }
        case .export(let picture):
            do { return .exported(try backend.export(picture)) } catch { return .exportFailed(Refusal(error)) }
        }
    }
}
