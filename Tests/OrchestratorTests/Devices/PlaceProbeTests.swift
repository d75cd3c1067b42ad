import Foundation
import Protocol
import TestSupport
import Testing

@testable import Orchestrator

@Suite struct `A place for trials` {
    private let folder = TemporaryFolder()

    @Test func `is tried out, and left as it was`() throws {
        let home = HomeFolder(path: folder.path)
        let probes = PlaceProbe.all(in: folder.path, home: home)
        #expect(probes.map(\.subject) == ["locks", "shared memory", "sockets", "disk"])
        #expect(probes.filter { !$0.isGood } == [])
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
    }

    @Test func `where nothing can be written is told for each thing that trials need`() {
        let probes = PlaceProbe.all(in: "/proc", home: HomeFolder(path: "/proc"))
        #expect(probes.filter { !$0.isGood }.map(\.subject) == ["locks", "shared memory", "disk"])
    }

    @Test func `whose path is too long for sockets has them in /tmp`() {
        let home = HomeFolder(path: "/" + String(repeating: "x", count: 100))
        let sockets = PlaceProbe.all(in: folder.path, home: home)[2]
        #expect(sockets.detail.hasPrefix("in /tmp, because"))
    }

    @Test func `is described with the limits that hold there`() {
        let share = MachineShare(
            ControlGroup(processors: 1.5, memory: 2 << 30), threads: 1, cores: 8, machine: 16 << 30)
        #expect(
            share.detail
                == "1 threads of 8 cores (a quota of 1.5 cores), 2.0 GiB of memory (a limit; the machine has 16.0)")
        let free = MachineShare(ControlGroup(), threads: 8, cores: 8, machine: 16 << 30)
        #expect(free.detail == "8 threads of 8 cores, 16.0 GiB of memory")
    }
}
