import Protocol
import Store

extension Reducer {
    /// Actions of the launch form; nil for what the form leaves to the rest.
    static func performInForm(_ state: inout AppState, _ action: ActionID, now: Int64) -> [Effect]? {
        guard var form = state.form else { return nil }
        var effects: [Effect] = []
        switch action {
        case .nextField: form.focus = min(form.rows.count - 1, form.focus + 1)
        case .previousField: form.focus = max(0, form.focus - 1)
        case .enter: beginEditing(&form)
        case .cycleValue: cycle(&form)
        case .onlyChanged: form.toggleOnlyChanged()
        case .resetField:
            switch form.focusedRow {
            case .trial: form.trial = TextField(form.initialTrial)
            case .setting(let path): form.values[path] = nil
            case .experiment, .group: break
            }
        case .copyCommand:
            if let draft = form.draft { effects = [.copy(draft.commandLine)] }
        case .cancelForm:
            cancelForm(&state)
            return []
        case .launch: return launch(&state, now: now)
        default: return nil
        }
        effects += checkIfChanged(&form)
        state.form = form
        return effects
    }

    /// A letter in a row is the beginning of its value; letters never act in the form. Nil where the keymap decides.
    static func beginTyping(_ state: inout AppState, _ stroke: KeyStroke) -> [Effect]? {
        guard var form = state.form, form.phase == .editing, stroke.modifiers.isEmpty,
            case .character(let letter) = stroke.key, letter != " ", letter != "/" || form.takesSlash
        else { return nil }
        defer { state.form = form }
        switch form.focusedRow {
        case .trial:
            form.editing = TextField(String(letter))
            form.trial = TextField(String(letter))
        case .setting(let path):
            guard let setting = form.setting(path) else { return [] }
            if let choices = setting.kind.choices {
                guard let choice = choices.first(where: { $0.hasPrefix(String(letter)) }) else { return [] }
                set(&form, setting, choice)
            } else {
                form.editing = TextField(String(letter))
            }
        case .experiment, .group: return []
        }
        return checkIfChanged(&form)
    }

    /// Leaves the form; where something was typed, not before a person has said so. A filter goes first.
    static func cancelForm(_ state: inout AppState) {
        guard let form = state.form else { return }
        if !form.filter.isEmpty {
            state.form?.filter = ""
            return
        }
        guard form.isTouched else { return leaveForm(&state) }
        state.overlay = .confirm(
            Confirmation(
                question: "Leave without launching?", details: ["What was typed in the form is lost."],
                consequence: .leaveForm))
    }

    /// Puts the form away with all that is in it.
    static func leaveForm(_ state: inout AppState) {
        state.form = nil
        state.screens.removeAll { $0 == .launch }
    }

    /// Takes what a folder holds as the completion of the path that is being typed.
    static func takePathNames(_ state: inout AppState, _ path: String, _ names: [String]) {
        // Who has typed on meanwhile has no use for it.
        guard var form = state.form, form.editing?.text == path else { return }
        let completion = PathCompletion(path, names: names)
        form.completion = completion
        form.editing = TextField(completion.text)
        state.form = form
    }

    /// Keys while a text field of the form is being edited. Whatever ends that keeps what was typed; ctrl-r drops it.
    static func takeFieldKey(_ state: inout AppState, _ stroke: KeyStroke, now: Int64) -> [Effect] {
        guard var form = state.form, var field = form.editing else { return [] }
        switch stroke.key {
        case .tab where stroke.modifiers.isEmpty && form.wantsCompletion(of: field.text):
            return [.completePath(field.text)]
        case .enter, .escape: take(field, into: &form)
        case .tab, .up, .down:
            take(field, into: &form)
            let isBack = stroke.key == .up || (stroke.key == .tab && stroke.modifiers == .shift)
            form.focus = min(form.rows.count - 1, max(0, form.focus + (isBack ? -1 : 1)))
        default:
            guard field.handle(stroke) else { return performInField(&state, stroke, now: now) }
            keep(field, in: &form)
        }
        let effects = checkIfChanged(&form)
        state.form = form
        return effects
    }

    /// A key that types nothing does what it does in the form, on the text as it stands.
    private static func performInField(_ state: inout AppState, _ stroke: KeyStroke, now: Int64) -> [Effect] {
        guard var form = state.form, let field = form.editing, let action = Keymap.action(for: stroke, in: [.form])
        else { return [] }
        take(field, into: &form)
        form.focus = min(form.focus, form.rows.count - 1)
        state.form = form
        return perform(&state, action, now: now)
    }

    /// A paste means what typing it means: it goes on in the field that is being edited, or begins the value of the row.
    /// Nil where no row takes it.
    static func pasteIntoField(_ state: inout AppState, _ line: String) -> [Effect]? {
        guard var form = state.form, var field = form.editing ?? emptyField(of: form) else { return nil }
        field.insert(line)
        keep(field, in: &form)
        let effects = checkIfChanged(&form)
        state.form = form
        return effects
    }

    /// Where a value of the row under the cursor begins; nil where there is nothing to type.
    private static func emptyField(of form: LaunchForm) -> TextField? {
        guard form.phase == .editing else { return nil }
        switch form.focusedRow {
        case .trial: return TextField()
        case .setting(let path): return form.setting(path).flatMap { $0.kind.choices == nil ? TextField() : nil }
        case .experiment, .group: return nil
        }
    }

    /// The name is checked letter by letter; a setting when it is taken.
    private static func keep(_ field: TextField, in form: inout LaunchForm) {
        form.editing = field
        if form.focusedRow == .trial { form.trial = field }
    }

    /// Keeps the experiments and fills the form that waits for them.
    static func takeExperiments(_ state: inout AppState, _ experiments: [ExperimentItem]) -> [Effect] {
        state.experiments = experiments
        // A form that was closed and opened again gets two answers; the second must not undo what was typed.
        guard var form = state.form, form.phase == .loading else { return [] }
        form.experiments = experiments
        form.phase = .editing
        if let template = form.template {
            form.experimentIndex = experiments.firstIndex { $0.name == template.id.experiment.description } ?? 0
            for setting in form.experiment?.settings ?? [] {
                guard let value = template.settings[setting.path], !setting.isDefault(value) else {
                    continue
                }
                form.values[setting.path] = value
            }
        }
        form.trial = TextField(freeName(for: form))
        form.initialTrial = form.trial.text
        form.initialValues = form.values
        form.focus = form.rows.firstIndex(of: .trial) ?? 0
        form.editing = form.trial
        let effects = checkIfChanged(&form)
        state.form = form
        return effects
    }

    /// `first`, or the name of the trial that is repeated, with a number where it is taken.
    private static func freeName(for form: LaunchForm) -> String {
        let base = form.template?.id.trial.description ?? "first"
        let experiment = form.experiment?.name ?? ""
        func isFree(_ name: String) -> Bool { !form.takenNames.contains("\(experiment)/\(name)") }
        if isFree(base) { return base }
        let number = (2...10_000).first { isFree("\(base)-\($0)") }
        return number.map { "\(base)-\($0)" } ?? base
    }

    private static func beginEditing(_ form: inout LaunchForm) {
        switch form.focusedRow {
        case .experiment: cycle(&form)
        case .trial: form.editing = form.trial
        case .group(let name): toggle(&form, group: name)
        case .setting(let path):
            guard let setting = form.setting(path) else { return }
            if setting.kind.choices != nil {
                cycle(&form)
            } else {
                form.editing = TextField(form.value(of: setting))
            }
        }
    }

    private static func toggle(_ form: inout LaunchForm, group: String) {
        if form.collapsed.remove(group) == nil { form.collapsed.insert(group) }
    }

    private static func cycle(_ form: inout LaunchForm) {
        switch form.focusedRow {
        case .experiment:
            guard form.experiments.count > 1 else { return }
            let isNamed = form.trial.text != form.initialTrial
            form.experimentIndex = (form.experimentIndex + 1) % form.experiments.count
            // Values stay: those of settings that this experiment lacks come back with the next one that has them.
            form.initialTrial = freeName(for: form)
            if !isNamed { form.trial = TextField(form.initialTrial) }
        case .trial: return
        case .group(let name): toggle(&form, group: name)
        case .setting(let path):
            guard let setting = form.setting(path), let choices = setting.kind.choices else { return }
            let index = choices.firstIndex(of: form.value(of: setting)) ?? -1
            set(&form, setting, choices[(index + 1) % choices.count])
        }
    }

    private static func take(_ field: TextField, into form: inout LaunchForm) {
        form.editing = nil
        form.completion = nil
        switch form.focusedRow {
        case .trial: form.trial = field
        case .setting(let path): if let setting = form.setting(path) { set(&form, setting, field.text) }
        case .experiment, .group: break
        }
    }

    private static func set(_ form: inout LaunchForm, _ setting: SettingItem, _ text: String) {
        form.values[setting.path] = setting.isDefault(text) ? nil : text
    }

    /// Asks for a plan when the request is another one than the last that was checked, and has no plain mistakes.
    private static func checkIfChanged(_ form: inout LaunchForm) -> [Effect] {
        // A value that became the default again, or a group that closed, takes rows away from under the cursor.
        form.focus = min(form.focus, form.rows.count - 1)
        guard let draft = form.draft, draft != form.checkedDraft, form.firstProblem == nil else { return [] }
        form.checkedDraft = draft
        form.check = .pending
        form.refusal = nil
        return [.checkLaunch(draft)]
    }

    private static func launch(_ state: inout AppState, now: Int64) -> [Effect] {
        guard var form = state.form, form.phase == .editing else { return [] }
        defer { state.form = form }
        if let problem = form.firstProblem {
            if case .setting(let path) = problem.row {
                form.collapsed.remove(LaunchForm.group(of: path))
                form.showsOnlyChanged = false
            }
            form.focus = form.rows.firstIndex(of: problem.row) ?? form.focus
            toast(&state, problem.text, .warning, now: now)
            return []
        }
        guard let draft = form.draft else { return [] }
        form.phase = .launching
        form.refusal = nil
        return [.launch(draft)]
    }
}
