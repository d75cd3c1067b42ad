import TestSupport
import Testing

/// Inside a module, a folder speaks only of what stands below it. So folders have an order, and there are no cycles.
@Suite struct FloorTests {
    /// The folders of each module from the ground up. A new folder gets its place here.
    private static let floors: [String: [String]] = [
        "Protocol": [
            "Errors", "Messages", "Telemetry", "Data", "Arguments", "Identity", "Codec", "Dataflow", "Configuration",
            "Transport",
            "Discovery",
        ],
        "Compute": [
            "Backend", "JSON", "Random", "Files", "Tensor", "Ops", "Tokenizer", "Models", "Generation", "Training",
            "Modules", "Checkpoint", "Benchmarks",
        ],
        "Store": [
            "Codec", "Connection", "Schema", "Records", "Reading", "Writing", "Integrity", "Catalog", "Benchmark",
        ],
        "Workers": [
            "Metrics", "Arguments", "Control", "Sequences", "Transfer", "Datasets", "Objectives", "Telemetry", "Model",
            "Interfaces", "Hooks", "Requests", "Execution", "Rehearsal", "Master", "Startup", "Benchmarks",
        ],
        "Orchestrator": [
            "Folders", "Data", "Processes", "Control", "Experiments", "Scheduling", "Ingest", "Devices", "Launching",
            "Supervision",
        ],
        "Cockpit": [
            "Layout", "Surface", "Themes", "Terminal", "Widgets", "State", "Panels", "Actions", "Screens", "App", "CLI",
        ],
    ]

    @Test(arguments: floors.keys.sorted())
    func `a folder speaks only of folders below it`(module: String) throws {
        let floors = try #require(Self.floors[module])
        let tower = try Tower(module)
        #expect(tower.folders == Set(floors), "the folders of Sources/\(module) and its floors")
        for (file, mentions) in tower.mentions {
            guard let floor = floors.firstIndex(of: file.folder) else { continue }
            for (word, folder) in mentions {
                guard let other = floors.firstIndex(of: folder) else { continue }
                #expect(other < floor, "\(file.path) speaks of \(word), which is above it, in \(folder)")
            }
        }
    }

    /// What lies in a module's own folder is the ground: it speaks of none of its folders.
    @Test(arguments: floors.keys.sorted())
    func `the ground of a module rests on no folder`(module: String) throws {
        for (file, mentions) in try Tower(module).mentions where file.folder.isEmpty {
            #expect(mentions.isEmpty, "\(file.path) speaks of \(mentions.keys.sorted())")
        }
    }
}

/// The files of a module with the types of other folders that each mentions.
private struct Tower {
    struct Place {
        let path: String
        /// The first folder inside the module; empty for a file beside the folders.
        let folder: String
    }

    var folders: Set<String> = []
    /// By file: the type, and the folder that declares it.
    var mentions: [(file: Place, mentions: [String: String])] = []

    init(_ module: String) throws {
        var home: [String: String] = [:], own: [String: Set<String>] = [:], files: [(Place, SwiftWords)] = []
        for file in try SourceTree.files(under: "Sources/\(module)") {
            let parts = file.path.split(separator: "/")
            let place = Place(path: file.path, folder: parts.count > 3 ? String(parts[2]) : "")
            if !place.folder.isEmpty { folders.insert(place.folder) }
            // Generated messages mention only themselves and the library.
            if file.isGenerated { continue }
            let words = SwiftWords(file.lines)
            for type in words.declared { home[type] = place.folder }
            own[place.folder, default: []].formUnion(words.own)
            files.append((place, words))
        }
        for (place, words) in files {
            // A type inside another may have the name of one elsewhere; the nearest is meant.
            let foreign = words.mentioned.subtracting(own[place.folder, default: []])
                .compactMap { word in home[word].map { (word, $0) } }.filter { !$0.1.isEmpty }
            mentions.append((place, Dictionary(foreign) { first, _ in first }))
        }
    }
}

/// The tool of the tests above, on code made for it.
@Suite struct SwiftWordsTests {
    @Test func `words of comments and texts, and members, are not mentioned`() {
        let words = SwiftWords([
            "package struct Lamp: Light { // of Glass", "    let shade = Paper.Colour(\"Red\")", "    enum Part {}",
            "    let text = \"\"\"", "        Oil", "        \"\"\"", "}", "private enum Switch {}",
        ])
        #expect(words.mentioned == ["Lamp", "Light", "Paper", "Part", "Switch"])
        #expect(words.declared == ["Lamp"])
        #expect(words.own == ["Lamp", "Part", "Switch"])
    }
}
