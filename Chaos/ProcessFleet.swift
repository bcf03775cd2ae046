import Foundation
import TestSupport

/// A broker, workers and a trainer as real processes, which may be killed, stopped and started anew, and lines between
/// the broker and each worker that may fail.
actor ProcessFleet {
    /// Where the broker listens, once it has started.
    private(set) var endpoint = "tcp://127.0.0.1:*"
    /// Where logs and results are.
    nonisolated let folder: URL
    private let programs: URL
    private let workerArguments: [[String]]
    private var processes: [Fault.Target: Process] = [:]
    private var lines: [TCPProxy] = []
    /// What happened, with the millisecond at which it did.
    private(set) var history: [String] = []
    private let began = ContinuousClock.now

    /// A fleet that has not started, with a worker for each list of arguments.
    init(programs: URL, folder: URL, workers: [[String]]) throws {
        self.programs = programs
        self.folder = folder
        workerArguments = workers
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    /// How many workers there are.
    nonisolated var workerCount: Int { workerArguments.count }

    /// Starts the broker and all workers.
    func start() async throws {
        try start(.broker)
        endpoint = try await listening()
        for _ in workerArguments { lines.append(try await TCPProxy(to: endpoint)) }
        for number in workerArguments.indices { try start(.worker(number)) }
    }

    /// Where the broker says it listens: a port it chose, and keeps when it is started anew.
    private func listening() async throws -> String {
        let log = folder.appending(path: "broker.log")
        while true {
            let text = try String(contentsOf: log, encoding: .utf8)
            let words = text.split(whereSeparator: \.isWhitespace)
            // The line is whole once something follows it or it ends.
            if text.contains("listening on "), text.hasSuffix("\n"),
                let address = words.first(where: { $0.hasPrefix("tcp://") })
            {
                return String(address)
            }
            guard processes[.broker]?.isRunning == true else { throw CocoaError(.fileReadUnknown) }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    /// Starts a process, unless it runs.
    func start(_ target: Fault.Target) throws {
        guard processes[target] == nil else { return }
        switch target {
        case .broker:
            processes[target] = try launch("broker", ["--bind", endpoint], log: "broker")
        case .worker(let number):
            processes[target] = try launch(
                "worker",
                ["--broker", lines[number].endpoint, "--name", "w\(number)"] + workerArguments[number],
                log: "worker-\(number)")
        case .trainer:
            return
        }
    }

    /// Runs a trainer.
    func startTrainer(_ arguments: [String]) throws {
        processes[.trainer] = try launch("trainer", ["--broker", endpoint] + arguments, log: "trainer")
    }

    /// How the trainer has ended; `nil` while it runs.
    var trainerStatus: Int32? {
        guard let process = processes[.trainer], !process.isRunning else { return nil }
        return process.terminationStatus
    }

    private func launch(_ program: String, _ arguments: [String], log: String) throws -> Process {
        let file = folder.appending(path: "\(log).log")
        // Not written over: a process that is started anew goes on in the log of the one before.
        if !FileManager.default.fileExists(atPath: file.path) { try Data().write(to: file) }
        let handle = try FileHandle(forWritingTo: file)
        try handle.seekToEnd()
        let process = Process()
        process.executableURL = programs.appending(path: program)
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = handle
        process.standardError = handle
        try process.run()
        return process
    }

    /// Does something to a process, and puts it right after a while; nothing where there is none.
    ///
    /// - Returns: whether anything was done.
    func suffer(_ fault: Fault) -> Bool {
        switch fault {
        case .kill(let target, let milliseconds):
            guard let process = processes.removeValue(forKey: target) else { return false }
            kill(process.processIdentifier, SIGKILL)
            note(fault)
            Task {
                process.waitUntilExit()
                try await Task.sleep(for: .milliseconds(milliseconds))
                try start(target)
            }
        case .stop(let target, let milliseconds):
            guard let process = processes[target], process.isRunning else { return false }
            kill(process.processIdentifier, SIGSTOP)
            note(fault)
            Task {
                try await Task.sleep(for: .milliseconds(milliseconds))
                // Its number is not another's before this one was waited for.
                if process.isRunning { kill(process.processIdentifier, SIGCONT) }
            }
        case .line(let worker, let trouble, let milliseconds):
            let line = lines[worker]
            note(fault)
            if trouble == .cut {
                line.cut()
            } else {
                line.become { $0 = trouble.line }
                Task {
                    try await Task.sleep(for: .milliseconds(milliseconds))
                    line.become { $0 = TCPProxy.Line() }
                }
            }
        }
        return true
    }

    private func note(_ fault: Fault) {
        let (seconds, attoseconds) = began.duration(to: .now).components
        history.append("\(seconds * 1_000 + attoseconds / 1_000_000_000_000_000) ms: \(fault)")
    }

    /// Ends everything.
    func end() {
        for process in processes.values {
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }
        processes.removeAll()
        for line in lines { line.stop() }
    }
}
