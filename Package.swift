// swift-tools-version: 6.2
import PackageDescription

/// One set of settings for every target: the language we write is Swift 6, strictly.
let settings: [SwiftSetting] = [
    .strictMemorySafety(),
    // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0335-existential-any.md
    .enableUpcomingFeature("ExistentialAny"),
    // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0409-access-level-on-imports.md
    .enableUpcomingFeature("InternalImportsByDefault"),
    // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0444-member-import-visibility.md
    .enableUpcomingFeature("MemberImportVisibility"),
    // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0461-async-function-isolation.md
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0470-isolated-conformances.md
    .enableUpcomingFeature("InferIsolatedConformances"),
]

func room(
    _ name: String, _ dependencies: [Target.Dependency], exclude: [String] = [], resources: [Resource]? = nil
) -> Target {
    .target(
        name: name, dependencies: dependencies, exclude: exclude, resources: resources,
        swiftSettings: settings)
}

func program(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(name: name, dependencies: dependencies, swiftSettings: settings)
}

func example(_ name: String) -> Target {
    .executableTarget(
        name: name, dependencies: ["Fagure", "Tensor", "Datasets"], path: "Examples/\(name)",
        swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource]? = nil) -> Target {
    .testTarget(
        name: name, dependencies: dependencies + ["TestSupport"], resources: resources,
        swiftSettings: settings)
}

let protobuf = Target.Dependency.product(name: "SwiftProtobuf", package: "swift-protobuf")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let deques = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let sockets = Target.Dependency.product(name: "FlyingSocks", package: "FlyingFox")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

let package = Package(
    name: "fagure",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "Fagure", targets: ["Fagure"]),
        .library(name: "Tensor", targets: ["Tensor"]),
        .library(name: "Datasets", targets: ["Datasets"]),
        .library(name: "Federation", targets: ["Federation"]),
        // What jobs fail with, for those who look at more than the text.
        .library(name: "Protocol", targets: ["Protocol"]),
        .executable(name: "broker", targets: ["broker"]),
        .executable(name: "worker", targets: ["worker"]),
        .executable(name: "trainer", targets: ["trainer"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-protobuf", exact: "1.39.0"),
        .package(url: "https://github.com/apple/swift-collections", exact: "1.6.0"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
        .package(url: "https://github.com/swhitty/FlyingFox", exact: "0.27.1"),
    ],
    targets: [
        // The doors: module maps and shims of the C libraries, nothing else.
        .systemLibrary(name: "CZMQ", providers: [.apt(["libzmq3-dev"]), .brew(["zeromq"])]),
        .systemLibrary(name: "COneDNN", providers: [.apt(["libdnnl-dev"]), .brew(["onednn"])]),
        .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
        .systemLibrary(name: "CCrypto", providers: [.apt(["libssl-dev"]), .brew(["openssl@3"])]),

        // What every room stands on: bytes in memory and in files, digests, threads to compute on.
        room("Ground", ["CCrypto", "CZlib"]),
        // Sockets and the loop thread that owns them.
        room("ZMQ", ["CZMQ", "Ground"]),
        // Who is who: key files, invitations, the list of who is let in.
        room("Keys", ["Ground", "ZMQ"]),
        // PROTOCOL.md in Swift: header, commands, control bodies, limits.
        room("Protocol", ["Ground", protobuf], exclude: ["wire.proto"]),
        // Values, operations, graphs, gradients, plans and kernels.
        room("Tensor", ["COneDNN", "Ground"]),
        // Readers, schemas and partitions of data.
        room(
            "Datasets", ["Ground", "Tensor", "CZlib", yams],
            resources: [.embedInCode("Resources/digits.csv.gz")]),
        // One graph, or one graph folded over batches, and their coding.
        room("Jobs", ["Ground", "Protocol", "Tensor", protobuf], exclude: ["job.proto"]),
        // A peer's side of the broker connection.
        room("Link", ["Ground", "Protocol", "ZMQ"]),
        // Strategies: pure functions on values.
        room("Federation", ["Protocol", "Tensor"]),
        // The broker: a pure machine and a thin shell.
        room("BrokerKit", ["Ground", "Keys", "Protocol", "ZMQ", logging, deques]),
        // The worker: a pure machine, a thin shell, runners beside the data.
        room(
            "WorkerKit",
            ["Ground", "Keys", "Protocol", "ZMQ", "Tensor", "Datasets", "Jobs", "Link", logging, deques]),
        // What users import.
        room(
            "Fagure",
            [
                "Ground", "Keys", "Protocol", "ZMQ", "Tensor", "Datasets", "Jobs", "Link", "Federation",
                "BrokerKit", "WorkerKit", logging,
            ]),
        // A whole fleet in a simulated world, for SimulationTests and scripts/simulate; no product.
        room(
            "Simulation",
            [
                "Fagure", "BrokerKit", "WorkerKit", "Protocol", "ZMQ", "Jobs", "Tensor", "Datasets", logging,
            ]),
        // Small pages for those who watch a program.
        room("HTTP", [sockets]),
        // What the three programs share: how they begin and end, flags, output, logging, signals, exit codes.
        room("Console", ["Ground", "Keys", "ZMQ", arguments, logging]),

        program("broker", ["BrokerKit", "Console", "HTTP", "Keys", "Protocol", "ZMQ", arguments, logging]),
        program(
            "worker",
            ["WorkerKit", "Console", "Datasets", "Keys", "Protocol", "ZMQ", arguments, logging]),
        program(
            "trainer",
            [
                "Fagure", "Console", "Ground", "Keys", "Protocol", "Tensor", "Datasets", "Jobs", "Federation",
                arguments,
                logging,
            ]),

        // What people read first: `swift run Tutorial`.
        example("Tutorial"),
        example("Pointers"),
        example("TrustedAggregator"),

        // Measures, for scripts/bench; no product.
        .executableTarget(
            name: "bench",
            dependencies: [
                "Fagure", "Federation", "Ground", "Jobs", "Tensor", "Datasets", "Protocol", "TestSupport",
                "ZMQ",
                arguments,
            ],
            path: "Benchmarks/bench", swiftSettings: settings),

        // Changed inputs for all that reads any, for scripts/fuzz; no product.
        .executableTarget(
            name: "fuzz",
            dependencies: [
                "Ground", "Keys", "ZMQ", "Protocol", "Tensor", "Datasets", "Jobs", "Federation", "BrokerKit",
                "WorkerKit", "Fagure", logging,
            ],
            path: "Fuzz", swiftSettings: settings),

        // Real processes that are killed and stopped, for scripts/chaos; no product.
        .executableTarget(
            name: "chaos",
            dependencies: [
                "Fagure", "Ground", "Jobs", "Protocol", "Tensor", "TestSupport", "ZMQ", arguments,
            ],
            path: "Chaos",
            swiftSettings: settings),
        // Courses of a simulated world, for scripts/simulate; no product.
        .executableTarget(
            name: "simulate", dependencies: ["Simulation", "Fagure", "Datasets", arguments], path: "Simulate",
            swiftSettings: settings),

        // What tests of more than one target need: seeds, fixtures, folders, raw peers.
        .target(
            name: "TestSupport", dependencies: ["Ground", "Protocol", "Tensor", "ZMQ", logging, sockets],
            path: "Tests/TestSupport", swiftSettings: settings),
        // Counts allocations, by standing in front of malloc in the test bundle.
        .target(name: "CAllocations", path: "Tests/CAllocations"),
        tests("ZMQTests", ["ZMQ", "CZMQ", "Ground"]),
        tests("KeysTests", ["Ground", "Keys", "ZMQ"]),
        tests("ProtocolTests", ["Protocol"]),
        tests("GroundTests", ["Ground"]),
        tests("TensorTests", ["Ground", "Tensor", "COneDNN", "CAllocations"]),
        tests("DatasetsTests", ["Datasets", "Tensor"]),
        tests("JobsTests", ["Ground", "Jobs", "Protocol", "Tensor"]),
        tests("ConformanceTests", ["Datasets", "Ground", "Jobs", "Protocol", "Tensor"]),
        tests("FederationTests", ["Federation", "Jobs", "Tensor"]),
        tests("BrokerKitTests", ["BrokerKit", "Ground", "Keys", "Protocol", "ZMQ", logging]),
        tests(
            "WorkerKitTests",
            [
                "Ground", "Keys", "WorkerKit", "Link", "Jobs", "Protocol", "Tensor", "Datasets", "ZMQ",
                logging,
            ]),
        tests(
            "FagureTests",
            [
                "Ground", "Fagure", "Federation", "BrokerKit", "WorkerKit", "Link", "Jobs", "Protocol",
                "Tensor", "Datasets", "ZMQ", logging,
            ]),
        tests(
            "SimulationTests",
            [
                "Simulation", "Fagure", "BrokerKit", "WorkerKit", "Protocol", "ZMQ", "Tensor", "Datasets",
                "Federation",
            ]),
        tests("HTTPTests", ["HTTP", sockets]),
        tests("ConsoleTests", ["Console", "Ground"]),
        tests(
            "EndToEndTests",
            ["broker", "worker", "trainer", "Datasets", "Ground", "Keys", "Tensor", "ZMQ"]),
        tests("TidyTests", ["Protocol", "Tensor"]),
    ],
    swiftLanguageModes: [.v6]
)
