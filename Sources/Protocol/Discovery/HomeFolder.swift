import Glibc

/// Everything `cockpit` writes lives under this folder: `$COCKPIT_HOME`.
package struct HomeFolder: Sendable, Hashable {
    package let path: String

    /// Every spelling of an absolute path gives the same folder, and so the same sockets: `/a//b/.` is `/a/b`.
    package init(path: String) {
        guard path.hasPrefix("/") else {
            self.path = path
            return
        }
        // ".." stays: where it leads depends on links.
        self.path = "/" + path.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
    }

    /// `$COCKPIT_HOME`, else `$XDG_DATA_HOME/cockpit`, else `~/.local/share/cockpit`; relative paths are made absolute.
    /// - Parameter userHome: what the password database says, for where `HOME` is not set.
    /// - Returns: nil where nobody says; a folder that others can guess would be no home.
    package static func fromEnvironment(
        _ environment: [String: String], workingFolder: String, userHome: () -> String? = ownHome
    ) -> HomeFolder? {
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        guard
            let chosen = value("COCKPIT_HOME") ?? value("XDG_DATA_HOME").map({ "\($0)/cockpit" })
                ?? (value("HOME") ?? userHome()).map({ "\($0)/.local/share/cockpit" })
        else { return nil }
        return HomeFolder(path: chosen.hasPrefix("/") ? chosen : "\(workingFolder)/\(chosen)")
    }

    /// The home folder that the password database has for this user; nil where it knows none.
    package static func ownHome() -> String? {
        guard let entry = getpwuid(getuid()), let folder = entry.pointee.pw_dir else { return nil }
        let path = String(cString: folder)
        return path.hasPrefix("/") && path != "/nonexistent" ? path : nil
    }

    /// The index of all trials; it can be rebuilt from the trial folders.
    package var catalog: String { "\(path)/catalog.sqlite" }
    /// Generated datasets.
    package var data: String { "\(path)/data" }
    package var trials: String { "\(path)/trials" }

    package func trial(_ id: TrialID) -> TrialFolder {
        TrialFolder(id: id, path: "\(trials)/\(id.experiment)/\(id.trial)", home: self)
    }

    /// The folders of all trials, in name order. Names that break the rules are somebody else's folders.
    package func trialFolders() -> [TrialFolder] {
        (FolderListing.names(in: trials) ?? []).flatMap { experiment -> [TrialFolder] in
            guard let experimentName = try? ExperimentName(experiment) else { return [] }
            return (FolderListing.names(in: "\(trials)/\(experiment)") ?? []).compactMap { trial in
                guard let trialName = try? TrialName(trial) else { return nil }
                return self.trial(TrialID(experiment: experimentName, trial: trialName))
            }
        }
    }
}

/// The files of one trial.
package struct TrialFolder: Sendable, Hashable {
    package let id: TrialID
    package let path: String
    package let home: HomeFolder

    /// The run: one SQLite file.
    package var database: String { "\(path)/run.sqlite" }
    /// The resolved, frozen settings.
    package var configuration: String { "\(path)/config.yaml" }
    /// Held locked by the orchestrator as long as it lives.
    package var lock: String { "\(path)/lock" }
    /// What other processes need to find the orchestrator.
    package var runFile: String { "\(path)/run.json" }
    /// What the files that it reads were when it began.
    package var inputs: String { "\(path)/inputs.json" }
    package var logs: String { "\(path)/logs" }
    package var checkpoints: String { "\(path)/checkpoints" }

    package func log(of worker: WorkerID) -> String { "\(logs)/\(worker.fileName).log" }
    package var orchestratorLog: String { "\(logs)/orchestrator.log" }
    package func checkpoints(of role: ModelRole) -> String { "\(checkpoints)/\(role)" }
}
