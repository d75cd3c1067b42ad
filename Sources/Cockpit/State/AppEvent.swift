import Protocol
import Store

/// Everything that can happen to the dashboard: input, the passing of time, and answers to effects.
enum AppEvent: Sendable {
    case key(KeyStroke)
    case mouse(MouseEvent)
    case paste(String)
    case resize(Size)
    /// Time passed; asked for by `AppState.nextDeadline`.
    case tick
    /// The program runs again after a suspension.
    case resumed

    case trialsListed([TrialItem])
    case trialsFailed(String)
    /// A view of a run; `query` says which one, so that late answers are recognised.
    case snapshot(TrialID, RunQuery, RunSnapshot)
    case runFailed(TrialID, String)
    /// Answer to `Effect.seek`; nil when there is nothing further that way.
    case soughtTime(TrialID, Int64?)
    /// Answer to `Effect.seekStep`: the step that was asked for, and the recorded one that is it or comes nearest; nil
    /// where no step was completed.
    case soughtStep(TrialID, Int, StepMark?)
    case experimentsLoaded([ExperimentItem])
    case experimentsFailed(String)
    case launchChecked(LaunchDraft, Result<TrialPlan, Refusal>)
    case launched(TrialID)
    case launchFailed(Refusal)
    /// Answer to `Effect.completePath`: the path as it was, and the names in its folder.
    case pathNames(String, [String])
    case commandAnswered(String)
    case commandFailed(Refusal)
    case exported(String)
    case exportFailed(Refusal)
    case copied(ClipboardOutcome)
}

/// An error that came back from another thread, in the words a person reads.
struct Refusal: Error, Equatable, Sendable {
    var summary: String
    var detail: String = ""
    var hint: String?

    init(summary: String, detail: String = "", hint: String? = nil) {
        self.summary = summary
        self.detail = detail
        self.hint = hint
    }

    init(_ error: any Error) {
        if let known = error as? any UserFacingError {
            self.init(summary: known.summary, detail: known.detail, hint: known.hint)
        } else {
            self.init(summary: "\(error)")
        }
    }
}
