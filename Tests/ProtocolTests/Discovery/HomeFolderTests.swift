import Glibc
import Protocol
import TestSupport
import Testing

@Suite struct HomeFolderTests {
    private let temporary = TemporaryFolder()

    private func id(_ experiment: String, _ trial: String) throws -> TrialID {
        TrialID(experiment: try ExperimentName(experiment), trial: try TrialName(trial))
    }

    @Test(arguments: [
        ("/c", "/c"), ("/c/", "/c"), ("/c///", "/c"), ("//c//d", "/c/d"), ("/c/./d/.", "/c/d"), ("/", "/"), ("//", "/"),
        ("/c/../d", "/c/../d"), ("/with space/ü", "/with space/ü"), ("/c/.hidden", "/c/.hidden"),
    ])
    func `every spelling of a path is one home`(spelling: String, path: String) throws {
        let home = HomeFolder(path: spelling)
        #expect(home.path == path)
        #expect(home == HomeFolder(path: path))
        let trial = try id("e", "t")
        #expect(
            RuntimeFolder.expected(for: home.trial(trial))
                == RuntimeFolder.expected(for: HomeFolder(path: path).trial(trial)))
    }

    @Test(arguments: [0o700, 0o750, 0o755, 0o770, 0o777, 0o1777, 0o702] as [UInt32])
    func `a home in which others may write is refused`(mode: UInt32) {
        #expect(chmod(temporary.path, mode) == 0)
        let home = HomeFolder(path: temporary.path)
        var hint: String?
        do throws(HomeError) { try home.checkOwner() } catch { hint = error.hint }
        #expect(hint == (mode & 0o022 == 0 ? nil : "keep it yours with: chmod go-w \(temporary.path)"))
        #expect(chmod(temporary.path, 0o700) == 0)
    }

    @Test func `a home of another user is refused, one that is not there yet is not`() {
        // Root's own tests have another user's folder nearby; anybody else's have root's.
        let other = geteuid() == 0 ? temporary.file("other") : "/"
        if geteuid() == 0 {
            #expect(mkdir(other, 0o700) == 0)
            #expect(chown(other, 65534, 65534) == 0)
        }
        let error = #expect(throws: HomeError.self) { try HomeFolder(path: other).checkOwner() }
        #expect(error?.summary.hasPrefix("the home \(other) belongs to another user") == true)
        #expect(throws: Never.self) { try HomeFolder(path: temporary.file("none")).checkOwner() }
    }

    @Test(
        arguments: [
            (["COCKPIT_HOME": "runs"], "/here/runs"),
            (["COCKPIT_HOME": "./runs/"], "/here/runs"),
            (["COCKPIT_HOME": "../runs"], "/here/../runs"),
            (["COCKPIT_HOME": "."], "/here"),
            (["COCKPIT_HOME": "/"], "/"),
            (["COCKPIT_HOME": "", "XDG_DATA_HOME": "", "HOME": "/h"], "/h/.local/share/cockpit"),
            (["XDG_DATA_HOME": "/x/"], "/x/cockpit"),
            (["XDG_DATA_HOME": "rel"], "/here/rel/cockpit"),
            (["HOME": ""], "/known/.local/share/cockpit"),
            ([:], "/known/.local/share/cockpit"),
            (["cockpit_home": "/no", "HOME": "/h"], "/h/.local/share/cockpit"),
        ] as [([String: String], String)])
    func `the environment names the home`(environment: [String: String], path: String) {
        let home = HomeFolder.fromEnvironment(environment, workingFolder: "/here") { "/known" }
        #expect(home?.path == path)
    }

    @Test func `nobody knows the home of a user without HOME and without an entry`() {
        #expect(HomeFolder.fromEnvironment([:], workingFolder: "/here") { nil } == nil)
        #expect(HomeFolder.fromEnvironment(["COCKPIT_HOME": "/c"], workingFolder: "/here") { nil }?.path == "/c")
        #expect(HomeFolder.ownHome()?.hasPrefix("/") != false)
    }

    @Test func `every file of a trial lies in its own folder, and all names differ`() throws {
        let home = HomeFolder(path: "/c"), trial = home.trial(try id("sft", "t.1"))
        let files = [
            trial.database, trial.configuration, trial.lock, trial.runFile, trial.logs, trial.checkpoints,
            trial.orchestratorLog, trial.log(of: .master), trial.log(of: WorkerID(.model, 0)),
            trial.checkpoints(of: .actor),
        ]
        #expect(files.allSatisfy { $0.hasPrefix("/c/trials/sft/t.1/") })
        #expect(Set(files).count == files.count)
        #expect(trial.orchestratorLog == "/c/trials/sft/t.1/logs/orchestrator.log")
        #expect([home.catalog, home.data, home.trials] == ["/c/catalog.sqlite", "/c/data", "/c/trials"])
    }

    @Test func `trials are listed by experiment and name, and odd entries are passed over`() throws {
        let home = HomeFolder(path: temporary.path)
        let folders = [
            "trials", "trials/b", "trials/b/2", "trials/b/10", "trials/a", "trials/a/z", "trials/a/with space",
            "trials/a/.DS", "trials/not_ours", "trials/not_ours/x", "trials/empty",
        ]
        for name in folders { #expect(mkdir(temporary.file(name), 0o700) == 0) }
        temporary.write("", to: "trials/README")
        #expect(home.trialFolders().map(\.id.description) == ["a/z", "b/10", "b/2"])
        #expect(home.trialFolders().map(\.path).first == temporary.file("trials/a/z"))
        #expect(home.trialFolders().allSatisfy { $0.home == home })
    }

    @Test func `a home whose trials folder is a file has no trials`() {
        temporary.write("", to: "trials")
        #expect(HomeFolder(path: temporary.path).trialFolders().isEmpty)
    }

    @Test func `a name of 64 characters is found again`() throws {
        let name = String(repeating: "n", count: 64)
        for folder in ["trials", "trials/\(name)", "trials/\(name)/\(name)"] {
            #expect(mkdir(temporary.file(folder), 0o700) == 0)
        }
        #expect(HomeFolder(path: temporary.path).trialFolders().map(\.id) == [try id(name, name)])
    }
}
