import Protocol

/// The name of an action; one name may be bound in several scopes.
enum ActionID: String, CaseIterable, Sendable {
    case back
    case interrupt
    case help
    case palette
    case filter
    case nextPane
    case previousPane
    case showTrials
    case showDashboard
    /// As many as there are digits for panels; those without a panel are bound to nothing.
    case showPanel1, showPanel2, showPanel3, showPanel4, showPanel5, showPanel6, showPanel7
    case up
    case down
    case left
    case right
    case pageUp
    case pageDown
    case top
    case bottom
    case enter
    case escape
    case zoomPane
    case nextTheme
    case themeList
    case copy
    case export
    case freeze
    case repaint
    case mouse
    case suspend

    case newTrial
    case stopTrial
    case pauseTrial
    case relaunch
    case sort
    case replay
    case saveNow
    case evaluateNow
    case killWorker

    case zoomIn
    case zoomOut
    case fit
    case panLeft
    case panRight
    case smoothMore
    case smoothLess
    case logarithmic
    case follow
    case wholeRun
    case idleShading

    case playPause
    case eventBack
    case eventForward
    case slower
    case faster
    case stepBack
    case stepForward
    case jumpToEnd
    case jumpTo0, jumpTo10, jumpTo20, jumpTo30, jumpTo40, jumpTo50, jumpTo60, jumpTo70, jumpTo80, jumpTo90

    case wrap
    case level
    case chooseWorker

    case nextField
    case previousField
    case cycleValue
    case launch
    case onlyChanged
    case resetField
    case copyCommand
    case cancelForm

    /// What it asks the trial on screen for, where that is all it does.
    var request: TrialCommandKind? {
        switch self {
        case .saveNow: .saveNow
        case .evaluateNow: .evaluateNow
        default: nil
        }
    }

    /// The place in `Panels.all` of the panel that it goes to.
    var panelPlace: Int? { Self.panels.firstIndex(of: self) }

    private static let panels: [ActionID] = [
        .showPanel1, .showPanel2, .showPanel3, .showPanel4, .showPanel5, .showPanel6, .showPanel7,
    ]

    /// The share of the run that a digit of the replay jumps to.
    var jumpShare: Double? { Self.tenths.firstIndex(of: self).map { Double($0) / 10 } }

    private static let tenths: [ActionID] = [
        .jumpTo0, .jumpTo10, .jumpTo20, .jumpTo30, .jumpTo40, .jumpTo50, .jumpTo60, .jumpTo70, .jumpTo80, .jumpTo90,
    ]
}
