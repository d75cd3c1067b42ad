// swift-tools-version: 6.1
import PackageDescription

/// One rule set for every Swift target: Swift 6 mode and the upcoming features that make dependencies visible.
let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

let package = Package(
    name: "cockpit",
    products: [.executable(name: "cockpit", targets: ["Cockpit"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        // MARK: The words and the wire
        .target(name: "CZeroMQ", path: "Sources/Protocol/CZeroMQ", linkerSettings: [.linkedLibrary("zmq")]),
        .target(
            name: "Protocol",
            dependencies: [
                "CZeroMQ",
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ],
            exclude: ["CZeroMQ", "Messages/Schema"],
            swiftSettings: strict),

        // MARK: What trains
        .target(
            name: "CKernels", path: "Sources/Compute/CKernels",
            // Without it a debug build's kernels are some thirty times slower, and every test that trains with them.
            cSettings: [.unsafeFlags(["-O2"], .when(configuration: .debug))]),
        .target(name: "Compute", dependencies: ["Protocol", "CKernels"], exclude: ["CKernels"], swiftSettings: strict),
        .target(
            name: "Workers",
            dependencies: ["Protocol", "Compute", .product(name: "Logging", package: "swift-log")],
            swiftSettings: strict),

        // MARK: What remembers
        .target(
            name: "Store", dependencies: ["Protocol", .product(name: "GRDB", package: "GRDB.swift")],
            swiftSettings: strict),

        // MARK: What decides
        .target(name: "CProcess", path: "Sources/Orchestrator/CProcess"),
        .target(
            name: "Orchestrator",
            dependencies: ["Protocol", "Store", "Workers", "CProcess", "Yams"],
            exclude: ["CProcess"],
            swiftSettings: strict),

        // MARK: What a person sees
        .target(
            name: "CNCurses", path: "Sources/Cockpit/CNCurses",
            linkerSettings: [.linkedLibrary("ncursesw"), .linkedLibrary("tinfo")]),
        .executableTarget(
            name: "Cockpit",
            dependencies: [
                "Protocol", "Store", "Orchestrator", "Workers", "CNCurses",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            exclude: ["CNCurses"],
            swiftSettings: strict),

        // MARK: Tests
        .target(name: "TestSupport", dependencies: ["Protocol"], path: "Tests/TestSupport", swiftSettings: strict),
        .testTarget(name: "ProtocolTests", dependencies: ["Protocol", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "ComputeTests", dependencies: ["Compute", "TestSupport"], exclude: ["Fixtures"], swiftSettings: strict
        ),
        .testTarget(name: "StoreTests", dependencies: ["Store", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "WorkersTests", dependencies: ["Workers", "Compute", "TestSupport"], exclude: ["Fixtures"],
            swiftSettings: strict),
        .testTarget(
            name: "OrchestratorTests", dependencies: ["Orchestrator", "Workers", "Store", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "CockpitTests", dependencies: ["Cockpit", "TestSupport"], exclude: ["Golden"], swiftSettings: strict),
        .testTarget(name: "ArchitectureTests", dependencies: ["TestSupport"], swiftSettings: strict),
        .testTarget(name: "EndToEndTests", dependencies: ["Cockpit", "Store", "TestSupport"], swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)
