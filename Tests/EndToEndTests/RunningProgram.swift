import Foundation
import Synchronization
import Testing

/// One of the three programs as a real process: its output comes as lines to wait for, its end as a status.
///
/// Nothing here waits on time: a line comes, or the process ends and says why; suites carry a time limit as the last fence.
final class RunningProgram: Sendable {
    /// Why a wait ended without its line.
    struct Ended: Error, CustomStringConvertible {
        let description: String
    }

    private struct State {
        var lines: [String] = []
        var errors = ""
        var hasEnded = false
        var waiters: [(Waiting, CheckedContinuation<Void, Never>)] = []
        var openStreams = 2
    }

    private enum Waiting {
        case lines(more: Int)
        case end
    }

    private let name: String
    private let process: Process
    private let state = Mutex(State())

    /// The folder of the built programs: where this test bundle is.
    static let folder = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()

    /// Starts a program.
    init(_ name: String, _ arguments: [String], environment: [String: String] = [:]) throws {
        self.name = name
        process = Process()
        process.executableURL = RunningProgram.folder.appending(path: name)
        process.arguments = arguments
        var inherited = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("FAGURE_") }
        inherited.merge(environment) { $1 }
        process.environment = inherited
        process.standardInput = FileHandle.nullDevice
        let output = Pipe()
        let errors = Pipe()
        process.standardOutput = output
        process.standardError = errors
        follow(output.fileHandleForReading) { $0.lines.append($1) }
        follow(errors.fileHandleForReading) { $0.errors += $1 + "\n" }
        process.terminationHandler = { [weak self] _ in self?.change { $0.hasEnded = true } }
        try process.run()
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }

    /// The process's number.
    var identifier: Int32 { process.processIdentifier }

    /// The lines on standard output so far.
    var lines: [String] { state.withLock { $0.lines } }

    /// What was written to standard error so far.
    var errors: String { state.withLock { $0.errors } }

    /// Sends a signal.
    func signal(_ number: Int32) { kill(process.processIdentifier, number) }

    /// Waits for a line of standard output, from the first on, and gives it back.
    @discardableResult
    func line(containing text: String) async throws -> String {
        try await line { $0.contains(text) }
    }

    /// Waits for a line of standard output, from the first on, and gives it back.
    @discardableResult
    func line(where matches: (String) -> Bool) async throws -> String {
        var seen = 0
        while true {
            let (new, hasEnded) = state.withLock { (Array($0.lines[seen...]), $0.hasEnded && $0.openStreams == 0) }
            if let found = new.first(where: matches) { return found }
            seen += new.count
            guard !hasEnded else {
                throw Ended(description: "\(name) ended with \(status):\n\(lines.joined(separator: "\n"))\n\(errors)")
            }
            await wait(.lines(more: seen))
        }
    }

    /// Waits for the end of the process and of its output, and gives back the exit status, negative for a signal.
    @discardableResult
    func end() async -> Int32 {
        await wait(.end)
        return status
    }

    /// Asks the process to end and waits for it.
    func stop() async {
        signal(SIGTERM)
        await end()
    }

    private var status: Int32 {
        process.terminationReason == .uncaughtSignal ? -process.terminationStatus : process.terminationStatus
    }

    private func wait(_ waiting: Waiting) async {
        await withCheckedContinuation { continuation in
            let isReady = state.withLock { state in
                if Self.isOver(waiting, state) { return true }
                state.waiters.append((waiting, continuation))
                return false
            }
            if isReady { continuation.resume() }
        }
    }

    private static func isOver(_ waiting: Waiting, _ state: State) -> Bool {
        let isDone = state.hasEnded && state.openStreams == 0
        return switch waiting {
        case .lines(let seen): state.lines.count > seen || isDone
        case .end: isDone
        }
    }

    private func change(_ body: (inout State) -> Void) {
        let ready = state.withLock { state in
            body(&state)
            let waiters = state.waiters
            state.waiters = waiters.filter { !Self.isOver($0.0, state) }
            return waiters.filter { Self.isOver($0.0, state) }.map(\.1)
        }
        for continuation in ready { continuation.resume() }
    }

    private func follow(_ handle: FileHandle, _ add: @escaping @Sendable (inout State, String) -> Void) {
        let rest = Mutex(Data())
        handle.readabilityHandler = { [weak self] handle in
            let data = handle.availableData
            let (lines, isOver): ([String], Bool) = rest.withLock { rest in
                guard !data.isEmpty else {
                    return (rest.isEmpty ? [] : [String(decoding: rest, as: UTF8.self)], true)
                }
                rest.append(data)
                var lines: [String] = []
                while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                    lines.append(String(decoding: rest[rest.startIndex..<end], as: UTF8.self))
                    rest.removeSubrange(rest.startIndex...end)
                }
                return (lines, false)
            }
            if isOver { handle.readabilityHandler = nil }
            self?.change { state in
                for line in lines { add(&state, line) }
                if isOver { state.openStreams -= 1 }
            }
        }
    }
}

/// A broker and workers to run trainers against; stops everything it started.
final class Fleet {
    let broker: RunningProgram
    let endpoint: String
    private(set) var workers: [RunningProgram] = []

    /// Starts a broker on a free port of the loopback interface.
    init() async throws {
        broker = try RunningProgram("broker", ["--bind", "tcp://127.0.0.1:*"])
        endpoint = try await Fleet.endpoint(of: broker)
    }

    /// Waits until a broker listens, and where.
    static func endpoint(of broker: RunningProgram) async throws -> String {
        let line = try await broker.line(containing: "listening on ")
        return String(line.split(separator: " ").last ?? "")
    }

    /// Starts a worker and waits until it is registered.
    @discardableResult
    func addWorker(_ name: String, _ arguments: [String]) async throws -> RunningProgram {
        let worker = try RunningProgram("worker", ["--broker", endpoint, "--name", name] + arguments)
        workers.append(worker)
        try await worker.line(containing: "registered")
        return worker
    }

    /// Runs a trainer to its end.
    func train(_ arguments: [String]) async throws -> RunningProgram {
        let trainer = try trainer(arguments)
        await trainer.end()
        return trainer
    }

    /// Starts a trainer.
    func trainer(_ arguments: [String]) throws -> RunningProgram {
        try RunningProgram("trainer", ["--broker", endpoint] + arguments)
    }

    /// Stops everything.
    func stop() async {
        for worker in workers { await worker.stop() }
        await broker.stop()
    }
}

/// A folder that is removed with the value's owner.
final class TemporaryFolder {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "fagure-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    /// A path inside.
    subscript(_ name: String) -> String { url.appending(path: name).path }

    /// The bytes of a file inside.
    func bytes(_ name: String) throws -> Data { try Data(contentsOf: url.appending(path: name)) }
}

/// The JSON objects among lines.
func events(_ lines: [String]) throws -> [[String: Any]] {
    try lines.map { line in
        let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
        return try #require(object as? [String: Any], "not a JSON object: \(line)")
    }
}
