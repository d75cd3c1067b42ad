import Foundation
import TestSupport
import Testing

@testable import Workers

@Suite struct `A checkpoint that newer ones made useless` {
    private let folder = TemporaryFolder()

    private func make(_ name: String) throws -> String {
        let path = folder.file(name)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        folder.write("{}", to: "\(name)/manifest.json")
        return path
    }

    @Test func `goes with all its files`() throws {
        CheckpointOnDisk.remove(try make("step-10"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }

    @Test func `goes even where an earlier removal was killed half way`() throws {
        _ = try make(".step-10.removed")
        CheckpointOnDisk.remove(try make("step-10"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }

    @Test func `is no matter when it is gone already`() throws {
        CheckpointOnDisk.remove(folder.file("step-10"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }

    @Test func `is as large as all its files, those of an adapter's folder too`() throws {
        let path = try make("step-10")
        try FileManager.default.createDirectory(atPath: "\(path)/adapter", withIntermediateDirectories: true)
        folder.write("12345", to: "step-10/adapter/adapter_config.json")
        #expect(CheckpointOnDisk.bytes(of: path) == 7)
        #expect(CheckpointOnDisk.bytes(of: folder.file("none")) == 0)
        CheckpointOnDisk.remove(path)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }
}
