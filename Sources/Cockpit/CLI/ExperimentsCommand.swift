import ArgumentParser
import Orchestrator
import Protocol

/// Lists the registered experiments and, with names that match one, its settings.
struct ExperimentsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "experiments", abstract: "List registered experiments and their settings.")

    @Option(name: .shortAndLong, help: "Only names that match this regular expression.")
    var regex: String?

    @Flag(help: "Show every setting with its default and meaning.")
    var settings = false

    @Flag(help: "Print JSON.")
    var json = false

    @Flag(help: "Print the settings of all experiments that match as one page of Markdown.")
    var markdown = false

    private struct Listed: Encodable {
        struct Setting: Encodable {
            let path: String
            let `default`: SettingValue
            let kind: String
            let help: String
        }

        let name: String
        let summary: String
        let settings: [Setting]
    }

    func run() throws {
        let chosen = try matching()
        if markdown { return Output.document(SettingsReference.markdown(of: chosen)) }
        if json {
            return try Output.json(
                chosen.map { experiment in
                    Listed(
                        name: experiment.name, summary: experiment.summary,
                        settings: experiment.settings.map {
                            .init(path: $0.path, default: $0.defaultValue, kind: $0.kind.description, help: $0.help)
                        })
                })
        }
        if chosen.isEmpty { return Output.note("no experiment matches '\(regex ?? "")'") }
        for experiment in chosen {
            Output.line("\(experiment.name)\t\(experiment.summary)")
            if settings || regex != nil && chosen.count == 1 {
                Output.table(
                    ["  setting", "default", "kind", "meaning"],
                    experiment.settings.map {
                        ["  " + $0.path, $0.defaultValue.description, $0.kind.description, $0.help]
                    })
            }
        }
    }

    private func matching() throws -> [any Experiment] {
        guard let regex else { return Experiments.all }
        let pattern: Regex<AnyRegexOutput>
        do {
            pattern = try Regex(regex)
        } catch {
            throw CommandError("'\(regex)' is no regular expression", detail: "\(error)")
        }
        return Experiments.all.filter { $0.name.contains(pattern) }
    }
}
