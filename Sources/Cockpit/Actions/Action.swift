/// Something a person can do; the same entry feeds dispatch, footer, help, palette and the documentation.
struct Action: Equatable, Sendable, Identifiable {
    enum Danger: Sendable {
        case harmless
        /// Asks first, with No as the default and `y` as the only way to say yes.
        case asksFirst
    }

    let id: ActionID
    /// A phrase for help and palette: "stop the trial".
    let title: String
    /// One or two words for the footer; empty where the footer never shows it.
    let hint: String
    let scope: Scope
    let keys: [KeyStroke]
    /// What footer and help print for the keys where several actions share one entry, such as `+ -`.
    let keyLabel: String
    let danger: Danger

    init(
        _ id: ActionID, _ title: String, hint: String = "", scope: Scope, keys: [KeyStroke], keyLabel: String? = nil,
        danger: Danger = .harmless
    ) {
        self.id = id
        self.title = title
        self.hint = hint
        self.scope = scope
        self.keys = keys
        self.keyLabel = keyLabel ?? keys.map(\.description).joined(separator: " ")
        self.danger = danger
    }
}

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
    case showTimeline
    case showBuffer
    case showDevices
    case showWorkers
    case showLog
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

    /// The share of the run that a digit of the replay jumps to.
    var jumpShare: Double? {
        guard rawValue.hasPrefix("jumpTo"), let percent = Double(rawValue.dropFirst(6)) else { return nil }
        return percent / 100
    }
}
