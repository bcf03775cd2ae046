import Foundation
import Ground
import Testing

/// One of the three programs as a real process: its output comes as lines to wait for, its end as a status.
///
/// Nothing here waits on time: a line comes, or the process ends and says why; suites carry a time limit as
/// the last fence.
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
    private let state = Lock(State())

    /// The folder of the built programs: where this test bundle is.
    static let folder = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()

    /// Starts a program.
    ///
    /// - Parameter shell: A line for the shell to run the program by, as `"$@"`, with what is to become of its
    ///   output.
    init(
        _ name: String, _ arguments: [String], environment: [String: String] = [:], shell: String? = nil
    ) throws {
        self.name = name
        process = Process()
        let program = RunningProgram.folder.appending(path: name)
        process.executableURL = shell == nil ? program : URL(filePath: "/bin/bash")
        process.arguments = shell.map { ["-c", $0, "bash", program.path] + arguments } ?? arguments
        var inherited = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("FAGURE_") }
        inherited.merge(environment) { $1 }
        process.environment = inherited
        process.standardInput = FileHandle.nullDevice
        let (output, errors) = try RunningProgram.launching.withLock { _ in
            let pipes = (RunningProgram.pipe(), RunningProgram.pipe())
            process.standardOutput = pipes.0
            process.standardError = pipes.1
            process.terminationHandler = { [weak self] _ in self?.change { $0.hasEnded = true } }
            try process.run()
            return pipes
        }
        follow(output) { $0.lines.append($1) }
        follow(errors) { $0.errors += $1 + "\n" }
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }

    /// One program is started at a time: see `pipe`.
    private static let launching = Lock(())

    /// A pipe that other children do not inherit: one that held its end open would hide that the program has ended.
    private static func pipe() -> Pipe {
        let pipe = Pipe()
        for handle in [pipe.fileHandleForReading, pipe.fileHandleForWriting] {
            _ = fcntl(handle.fileDescriptor, F_SETFD, FD_CLOEXEC)
        }
        return pipe
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
            let (new, hasEnded) = state.withLock {
                (Array($0.lines[seen...]), $0.hasEnded && $0.openStreams == 0)
            }
            if let found = new.first(where: matches) { return found }
            seen += new.count
            guard !hasEnded else {
                throw Ended(
                    description: "\(name) ended with \(status):\n\(lines.joined(separator: "\n"))\n\(errors)")
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

    /// A test that is out of time ends the program, and with it the wait: a hang is one failure, not that of all.
    private func wait(_ waiting: Waiting) async {
        let identifier = process.processIdentifier
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isReady = state.withLock { state in
                    if Self.isOver(waiting, state) { return true }
                    state.waiters.append((waiting, continuation))
                    return false
                }
                if isReady { continuation.resume() }
            }
        } onCancel: {
            kill(identifier, SIGKILL)
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

    /// Reads a stream on a thread of its own: on Linux, a `FileHandle` watched by Dispatch may be closed under it.
    private func follow(_ pipe: Pipe, _ add: @escaping @Sendable (inout State, String) -> Void) {
        Thread { [weak self] in
            var rest = Data()
            while true {
                let data = pipe.fileHandleForReading.availableData
                rest.append(data)
                let lines = Self.takeLines(from: &rest, isOver: data.isEmpty)
                self?.change { state in
                    for line in lines { add(&state, line) }
                    if data.isEmpty { state.openStreams -= 1 }
                }
                if data.isEmpty { return }
            }
        }.start()
    }

    private static func takeLines(from rest: inout Data, isOver: Bool) -> [String] {
        var lines: [String] = []
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            lines.append(String(decoding: rest[rest.startIndex..<end], as: UTF8.self))
            rest.removeSubrange(rest.startIndex...end)
        }
        if isOver, !rest.isEmpty { lines.append(String(decoding: rest, as: UTF8.self)) }
        return lines
    }
}

/// A broker and workers to run trainers against; stops everything it started.
final class Fleet {
    let broker: RunningProgram
    let endpoint: String
    private(set) var workers: [RunningProgram] = []

    /// Starts a broker, by default on a free port of the loopback interface.
    init(bind: String = "tcp://127.0.0.1:*", flags: [String] = []) async throws {
        broker = try RunningProgram("broker", ["--bind", bind] + flags)
        endpoint = try await Fleet.endpoint(of: broker)
    }

    /// Waits until a broker listens, and where.
    static func endpoint(of broker: RunningProgram) async throws -> String {
        let line = try await broker.line(containing: "listening on ")
        return String(line.split(separator: " ").last ?? "")
    }

    /// Starts a worker and waits until it is registered.
    @discardableResult
    func addWorker(_ name: String, _ arguments: [String] = []) async throws -> RunningProgram {
        let worker = try RunningProgram("worker", ["--broker", endpoint, "--name", name] + arguments)
        workers.append(worker)
        try await worker.line(containing: "registered")
        return worker
    }

    /// Has a worker stopped with the others.
    func adopt(_ worker: RunningProgram) { workers.append(worker) }

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

/// The JSON objects among lines.
func events(_ lines: [String]) throws -> [[String: Any]] {
    try lines.map { line in
        let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
        return try #require(object as? [String: Any], "not a JSON object: \(line)")
    }
}
