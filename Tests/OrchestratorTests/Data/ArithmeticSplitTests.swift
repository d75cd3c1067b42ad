import Foundation
import Protocol
import TestSupport
import Testing

@testable import Orchestrator

@Suite struct `The split of the additions` {
    private let folder = TemporaryFolder()

    private func lines(_ path: String) throws -> [String] {
        try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init)
    }

    @Test(arguments: [0, 1, 2, 99, .max] as [UInt64])
    func `is made of right answers, each sum once, for every seed`(seed: UInt64) {
        let rows = ArithmeticData.rows(seed: seed)
        #expect(rows.count == 8100)
        #expect(Set(rows.map(\.prompt)).count == 8100)
        for row in rows {
            let terms = row.prompt.dropLast().split(separator: "+").compactMap { Int($0) }
            #expect(terms.count == 2 && terms.allSatisfy { (10...99).contains($0) })
            #expect(Int(row.answer) == terms.reduce(0, +))
        }
    }

    @Test(arguments: [1, 500, 8099])
    func `shares no row between its halves, whatever their sizes`(heldOutRows: Int) throws {
        let written = try ArithmeticData.write(to: folder.file("d"), seed: 4, heldOutRows: heldOutRows)
        let training = try lines(written.training), heldOut = try lines(written.heldOut)
        #expect(heldOut.count == heldOutRows)
        #expect(training.count == 8100 - heldOutRows)
        #expect(written.trainingRows == training.count)
        #expect(written.heldOutRows == heldOutRows)
        #expect(Set(training).isDisjoint(with: heldOut))
    }

    @Test func `of a larger held-out part begins with the smaller one`() throws {
        let small = try ArithmeticData.write(to: folder.file("small"), seed: 4, heldOutRows: 10)
        let large = try ArithmeticData.write(to: folder.file("large"), seed: 4, heldOutRows: 20)
        #expect(try Array(lines(large.heldOut).prefix(10)) == lines(small.heldOut))
    }

    @Test func `is byte for byte the same when it is made again, over what was there`() throws {
        let first = try ArithmeticData.write(to: folder.file("d"), seed: 7, heldOutRows: 50)
        let before = try Data(contentsOf: URL(filePath: first.training))
        folder.write("broken", to: "d/train.jsonl")
        let again = try ArithmeticData.write(to: folder.file("d"), seed: 7, heldOutRows: 50)
        #expect(try Data(contentsOf: URL(filePath: again.training)) == before)
        #expect((FolderListing.names(in: folder.file("d")) ?? []) == ["heldout.jsonl", "train.jsonl"])
    }

    @Test func `is rows of JSON that any reader understands`() throws {
        struct Row: Decodable, Equatable { let id: String, prompt: String, answer: String }
        let written = try ArithmeticData.write(to: folder.file("d"), seed: 1, heldOutRows: 3)
        let rows = try lines(written.heldOut).map { try JSONDecoder().decode(Row.self, from: Data($0.utf8)) }
        #expect(rows.first == Row(id: "60+99", prompt: "60+99=", answer: "159"))
    }

    @Test func `does not write over a file that stands where its folder should be`() throws {
        let file = folder.write("mine", to: "d")
        let error = #expect(throws: DataError.self) { try ArithmeticData.write(to: file, seed: 1, heldOutRows: 5) }
        #expect(error?.summary == "the dataset cannot be written to \(file)")
        #expect(try String(contentsOfFile: file, encoding: .utf8) == "mine")
    }
}

@Suite struct `The data an arithmetic experiment brings` {
    private func lineCount(of path: String) throws -> Int {
        try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").count
    }

    private let folder = TemporaryFolder()
    private var home: HomeFolder { HomeFolder(path: folder.file("home")) }

    private func prepare(_ name: String, _ overrides: [String] = []) throws {
        let experiment = try Experiments.find(name)
        let paths = PathExpansion(workingFolder: folder.path, userHome: folder.path, home: home)
        let settings = try Experiments.resolve(experiment, configFile: nil, overrides: overrides, paths: paths)
        try experiment.prepare(settings, home: home)
    }

    @Test(arguments: ["grpo-arith", "sft-arith"])
    func `is made where its default points to`(name: String) throws {
        try prepare(name)
        #expect(try lineCount(of: "\(home.data)/arithmetic/train.jsonl") == 7600)
        #expect(try lineCount(of: "\(home.data)/arithmetic/heldout.jsonl") == 500)
    }

    @Test func `is left as it is once it is there`() throws {
        try FolderFiles.makeFolder("\(home.data)/arithmetic")
        folder.write("mine\n", to: "home/data/arithmetic/train.jsonl")
        try prepare("grpo-arith")
        #expect((FolderListing.names(in: "\(home.data)/arithmetic") ?? []) == ["train.jsonl"])
    }

    @Test(arguments: ["grpo-arith", "sft-arith"])
    func `is not made for whoever brings other data`(name: String) throws {
        try prepare(name, ["dataset.path=other.jsonl"])
        #expect(!FolderFiles.exists(home.path))
    }

    @Test(arguments: ["grpo", "sft"])
    func `is none for experiments that bring nothing`(name: String) throws {
        try prepare(name)
        #expect(!FolderFiles.exists(home.path))
    }
}
