// swift-tools-version: 6.0
import Foundation
import PackageDescription

// A stranger's package: it depends on Fagure by its path and has none of its settings. `scripts/test-outside`
// copies it, and writes a folder into `Sources` for each program of the documents.

let folders = try FileManager.default.contentsOfDirectory(atPath: "\(Context.packageDirectory)/Sources")
    .sorted()

let package = Package(
    name: "outside",
    dependencies: [
        .package(name: "fagure", path: "../../..")
    ],
    targets: folders.flatMap { folder -> [Target] in
        let dependencies: [Target.Dependency] = [
            .product(name: "Fagure", package: "fagure")
        ]
        // The fragments stand twice: as Swift 6 and as Swift 5.
        let mode: SwiftLanguageMode = folder.hasSuffix("5") ? .v5 : .v6
        return [
            .executableTarget(
                name: folder, dependencies: dependencies, swiftSettings: [.swiftLanguageMode(mode)])
        ]
    }
)
