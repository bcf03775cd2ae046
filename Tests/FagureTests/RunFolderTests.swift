import Federation
import Foundation
import Tensor
import TestSupport
import Testing

@testable import Fagure

@Suite("The folder of a run")
struct RunFolderTests {
    private let temporary: TemporaryFolder
    private let path: String
    private let started = RunEvent.started(
        RunStart(
            dataset: "digits", model: "linear", parameterCount: 1, epochs: 1, rounds: 1, shards: 1,
            workers: 1,
            examples: 1, judge: .nobody))
    private let done = RunEvent.done(
        RunSummary(
            rounds: 1, epochs: 1, end: "finished", last: nil, incompleteRounds: 0, seconds: 1, bytesSent: 0,
            bytesReceived: 0))

    init() throws {
        temporary = try TemporaryFolder()
        path = temporary["run"]
    }

    private func history() throws -> [String] {
        try String(contentsOfFile: "\(path)/history.jsonl", encoding: .utf8).split(separator: "\n").map(
            String.init)
    }

    @Test("it gets the history line by line, and nothing before the first")
    func lines() throws {
        let folder = try RunFolder(path)
        try folder.write(.brokerReturned)
        #expect(try FileManager.default.contentsOfDirectory(atPath: path).isEmpty)
        try folder.write(started)
        try folder.write(done)
        let lines = try history()
        #expect(lines.count == 2)
        #expect(lines[0].hasPrefix(#"{"event":"started""#) && lines[1].hasPrefix(#"{"event":"done""#))
        #expect(throws: TensorError.self) { _ = try RunFolder("\(path)/history.jsonl/x") }
    }

    @Test("a run that never began leaves nothing in the way of the next, and the one before as it was")
    func neverBegan() throws {
        try RunFolder(path).write(done)
        #expect(try FileManager.default.contentsOfDirectory(atPath: path).isEmpty)
        try RunFolder(path).write(started)
        try RunFolder(path, overwrites: true).write(done)
        #expect(try history().count == 1)
        #expect(try history()[0].hasPrefix(#"{"event":"started""#))
    }

    @Test("a run that is there is refused, and replaced at the first line where that is allowed")
    func overwrites() throws {
        try RunFolder(path).write(started)
        try Data("old".utf8).write(to: URL(fileURLWithPath: "\(path)/model.safetensors"))
        let error = #expect(throws: TensorError.self) { _ = try RunFolder(path) }
        let text = "\(error.map { "\($0)" } ?? "")"
        for word in [path, "history.jsonl", "model.safetensors", "--overwrite"] {
            #expect(text.contains(word))
        }
        let folder = try RunFolder(path, overwrites: true)
        #expect(try history().count == 1)
        try folder.write(started)
        #expect(try history().count == 1)
        #expect(try FileManager.default.contentsOfDirectory(atPath: path) == ["history.jsonl"])
    }

    @Test(
        "nothing is written through a symbolic link or into a pipe", arguments: [true, false],
        ["history.jsonl", "model.safetensors"])
    func links(_ isLink: Bool, _ name: String) throws {
        let folder = try RunFolder(path)
        if isLink {
            try Data("precious".utf8).write(to: URL(fileURLWithPath: "\(path)/precious"))
            try FileManager.default.createSymbolicLink(
                atPath: "\(path)/\(name)", withDestinationPath: "precious")
        } else {
            #expect(unsafe mkfifo("\(path)/\(name)", 0o600) == 0)
        }
        #expect(throws: TensorError.self) { _ = try RunFolder(path, overwrites: true) }
        // It was not there when the run began.
        #expect(throws: TensorError.self) { try folder.write(started) }
        let file = Safetensors([:])
        #expect(throws: TensorError.self) { try file.write(to: "\(path)/\(name)") }
        if isLink {
            #expect(try String(contentsOfFile: "\(path)/precious", encoding: .utf8) == "precious")
        } else {
            #expect(throws: TensorError.self) { _ = try Safetensors(contentsOf: "\(path)/\(name)") }
        }
    }
}
