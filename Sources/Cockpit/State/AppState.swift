import Protocol
import Store

/// All that the dashboard knows and shows; one value, changed only by the reducer and drawn by a pure function.
struct AppState: Equatable, Sendable {
    var size: Size
    /// Screens entered, the one shown last; never empty.
    var screens: [ScreenID]
    var trials = TrialsView()
    /// The run that is open, if any.
    var run: RunView?
    /// The registered experiments; empty until the first answer.
    var experiments: [ExperimentItem] = []
    var form: LaunchForm?
    var overlay: Overlay?
    /// The line being typed at the bottom of the screen.
    var filterInput: FilterInput?
    var toasts: [Toast] = []
    /// Names of the themes there are, and the one in use.
    var themes: [String]
    var theme: String
    /// The display stands still while records go on arriving.
    var isFrozen = false
    var mouse: MouseCapture = .on
    /// Seconds to add to UTC for the clock times shown.
    var utcOffset: Int = 0
    /// When ctrl-c was last pressed.
    var interruptedAt: Int64?
    /// What the effects in force already know, so that only changes are asked for.
    var watched: Subscription?
    var listPace: ListPace?

    init(
        size: Size, screens: [ScreenID] = [.trials], themes: [String] = ["default-dark"], theme: String = "default-dark"
    ) {
        self.size = size
        self.screens = screens
        self.themes = themes
        self.theme = theme
    }

    /// The screen shown.
    var screen: ScreenID { screens.last ?? .trials }

    /// A dashboard that starts on one run and detaches from there: `attach`, `start`, `replay`.
    static func opened(on run: RunView, size: Size) -> AppState {
        var state = AppState(size: size, screens: [.dashboard])
        state.run = run
        return state
    }
}

/// The screens there are.
enum ScreenID: Equatable, Sendable {
    case trials
    case dashboard
    case timeline
    case launch
}

/// A short message that goes away by itself.
struct Toast: Equatable, Sendable {
    enum Kind: Sendable {
        case information
        case warning
        case failure
    }

    var kind: Kind
    var text: String
    /// Nanoseconds of the loop's clock.
    var expires: Int64
}

/// The text typed after `/`.
struct FilterInput: Equatable, Sendable {
    enum Target: Equatable, Sendable {
        case trials
        /// The settings of the launch form.
        case form
        case panel(PaneID)
    }

    var target: Target
    var field: TextField
}

/// The trials list and what is selected in it.
struct TrialsView: Equatable, Sendable {
    enum Order: CaseIterable, Sendable {
        case started
        case name
        case status
        case step

        var title: String {
            switch self {
            case .started: "started"
            case .name: "name"
            case .status: "status"
            case .step: "step"
            }
        }
    }

    /// nil until the first answer.
    var items: [TrialItem]?
    var failure: String?
    var selected: TrialID?
    var filter = ""
    var order: Order = .started
    /// The run of the selected trial, for the preview pane.
    var preview: RunSnapshot?

    /// The rows shown, filtered and sorted.
    var visible: [TrialItem] {
        (items ?? []).filter { TrialFilter(filter).accepts($0) }.sorted(by: precedes)
    }

    var selectedItem: TrialItem? {
        let rows = visible
        return rows.first { $0.id == selected } ?? rows.first
    }

    private func precedes(_ left: TrialItem, _ right: TrialItem) -> Bool {
        let byName = left.id.description < right.id.description
        switch order {
        case .started: return left.startedWall == right.startedWall ? byName : left.startedWall > right.startedWall
        case .name: return byName
        case .status: return left.status == right.status ? byName : left.status.urgency < right.status.urgency
        case .step: return left.step == right.step ? byName : left.step > right.step
        }
    }
}

extension TrialStatus {
    /// Sorting by status puts what needs a person first.
    fileprivate var urgency: Int {
        switch self {
        case .lost: 0
        case .failed: 1
        case .stopping: 2
        case .running: 3
        case .starting: 4
        case .paused: 5
        case .pending: 6
        case .stopped: 7
        case .completed: 8
        }
    }
}

/// A filter over trials: words that must all occur; `exp:x`, `trial:x` and `status:x` look at one column, a leading
/// `-` turns a word round, `*` stands for anything.
struct TrialFilter: Equatable, Sendable {
    private let words: [Substring]

    init(_ text: String) { words = text.lowercased().split(separator: " ").map { Substring($0) } }

    func accepts(_ item: TrialItem) -> Bool {
        words.allSatisfy { word in
            word.hasPrefix("-") && word.count > 1 ? !matches(word.dropFirst(), item) : matches(word, item)
        }
    }

    private func matches(_ word: Substring, _ item: TrialItem) -> Bool {
        let parts = word.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else {
            return Glob.contains(item.id.description.lowercased() + " " + item.status.rawValue, word)
        }
        switch parts[0] {
        case "exp": return Glob.contains(item.id.experiment.description.lowercased(), parts[1])
        case "trial": return Glob.contains(item.id.trial.description.lowercased(), parts[1])
        case "status": return Glob.contains(item.status.rawValue, parts[1])
        default: return false
        }
    }
}

/// Text search with `*` for anything.
enum Glob {
    /// Whether the pieces between the stars occur in order. Compares bytes: it runs over every row of every list.
    static func contains(_ text: String, _ pattern: some StringProtocol) -> Bool {
        var rest = text.utf8[...]
        for piece in pattern.utf8.split(separator: UInt8(ascii: "*")) {
            guard let end = rest.end(of: piece) else { return false }
            rest = rest[end...]
        }
        return true
    }
}

extension Substring.UTF8View {
    /// Where the first occurrence of `piece` ends.
    fileprivate func end(of piece: some Collection<UInt8>) -> Index? {
        var start = startIndex
        while start < endIndex {
            if self[start...].starts(with: piece) { return index(start, offsetBy: piece.count) }
            formIndex(after: &start)
        }
        return nil
    }
}
