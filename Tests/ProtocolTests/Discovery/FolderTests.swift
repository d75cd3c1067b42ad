import Glibc
import Protocol
import TestSupport
import Testing

@Suite struct FolderTests {
    private let temporary = TemporaryFolder()

    private func trial(in home: HomeFolder) throws -> TrialFolder {
        home.trial(TrialID(experiment: try ExperimentName("grpo-arith"), trial: try TrialName("first")))
    }

    @Test func `COCKPIT_HOME wins, then XDG_DATA_HOME, then the home folder`() {
        func path(_ environment: [String: String]) -> String? {
            HomeFolder.fromEnvironment(environment, workingFolder: "/here")?.path
        }
        #expect(path(["COCKPIT_HOME": "/c", "XDG_DATA_HOME": "/x", "HOME": "/h"]) == "/c")
        #expect(path(["COCKPIT_HOME": "", "XDG_DATA_HOME": "/x", "HOME": "/h"]) == "/x/cockpit")
        #expect(path(["HOME": "/h"]) == "/h/.local/share/cockpit")
        #expect(path(["COCKPIT_HOME": "rel/"]) == "/here/rel")
    }

    @Test func `a trial's files lie under its experiment and name`() throws {
        let folder = try trial(in: HomeFolder(path: "/c"))
        #expect(folder.database == "/c/trials/grpo-arith/first/run.sqlite")
        #expect(folder.log(of: WorkerID(.model, 1)) == "/c/trials/grpo-arith/first/logs/model_worker-1.log")
        #expect(folder.checkpoints(of: .actor) == "/c/trials/grpo-arith/first/checkpoints/actor")
    }

    @Test func `trial folders are found again and foreign folders are not`() throws {
        let home = HomeFolder(path: temporary.path)
        for name in [
            "trials", "trials/grpo-arith", "trials/grpo-arith/first", "trials/grpo-arith/not_ours", "trials/.git",
        ] {
            #expect(mkdir(temporary.file(name), 0o700) == 0)
        }
        #expect(home.trialFolders().map(\.id.description) == ["grpo-arith/first"])
        #expect(HomeFolder(path: temporary.file("nothing")).trialFolders().isEmpty)
    }

    @Test func `the runtime folder is private and stale sockets are cleared`() throws {
        let folder = try trial(in: HomeFolder(path: temporary.path))
        let runtime = try RuntimeFolder.create(for: folder)
        temporary.write("", to: String(runtime.path.dropFirst(temporary.path.count + 1)) + "/control")
        #expect(access(runtime.path + "/control", F_OK) == 0)
        _ = try RuntimeFolder.create(for: folder)
        #expect(access(runtime.path + "/control", F_OK) != 0)
        var information = stat()
        #expect(stat(runtime.path, &information) == 0)
        #expect(information.st_mode & 0o777 == 0o700)
        runtime.remove()
        #expect(access(runtime.path, F_OK) != 0)
    }

    @Test func `a runtime folder that others may enter is refused`() throws {
        let folder = try trial(in: HomeFolder(path: temporary.path))
        let runtime = try RuntimeFolder.create(for: folder)
        chmod(runtime.path, 0o755)
        #expect(throws: TransportError.self) { try RuntimeFolder.create(for: folder) }
    }

    @Test func `a long home moves the sockets to a short folder`() throws {
        let home = HomeFolder(path: temporary.path + "/" + String(repeating: "long/", count: 20) + "home")
        let runtime = RuntimeFolder.expected(for: try trial(in: home))
        #expect(runtime.path.hasPrefix("/tmp/cockpit-"))
        #expect(try runtime.masterSend(to: 9999).description.hasSuffix("/master_send_9999"))
    }

    @Test func `two trials never share sockets`() throws {
        let home = HomeFolder(path: "/c")
        let other = TrialID(experiment: try ExperimentName("grpo-arith"), trial: try TrialName("second"))
        #expect(RuntimeFolder.expected(for: try trial(in: home)) != RuntimeFolder.expected(for: home.trial(other)))
    }
}
