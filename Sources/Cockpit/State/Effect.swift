import Protocol
import Store

/// What the reducer wants done; the event loop performs it and reports back with an `AppEvent`.
enum Effect: Equatable, Sendable {
    /// From now on keep this view of this run fresh; nil to read nothing.
    case watch(Subscription?)
    /// List the trials at this pace from now on.
    case listTrials(ListPace)
    /// Find the next stop of a replay.
    case seek(TrialID, ReplayDirection, from: Int64, stop: ReplayStop)
    /// Find when a step was completed.
    case seekStep(TrialID, Int)
    case loadExperiments
    case checkLaunch(LaunchDraft)
    case launch(LaunchDraft)
    /// Look what a path that is being typed can become.
    case completePath(String)
    case command(TrialCommandKind, WorkerID?, TrialID)
    case copy(String)
    /// Write a picture of the screen as it is.
    case export(name: String)
    case setMouse(MouseCapture)
    case repaint
    case suspend
    /// Leave the dashboard and print this after the terminal is restored. Workers are never touched.
    case quit(farewell: String)
}

/// A run and the view of it that is wanted.
struct Subscription: Equatable, Sendable {
    var trial: TrialID
    var query: RunQuery
}

/// How often the list of trials is read.
enum ListPace: Equatable, Sendable {
    /// The list is on screen.
    case often
    /// Only the state of the trial on screen is of interest.
    case seldom
}
