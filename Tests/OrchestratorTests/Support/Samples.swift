import Protocol
import TestSupport
import Workers

@testable import Orchestrator

/// Values that many tests need and none is about.
enum Samples {
    static let names = RegisteredNames(
        interfaces: ["sft", "grpo_actor", "verifier_reward"],
        datasetKeys: [
            "prompt": ["packed_prompts", "packed_answers"], "prompt_answer": ["packed_input_ids", "prompt_mask"],
        ], checkCall: RegisteredNames.registered.checkCall)

    /// A machine with plenty of everything and `rows` rows in every file.
    static func machine(rows: Int = 1000) -> MachineFacts { machine(FileRehearsal(path: "", usable: rows)) }

    /// A machine with plenty of everything, on which every setup's file shows this.
    static func machine(_ file: FileRehearsal) -> MachineFacts {
        MachineFacts(
            memory: 0, freeDisk: 0, files: FileFacts(kind: { $0.hasSuffix(".jsonl") ? .file : .nothing }),
            rehearse: { plan in
                TrialRehearsal(
                    setups: plan.setups.map { setup in
                        var file = file
                        if file.path.isEmpty { file.path = setup.dataset.path }
                        return SetupRehearsal(rows: file)
                    })
            })
    }

    static let paths = PathExpansion(workingFolder: "/here", userHome: "/users/ada", home: HomeFolder(path: "/home/ck"))

    static func id(_ experiment: String = "grpo-arith", _ trial: String = "first") throws -> TrialID {
        TrialID(experiment: try ExperimentName(experiment), trial: try TrialName(trial))
    }

    static func settings(_ experiment: String, _ overrides: [String] = []) throws -> Settings {
        try Experiments.resolve(Experiments.find(experiment), configFile: nil, overrides: overrides, paths: paths)
    }

    static func plan(_ experiment: String = "grpo-arith", _ overrides: [String] = []) throws -> TrialPlan {
        try Experiments.find(experiment).plan(settings(experiment, overrides), id: id(experiment))
    }

    /// A home on a disk of its own with a dataset, and its launching.
    static func launching(_ folder: TemporaryFolder) -> Launching {
        let row = #"{"prompt":"1+1=","answer":"2"}"# + "\n"
        folder.write(String(repeating: row, count: 200), to: "rows.jsonl")
        let home = HomeFolder(path: folder.file("home"))
        let paths = PathExpansion(workingFolder: folder.path, userHome: folder.path, home: home)
        return Launching(
            home: home, paths: paths,
            check: PlanCheck(names: names, machine: MachineFacts(memory: 0, freeDisk: 0, files: .system)))
    }

    static func request(_ trial: String = "first", _ overrides: [String] = []) -> LaunchRequest {
        LaunchRequest(
            experiment: "sft", trial: trial, overrides: ["dataset.path=rows.jsonl"] + overrides)
    }
}
