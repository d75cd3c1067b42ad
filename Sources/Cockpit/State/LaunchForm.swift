import Protocol
import Store

/// The form that starts a trial.
struct LaunchForm: Equatable, Sendable {
    enum Phase: Equatable, Sendable {
        case loading
        case editing
        case launching
    }

    /// What the plan pane shows.
    enum Check: Equatable, Sendable {
        case pending
        case ready(TrialPlan)
        case refused(Refusal)
    }

    /// One line of the form.
    enum Row: Equatable, Sendable {
        case experiment
        case trial
        case group(String)
        case setting(String)
    }

    var phase: Phase = .loading
    var experiments: [ExperimentItem] = []
    var experimentIndex = 0
    var trial = TextField("first")
    /// Values that differ from the default, as typed, by dotted path; also of settings that another experiment has.
    var values: [String: String] = [:]
    var collapsed: Set<String> = []
    var showsOnlyChanged = false
    /// Only settings whose name or help has this text.
    var filter = ""
    /// The values and the name that the form opened with.
    var initialValues: [String: String] = [:]
    var initialTrial = ""
    /// What the last completion of a path led to.
    var completion: PathCompletion?
    /// Index into `rows`.
    var focus = 1
    /// The text field that takes the keys.
    var editing: TextField?
    var check: Check = .pending
    /// The draft that the last check was asked for.
    var checkedDraft: LaunchDraft?
    /// Why the launch was refused.
    var refusal: Refusal?
    /// The trial whose settings fill the form once the experiments are known.
    var template: RunHeader?
    /// Trials that exist, as `experiment/trial`.
    var takenNames: Set<String> = []

    var experiment: ExperimentItem? {
        experiments.indices.contains(experimentIndex) ? experiments[experimentIndex] : nil
    }

    /// The lines shown, in order: the two names, then the settings by group.
    var rows: [Row] {
        guard let experiment else { return [.experiment, .trial] }
        // What the experiment cannot do without stands on top, whatever is folded or filtered below.
        var rows: [Row] =
            [.experiment, .trial] + experiment.settings.filter(\.isRequired).map { .setting($0.path) }
        for group in Self.groups(of: experiment) {
            let settings = experiment.settings.filter { Self.group(of: $0.path) == group && isShown($0) }
            guard !settings.isEmpty else { continue }
            rows.append(.group(group))
            if !collapsed.contains(group) || !filter.isEmpty { rows += settings.map { .setting($0.path) } }
        }
        return rows
    }

    private func isShown(_ setting: SettingItem) -> Bool {
        if setting.isRequired || (showsOnlyChanged && values[setting.path] == nil) { return false }
        return filter.isEmpty || Glob.contains("\(setting.path) \(setting.help)".lowercased(), filter.lowercased())
    }

    /// Puts the focus on the first setting that the filter leaves.
    mutating func focusFirstMatch() {
        let rows = rows
        let first = rows.firstIndex { row in
            guard case .setting(let path) = row else { return false }
            return setting(path)?.isRequired == false
        }
        focus = filter.isEmpty ? min(focus, rows.count - 1) : first ?? min(focus, rows.count - 1)
    }

    /// Whether something would be lost with the form.
    var isTouched: Bool {
        if let editing, editing.text != textUnderFocus { return true }
        return phase == .editing && (values != initialValues || trial.text != initialTrial)
    }

    private var textUnderFocus: String {
        switch focusedRow {
        case .trial: initialTrial
        case .setting(let path): setting(path).map(value) ?? ""
        case .experiment, .group: ""
        }
    }

    /// The first part of a dotted path; settings without one form the group `general`.
    static func group(of path: String) -> String {
        path.contains(".") ? String(path.prefix { $0 != "." }) : "general"
    }

    /// The groups in the order their first setting is declared.
    static func groups(of experiment: ExperimentItem) -> [String] {
        var seen: [String] = []
        for setting in experiment.settings where !seen.contains(group(of: setting.path)) {
            seen.append(group(of: setting.path))
        }
        return seen
    }

    var focusedRow: Row {
        let rows = rows
        return rows[min(max(0, focus), rows.count - 1)]
    }

    /// Whether space goes to another choice of the row under the cursor.
    var hasChoices: Bool {
        switch focusedRow {
        case .experiment: experiments.count > 1
        case .setting(let path): setting(path)?.kind.choices != nil
        case .trial, .group: false
        }
    }

    /// Whether the row under the cursor has a value that can go back to what it was.
    var hasValue: Bool {
        switch focusedRow {
        case .trial, .setting: true
        case .experiment, .group: false
        }
    }

    /// Whether a `/` under the cursor begins a value; in the other rows it searches.
    var takesSlash: Bool {
        guard case .setting(let path) = focusedRow else { return false }
        switch setting(path)?.kind {
        case .path, .text: return true
        case .integer, .number, .choice, .boolean, nil: return false
        }
    }

    /// Shows all settings or only those that were changed, with the cursor in its row where that is still there.
    mutating func toggleOnlyChanged() {
        let row = focusedRow
        showsOnlyChanged.toggle()
        focus = rows.firstIndex(of: row) ?? min(focus, rows.count - 1)
    }

    func setting(_ path: String) -> SettingItem? { experiment?.settings.first { $0.path == path } }

    /// The value of a setting as text, typed or default.
    func value(of setting: SettingItem) -> String { values[setting.path] ?? setting.defaultValue.description }

    /// Whether a setting's value, as it stands or is being typed, is another than the default.
    func isChanged(_ setting: SettingItem) -> Bool {
        guard let editing, focusedRow == .setting(setting.path) else { return values[setting.path] != nil }
        return !setting.isDefault(editing.text)
    }

    /// The settings of the experiment that are not at their default.
    var changed: [SettingItem] { experiment?.settings.filter { values[$0.path] != nil } ?? [] }

    /// What is wrong with a value, in a few words; nil when it may stand.
    func problem(with setting: SettingItem) -> String? {
        if setting.isRequired, value(of: setting).isEmpty { return "is needed" }
        return setting.kind.problem(with: value(of: setting))
    }

    /// What is wrong with the trial's name.
    var trialProblem: String? {
        do {
            _ = try TrialName(trial.text)
        } catch {
            return error.summary
        }
        guard let experiment, takenNames.contains("\(experiment.name)/\(trial.text)") else { return nil }
        return "taken; choose another name"
    }

    /// The first problem and where it is.
    var firstProblem: (row: Row, text: String)? {
        if let trialProblem { return (.trial, trialProblem) }
        for setting in experiment?.settings ?? [] {
            if let text = problem(with: setting) { return (.setting(setting.path), "\(setting.path): \(text)") }
        }
        return nil
    }

    /// The request as it stands.
    var draft: LaunchDraft? {
        guard let experiment else { return nil }
        let overrides = experiment.settings.compactMap { setting in
            values[setting.path].map { "\(setting.path)=\($0)" }
        }
        return LaunchDraft(experiment: experiment.name, trial: trial.text, overrides: overrides)
    }
}

extension SettingKind {
    /// What is wrong with a text as a value of this kind, in a few words.
    func problem(with text: String) -> String? {
        switch self {
        case .integer(let range):
            guard let value = Int(text) else { return "a whole number is needed" }
            return range.contains(value) ? nil : "must be \(rangeLabel)"
        case .number(let range):
            guard let value = Double(text), value.isFinite else { return "a number is needed" }
            return range.contains(value) ? nil : "must be \(rangeLabel)"
        case .choice(let choices):
            return choices.contains(text) ? nil : "one of \(choices.joined(separator: ", "))"
        case .boolean: return text == "true" || text == "false" ? nil : "true or false"
        // An empty path means none; whether a file is needed and there, the plan's check says.
        case .text, .path: return nil
        }
    }

    /// The values allowed, as the form shows them; empty where any text will do.
    var rangeLabel: String {
        switch self {
        case .integer(let range):
            Self.label("\(range.lowerBound)", range.lowerBound == .min, "\(range.upperBound)", range.upperBound == .max)
        case .number(let range):
            Self.label(
                ShortNumber.exact(range.lowerBound), range.lowerBound <= -.greatestFiniteMagnitude,
                ShortNumber.exact(range.upperBound), range.upperBound >= .greatestFiniteMagnitude)
        case .choice(let choices): choices.joined(separator: " · ")
        case .boolean: "true · false"
        case .text, .path: ""
        }
    }

    /// The values that the space key walks through; nil for what must be typed.
    var choices: [String]? {
        switch self {
        case .choice(let choices): choices
        case .boolean: ["true", "false"]
        default: nil
        }
    }

    private static func label(_ low: String, _ isLowOpen: Bool, _ high: String, _ isHighOpen: Bool) -> String {
        switch (isLowOpen, isHighOpen) {
        case (true, true): ""
        case (true, false): "≤ \(high)"
        case (false, true): "≥ \(low)"
        case (false, false): "\(low)…\(high)"
        }
    }
}
