import Protocol

/// The settings of all experiments as one page of Markdown, which `docs/guide/settings.md` is.
package enum SettingsReference {
    private static let head = """
        # Settings

        Everything an experiment can be told: as `key=value` behind `cockpit start` and `cockpit check`, in a file (`--config FILE`), or in the launch form.
        This page is what `cockpit experiments --settings --markdown` prints.

        - A file is YAML, nested (`grpo:` and `lr: 0.0001` below it) or dotted. `_base_: other.yaml` takes another file's values first. Overrides win over files.
        - Truth is `true`, `yes` or `on`, `false`, `no` or `off`, with capitals or without, in files and in overrides alike.
        - A path may begin with `~/` or `$COCKPIT_HOME/`; a relative one counts from the folder the command runs in. Empty means none.
        - An unknown key, a value out of range and values that contradict each other are refused before anything starts.
        - Where experiments differ in a default, each is named; a setting that only some of them have says so.
        """

    /// One line of the page.
    private struct Row {
        let setting: Setting
        /// Defaults, each with the experiments that have it.
        var defaults: [(value: SettingValue, experiments: [String])]

        var experiments: [String] { defaults.flatMap(\.experiments) }
    }

    /// The page, groups in the order in which `experiments` first have them.
    package static func markdown(of experiments: [any Experiment] = Experiments.all) -> String {
        var rows: [Row] = []
        for experiment in experiments {
            for setting in experiment.settings { add(setting, of: experiment.name, to: &rows) }
        }
        var groups: [String] = []
        for row in rows where !groups.contains(row.setting.group) { groups.append(row.setting.group) }
        let sections = groups.map { name in
            section(name, rows.filter { $0.setting.group == name }, among: experiments.map(\.name))
        }
        return ([head] + sections).joined(separator: "\n\n") + "\n"
    }

    private static func add(_ setting: Setting, of experiment: String, to rows: inout [Row]) {
        guard let index = rows.firstIndex(where: { $0.setting.path == setting.path }) else {
            rows.append(Row(setting: setting, defaults: [(setting.defaultValue, [experiment])]))
            return
        }
        if let same = rows[index].defaults.firstIndex(where: { $0.value == setting.defaultValue }) {
            rows[index].defaults[same].experiments.append(experiment)
        } else {
            rows[index].defaults.append((setting.defaultValue, [experiment]))
        }
    }

    private static func section(_ name: String, _ rows: [Row], among all: [String]) -> String {
        let owners = all.filter { experiment in rows.contains { $0.experiments.contains(experiment) } }
        let title = owners == all ? "## \(name)" : "## \(name)\n\nOf \(owners.joined(separator: ", "))."
        let lines = rows.map { row in
            let experiments = all.filter(row.experiments.contains)
            let only = experiments == owners ? "" : " (\(experiments.joined(separator: ", ")) only)"
            let cells = [
                "`\(row.setting.path)`", defaults(of: row), row.setting.kind.description, row.setting.help + only,
            ]
            return "| " + cells.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |"
        }
        return "\(title)\n\n| setting | default | is | says |\n|---|---|---|---|\n" + lines.joined(separator: "\n")
    }

    private static func defaults(of row: Row) -> String {
        func text(_ value: SettingValue) -> String { value.description.isEmpty ? "none" : "`\(value)`" }
        guard row.defaults.count > 1 else { return text(row.setting.defaultValue) }
        return row.defaults.map { "\($0.experiments.joined(separator: ", ")): \(text($0.value))" }.joined(
            separator: "; ")
    }
}
