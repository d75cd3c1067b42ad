import Protocol

/// All experiments, those that run as they are first. Adding one is a file in this folder and a line here.
package enum Experiments {
    package static let all: [any Experiment] = [
        ArithmeticGRPOExperiment(),
        ArithmeticSFTExperiment(),
        GRPOExperiment(),
        SFTExperiment(),
    ]

    /// The experiment of that name, or an error that suggests one.
    package static func find(_ name: String) throws(ConfigurationError) -> any Experiment {
        if let found = all.first(where: { $0.name == name }) { return found }
        throw ConfigurationError(
            .unknownExperiment, "unknown experiment '\(name)'.\(Suggestion.phrase(for: name, among: all.map(\.name)))",
            hint: "cockpit experiments lists them: \(all.map(\.name).joined(separator: ", "))")
    }

    /// The resolved settings of an experiment: defaults, then the file, then the overrides.
    package static func resolve(
        _ experiment: any Experiment, configFile: String?, overrides: [String], paths: PathExpansion
    ) throws(ConfigurationError) -> Settings {
        var settings = Settings(experiment.settings, paths: paths)
        if let configFile { try SettingsFile.apply(configFile, to: &settings) }
        try settings.apply(overrides: overrides)
        return settings
    }
}
