import Foundation

/// A broker, workers and a trainer as real processes, which may be killed, stopped and started anew.
actor ProcessFleet {
    /// Where the broker listens.
    nonisolated let endpoint: String
    /// Where logs and results are.
    nonisolated let folder: URL
    private let programs: URL
    private let workerArguments: [[String]]
    private var processes: [Fault.Target: Process] = [:]
    /// What happened, with the millisecond at which it did.
    private(set) var history: [String] = []
    private let began = ContinuousClock.now

    /// A fleet that has not started, with a worker for each list of arguments.
    init(programs: URL, folder: URL, workers: [[String]]) throws {
        self.programs = programs
        self.folder = folder
        workerArguments = workers
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        endpoint = "ipc://\(folder.path)/broker"
    }

    /// How many workers there are.
    nonisolated var workerCount: Int { workerArguments.count }

    /// Starts the broker and all workers.
    func start() throws {
        try start(.broker)
        for number in workerArguments.indices { try start(.worker(number)) }
    }

    /// Starts a process, unless it runs.
    func start(_ target: Fault.Target) throws {
        guard processes[target] == nil else { return }
        switch target {
        case .broker:
            processes[target] = try launch("broker", ["--bind", endpoint], log: "broker")
        case .worker(let number):
            processes[target] = try launch(
                "worker", ["--broker", endpoint, "--name", "w\(number)"] + workerArguments[number],
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
    }
}
