import Foundation
import TestSupport
import Testing

@testable import Workers

@Suite struct `A checkpoint on disk` {
    private let folder = TemporaryFolder()

    @Test func `is as large as all its files, those of an adapter's folder too`() throws {
        let path = folder.file("step-10")
        try FileManager.default.createDirectory(atPath: "\(path)/adapter", withIntermediateDirectories: true)
        folder.write("{}", to: "step-10/manifest.json")
        folder.write("12345", to: "step-10/adapter/adapter_config.json")
        #expect(CheckpointOnDisk.bytes(of: path) == 7)
        #expect(CheckpointOnDisk.bytes(of: folder.file("none")) == 0)
        #expect(CheckpointOnDisk.isWhole(path))
        #expect(!CheckpointOnDisk.isWhole("\(path)/adapter"))
    }
}
