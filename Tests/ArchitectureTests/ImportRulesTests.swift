import TestSupport
import Testing

/// docs/design/decisions.md, decision 4: who may import whom. A new edge here is a design decision, not a convenience.
@Suite struct ImportRulesTests {
    private static let modules = ["Protocol", "Compute", "Workers", "Store", "Orchestrator", "Cockpit"]

    private static let allowed: [String: Set<String>] = [
        "Protocol": ["CZeroMQ", "SwiftProtobuf", "DequeModule"],
        "Compute": ["Protocol", "CKernels"],
        "Store": ["Protocol", "GRDB", "GRDBSQLite"],
        "Workers": ["Protocol", "Compute", "Logging", "DequeModule"],
        "Orchestrator": ["Protocol", "Store", "Workers", "CProcess", "Yams", "DequeModule"],
        "Cockpit": ["Protocol", "Store", "Orchestrator", "Workers", "CNCurses", "ArgumentParser"],
    ]

    /// What every module may use.
    private static let platform: Set<String> = [
        "Glibc", "Foundation", "FoundationEssentials", "Synchronization", "Dispatch",
    ]

    @Test func `Sources holds exactly the six modules`() throws {
        #expect(try SourceTree.entries(of: "Sources") == Self.modules.sorted())
    }

    @Test(arguments: modules)
    func `a module imports only what stands below it`(module: String) throws {
        let allowed = try #require(Self.allowed[module]).union(Self.platform)
        for file in try SourceTree.files(under: "Sources/\(module)") where !file.isGenerated {
            let foreign = file.imports.filter { !allowed.contains($0) }
            #expect(foreign.isEmpty, "\(file.path) imports \(foreign)")
        }
    }

    /// A C library is imported by one folder; a second importer is a design error.
    @Test(arguments: [
        ("CNCurses", "Sources/Cockpit/Terminal/"), ("CZeroMQ", "Sources/Protocol/Transport/"),
        ("GRDB", "Sources/Store/"), ("GRDBSQLite", "Sources/Store/"), ("CProcess", "Sources/Orchestrator/"),
        ("CKernels", "Sources/Compute/"), ("ArgumentParser", "Sources/Cockpit/CLI/"), ("Yams", "Sources/Orchestrator/"),
    ])
    func `a library has one importing folder`(library: String, folder: String) throws {
        let importers = try SourceTree.files(under: "Sources").filter { $0.imports.contains(library) }
        for file in importers { #expect(file.path.hasPrefix(folder), "\(file.path) imports \(library)") }
        if library != "GRDBSQLite" { #expect(!importers.isEmpty, "nothing imports \(library)") }
    }

    @Test func `the cockpit starts workers in one file only`() throws {
        let importers = try SourceTree.files(under: "Sources/Cockpit").filter { $0.imports.contains("Workers") }
        #expect(importers.map(\.path) == ["Sources/Cockpit/CLI/WorkerCommand.swift"])
    }

    @Test func `the orchestrator reads only the workers' registries`() throws {
        for file in try SourceTree.files(under: "Sources/Orchestrator") where file.imports.contains("Workers") {
            #expect(file.path.hasPrefix("Sources/Orchestrator/Experiments/"), "\(file.path) imports Workers")
        }
    }

    @Test func `the compute core is synchronous`() throws {
        for file in try SourceTree.files(under: "Sources/Compute") {
            let asynchronous = file.lines.filter {
                $0.contains(" async ") || $0.contains("await ") || $0.contains("Task {")
            }
            #expect(asynchronous.isEmpty, "\(file.path): \(asynchronous)")
        }
    }
}
