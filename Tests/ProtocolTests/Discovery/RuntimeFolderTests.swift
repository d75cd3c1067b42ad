import Glibc
import Protocol
import TestSupport
import Testing

@Suite struct RuntimeFolderTests {
    private let temporary = TemporaryFolder()

    private func trial(in home: String, _ name: String = "first") throws -> TrialFolder {
        HomeFolder(path: home).trial(
            TrialID(experiment: try ExperimentName("grpo-arith"), trial: try TrialName(name)))
    }

    private func refusal(_ body: () throws(TransportError) -> Void) -> TransportError? {
        do {
            try body()
            return nil
        } catch { return error }
    }

    private func endpoints(of folder: RuntimeFolder) throws -> [String] {
        try [
            folder.control(), folder.telemetry(), folder.commands(), folder.masterReceive(),
            folder.masterSend(to: 0), folder.masterSend(to: 9999), folder.data(0), folder.data(9999),
        ].map(\.description)
    }

    @Test(arguments: 1...140)
    func `sockets of any home fit into an address, and each has a name of its own`(length: Int) throws {
        let folder = RuntimeFolder.expected(for: try trial(in: "/" + String(repeating: "h", count: length)))
        let names = try endpoints(of: folder)
        #expect(Set(names).count == names.count)
        #expect(names.allSatisfy { $0.utf8.count <= "ipc://".utf8.count + 107 })
        // home, "/sockets/", 16 digits, "/master_send_9999": 65 bytes of a home are the most that fit.
        #expect(folder.path.hasPrefix("/h") == (length <= 64))
    }

    @Test func `bytes count, not letters`() throws {
        let home = "/" + String(repeating: "訓", count: 30)
        #expect(RuntimeFolder.expected(for: try trial(in: home)).path.hasPrefix("/tmp/cockpit-\(getuid())-"))
    }

    @Test func `the folder of a trial has one name for ever`() throws {
        let folder = RuntimeFolder.expected(for: try trial(in: "/c"))
        #expect(folder.path == "/c/sockets/\(Self.fingerprint("/c/trials/grpo-arith/first"))")
        #expect(folder.path.utf8.count == "/c/sockets/".utf8.count + 16)
    }

    /// FNV-1a with 64 bits, from its definition.
    private static func fingerprint(_ text: String) -> String {
        var hash: UInt64 = 14_695_981_039_346_656_037
        for byte in text.utf8 {
            hash ^= UInt64(byte)
            hash = hash &* 1_099_511_628_211
        }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    @Test func `a thousand trials have a thousand folders`() throws {
        let folders = try (0..<1000).map { RuntimeFolder.expected(for: try trial(in: "/c", "t\($0)")).path }
        #expect(Set(folders).count == 1000)
    }

    @Test func `a home that is not there is refused by name`() throws {
        let missing = try trial(in: temporary.file("nothing"))
        let error = refusal { () throws(TransportError) in _ = try RuntimeFolder.create(for: missing) }
        #expect(error?.code == .folder)
        #expect(
            error?.summary
                == "the runtime folder cannot be used (\(temporary.file("nothing/sockets"))): No such file or directory"
        )
    }

    @Test func `a file where the sockets folder belongs is refused by name`() throws {
        temporary.write("", to: "sockets")
        let folder = try trial(in: temporary.path)
        let error = refusal { () throws(TransportError) in _ = try RuntimeFolder.create(for: folder) }
        #expect(error?.place == RuntimeFolder.expected(for: folder).path)
        #expect(error?.reason == "Not a directory")
    }

    @Test func `a file or a link in the folder's place is refused`() throws {
        let folder = try trial(in: temporary.path), path = RuntimeFolder.expected(for: folder).path
        #expect(mkdir(temporary.file("sockets"), 0o700) == 0)
        #expect(mkdir(temporary.file("elsewhere"), 0o700) == 0)
        #expect(symlink(temporary.file("elsewhere"), path) == 0)
        let linked = refusal { () throws(TransportError) in _ = try RuntimeFolder.create(for: folder) }
        #expect(linked?.reason == "it is no folder")
        #expect(unlink(path) == 0)
        temporary.write("", to: String(path.dropFirst(temporary.path.count + 1)))
        let file = refusal { () throws(TransportError) in _ = try RuntimeFolder.create(for: folder) }
        #expect(file?.reason == "it is no folder")
        #expect(file?.hint == "remove it, or set COCKPIT_HOME to a folder of your own")
    }

    @Test func `somebody else's folder is refused`() {
        // The superuser can give a folder away; everybody else finds "/" to be another user's.
        let path = getuid() == 0 ? temporary.file("theirs") : "/"
        if getuid() == 0 {
            #expect(mkdir(path, 0o700) == 0)
            #expect(chown(path, 12_345, 12_345) == 0)
        }
        let error = refusal { () throws(TransportError) in try RuntimeFolder(path: path).checkOwner() }
        #expect(error == TransportError(.folder, place: path, reason: "it belongs to another user"))
    }

    @Test func `a folder that has gone is told with the system's reason`() {
        let path = temporary.file("gone")
        let error = refusal { () throws(TransportError) in try RuntimeFolder(path: path).checkOwner() }
        #expect(error == TransportError(.folder, place: path, reason: "No such file or directory"))
        RuntimeFolder(path: path).remove()
    }

    @Test(arguments: [0o701, 0o710, 0o704, 0o770, 0o777] as [mode_t])
    func `one permission for others is one too many`(mode: mode_t) {
        let path = temporary.file("open")
        #expect(mkdir(path, 0o700) == 0)
        #expect(throws: Never.self) { try RuntimeFolder(path: path).checkOwner() }
        chmod(path, mode)
        let error = refusal { () throws(TransportError) in try RuntimeFolder(path: path).checkOwner() }
        #expect(error?.reason == "others may enter it; make it mode 0700")
    }

    @Test func `a folder is served while somebody listens for commands there, and not by what is left`() throws {
        let runtime = try RuntimeFolder.create(for: trial(in: temporary.path))
        #expect(!runtime.isServed)
        let inside = String(runtime.path.dropFirst(temporary.path.count + 1))
        temporary.write("x", to: "\(inside)/commands")
        #expect(!runtime.isServed, "a file is no socket")
        #expect(unlink("\(runtime.path)/commands") == 0)
        let context = ZeroMQContext()
        let socket = try ZeroMQSocket.open(context, .router)
        try socket.bind(runtime.commands())
        #expect(runtime.isServed)
        let said = try socket.receive()
        #expect(said == nil)
    }

    @Test func `stale files of an earlier orchestrator are removed, a folder among them is left`()
        throws
    {
        let folder = try trial(in: temporary.path)
        let runtime = try RuntimeFolder.create(for: folder)
        let inside = String(runtime.path.dropFirst(temporary.path.count + 1))
        for name in ["control", "telemetry", "data_0", ".hidden"] { temporary.write("x", to: "\(inside)/\(name)") }
        #expect(mkdir(runtime.path + "/folder", 0o700) == 0)
        #expect(try RuntimeFolder.create(for: folder) == runtime)
        for name in ["control", "telemetry", "data_0", ".hidden"] {
            #expect(access("\(runtime.path)/\(name)", F_OK) != 0)
        }
        #expect(access(runtime.path + "/folder", F_OK) == 0)
    }
}
