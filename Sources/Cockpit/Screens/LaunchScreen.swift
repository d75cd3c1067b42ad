import Protocol

/// The form that starts a trial, beside the plan of what would run.
struct LaunchScreen {
    let state: AppState

    func render(in surface: inout Surface) {
        guard let form = state.form else { return }
        let (top, below) = surface.bounds.splitTop(1)
        let (body, footer) = below.splitBottom(1)
        header(form, in: &surface, area: top)
        FooterLine(state: state).render(in: &surface, area: footer)
        let isWide = body.width >= 100
        let parts =
            isWide
            ? body.columns([.minimum(60), .fixed(44)]) : body.rows([.minimum(6), .fixed(min(9, body.height / 3))])
        fields(form, in: &surface, area: parts[0])
        PlanPane(form: form).render(in: &surface, area: parts[1])
    }

    private func header(_ form: LaunchForm, in surface: inout Surface, area: Rect) {
        var pieces = [HeaderLine.brand, HeaderLine.Piece(TextLine("Launch", .title, .bold))]
        if let experiment = form.experiment {
            pieces.append(HeaderLine.Piece(TextLine("\(experiment.name)/\(form.trial.text)", .accent), 1))
        }
        let count = form.changed.count
        let changed = count == 0 ? "" : "* \(count) changed"
        HeaderLine(pieces: pieces, trailing: TextLine(changed, .diffChanged)).render(in: &surface, area: area)
    }

    private func fields(_ form: LaunchForm, in surface: inout Surface, area: Rect) {
        let title =
            (form.showsOnlyChanged ? "New trial  only changed" : "New trial")
            + (form.filter.isEmpty ? "" : "  / \(form.filter)")
        let inside = surface.box(area, title: title, trailing: "value · default · allowed", focus: .focused)
        guard form.phase != .loading else {
            surface.write("reading the experiments…", x: inside.x + 1, y: inside.y, role: .dim)
            return
        }
        guard !form.experiments.isEmpty else {
            surface.write("no experiment is registered", x: inside.x + 1, y: inside.y, role: .logError)
            return
        }
        let (list, help) = inside.splitBottom(1)
        let rows = form.rows
        let first = ScrollWindow.first(previous: 0, selection: form.focus, count: rows.count, height: list.height)
        for (line, index) in (first..<min(rows.count, first + list.height)).enumerated() {
            draw(rows[index], form: form, isFocused: index == form.focus, in: &surface, area: list.row(line))
        }
        surface.scrollbar(x: inside.maxX, area: list, first: first, count: rows.count)
        let text = TextLine(helpText(form), .dim)
        surface.write(text, x: help.x + 1, y: help.y, maxWidth: help.width - 2)
        let mark = TextLine("*", .diffChanged).appending(" not the default", .dim), x = help.maxX - mark.cellWidth - 1
        let hasChanged = form.experiment?.settings.contains(where: form.isChanged) ?? false
        if hasChanged, help.x + text.cellWidth + 2 < x { surface.write(mark, x: x, y: help.y) }
    }

    private func helpText(_ form: LaunchForm) -> String {
        switch form.focusedRow {
        case .experiment: form.experiment?.summary ?? ""
        case .trial: "letters, digits, '-' and '.'; it becomes a folder name"
        case .group(let name): "enter folds the settings of \(name)"
        case .setting(let path):
            if let names = form.completion?.candidates, !names.isEmpty, form.editing != nil {
                names.joined(separator: "  ")
            } else {
                form.setting(path)?.help ?? ""
            }
        }
    }

    private func draw(_ row: LaunchForm.Row, form: LaunchForm, isFocused: Bool, in surface: inout Surface, area: Rect) {
        let focus: FocusState = isFocused ? .focused : .unfocused
        let metrics =
            area.width >= 110
            ? FormRow.Metrics(label: 26, field: 32, standard: 20) : FormRow.Metrics(label: 17, field: 22, standard: 14)
        switch row {
        case .experiment:
            let count = form.experiments.count
            FormRow(
                label: "experiment", value: .choice(form.experiment?.name ?? ""),
                note: "\(form.experimentIndex + 1) of \(count)",
                focus: focus
            ).render(in: &surface, area: area, metrics: metrics)
        case .trial:
            let field = isFocused ? form.editing ?? form.trial : form.trial
            FormRow(
                label: "trial name", value: .text(field), note: "\(surface.glyphs.done) free",
                problem: form.trialProblem,
                focus: focus
            ).render(in: &surface, area: area, metrics: metrics)
        case .group(let name): group(name, form: form, isFocused: isFocused, in: &surface, area: area)
        case .setting(let path): setting(path, form: form, focus: focus, in: &surface, area: area, metrics: metrics)
        }
    }

    private func group(_ name: String, form: LaunchForm, isFocused: Bool, in surface: inout Surface, area: Rect) {
        let isFolded = form.collapsed.contains(name)
        let mark = isFolded ? surface.glyphs.collapsed : surface.glyphs.expanded
        let changed = form.changed.count { LaunchForm.group(of: $0.path) == name }
        let line = TextLine("\(mark) \(name)", isFocused ? .accent : .title, .bold)
            .appending(changed > 0 ? "  * \(changed)" : "", .diffChanged)
        if isFocused { surface.put(surface.glyphs.selected, x: area.x, y: area.y, role: .accent) }
        surface.write(line, x: area.x + 1, y: area.y, maxWidth: area.width - 2)
    }

    private func setting(
        _ path: String, form: LaunchForm, focus: FocusState, in surface: inout Surface, area: Rect,
        metrics: FormRow.Metrics
    ) {
        guard let setting = form.setting(path) else { return }
        let value = form.value(of: setting)
        let group = LaunchForm.group(of: path)
        // A required setting stands outside of its group.
        let isInGroup = path.hasPrefix(group + ".") && !setting.isRequired
        let label = isInGroup ? String(path.dropFirst(group.count + 1)) : path
        let field: FormRow.Value
        if setting.kind.choices != nil {
            field = .choice(value)
        } else {
            field = .text(focus == .focused ? form.editing ?? TextField(value) : TextField(value))
        }
        FormRow(
            label: label, value: field, standard: setting.defaultValue.description,
            cut: setting.kind == .path ? .front : .end, note: setting.kind.rangeLabel,
            problem: form.problem(with: setting), isChanged: form.isChanged(setting), focus: focus
        ).render(in: &surface, area: area, metrics: metrics)
    }
}

/// What would run, or why it would not, and the command line that does the same.
struct PlanPane {
    let form: LaunchForm

    func render(in surface: inout Surface, area: Rect) {
        let inside = surface.box(area, title: "Plan", trailing: state(in: surface.glyphs)).inset(
            horizontal: 1, vertical: 0)
        let report = report(width: inside.width)
        var lines = report
        if let draft = form.draft {
            lines += ["", TextLine("equal command:", .dim)]
            lines += Self.broken(draft.commandLine, width: inside.width)
        }
        if area.height < 12, let draft = form.draft {
            // Little room: the command first, since a plan may be long; but what is wrong stands before it.
            let command = Self.cut(Self.broken(draft.commandLine, width: inside.width), to: 2)
            lines = isRefused ? report + command : command + report
        }
        let wrapped = lines.flatMap { Paragraph.wrapped($0, to: inside.width) }
        Paragraph(lines: Paragraph.counted(wrapped, height: inside.height)).render(in: &surface, area: inside)
    }

    /// The first lines of a command, with a mark where it goes on.
    private static func cut(_ command: [TextLine], to rows: Int) -> [TextLine] {
        guard command.count > rows, let last = command.prefix(rows).last else { return command }
        return command.prefix(rows - 1) + [TextLine(String(last.text.dropLast()) + "…")]
    }

    private var isRefused: Bool {
        if case .refused = form.check { return true }
        return form.firstProblem != nil || form.refusal != nil
    }

    private func state(in glyphs: Glyphs) -> String {
        if form.phase == .launching { return "launching…" }
        if form.firstProblem != nil || form.refusal != nil { return "\(glyphs.failed) not ready" }
        switch form.check {
        case .pending: return "checking…"
        case .ready: return "\(glyphs.done) ready, ctrl-s"
        case .refused: return "\(glyphs.failed) refused"
        }
    }

    private func report(width: Int) -> [TextLine] {
        if let refusal = form.refusal { return Self.lines(of: refusal) }
        if let problem = form.firstProblem { return [TextLine(problem.text, .logError)] }
        switch form.check {
        case .pending: return [TextLine("working out the plan…", .dim)]
        case .ready(let plan): return Self.lines(of: plan, width: width)
        case .refused(let refusal): return Self.lines(of: refusal)
        }
    }

    private static func lines(of refusal: Refusal) -> [TextLine] {
        [TextLine(refusal.summary, .logError)]
            + refusal.detail.split(whereSeparator: \.isNewline).map { TextLine(String($0)) }
            + (refusal.hint.map { [TextLine("hint: \($0)", .dim)] } ?? [])
    }

    private static func lines(of plan: TrialPlan, width: Int) -> [TextLine] {
        func fact(_ name: String, _ value: String) -> [TextLine] {
            Paragraph.hanging(TextLine(name.padded(to: 11) + " ", .dim), TextLine(value), to: width)
        }
        let count = plan.modelWorkers.count
        var lines =
            fact("workers", "1 master, \(count) model")
            + fact("threads", plan.modelWorkers.map { "\($0.threads)" }.joined(separator: " + "))
            + fact("steps", Format.step(plan.totalSteps)) + fact("seed", "\(plan.seed)")
        for setup in plan.setups {
            lines.append("")
            lines.append(
                TextLine(setup.name, .title, .bold).appending("  \(Format.step(setup.steps)) steps", .dim))
            for model in setup.models { lines += fact("  \(model.name.role)", describe(model)) }
            lines += fact("  MFCs", setup.calls.map { "\($0.name)" }.joined(separator: " → "))
            lines += fact("  data", setup.dataset.path)
            lines += fact("  saves", "every \(setup.checkpointEverySteps) steps")
        }
        return lines
    }

    private static func describe(_ model: ModelPlan) -> String {
        let shape: String
        switch model.module {
        case .tokenizerOnly: shape = "rules"
        case .transformer(let plan):
            switch plan.shape {
            case .sizes(let sizes): shape = "\(sizes.family) \(sizes.layers)x\(sizes.width)"
            case .folder(let path): shape = path.split(separator: "/").last.map(String.init) ?? path
            }
        }
        return "\(shape) on model_worker/\(model.worker)\(model.optimizer == nil ? "" : ", trains")"
    }

    /// The command broken between its words, with the backslashes that a shell wants.
    static func broken(_ command: String, width: Int) -> [TextLine] {
        var lines: [String] = []
        var current = ""
        for word in words(of: command) {
            if !current.isEmpty, current.cellWidth + 1 + word.cellWidth + 2 > width {
                lines.append(current + " \\")
                current = "  " + word
            } else {
                current += current.isEmpty ? word : " \(word)"
            }
        }
        return (lines + [current]).map { TextLine($0) }
    }

    /// What stands between blanks; a blank in quotes is part of its word.
    private static func words(of command: String) -> [String] {
        var words = [""]
        var isQuoted = false
        var isEscaped = false
        for character in command {
            if character == " ", !isQuoted, !isEscaped {
                words.append("")
                continue
            }
            if character == "'", !isEscaped { isQuoted.toggle() }
            isEscaped = character == "\\" && !isQuoted && !isEscaped
            words[words.count - 1].append(character)
        }
        return words
    }
}
