import Foundation

/// A process this program started; killed when its owner forgets it.
final class Child {
    /// A child that did not do what it was started for.
    struct Failed: Error, CustomStringConvertible {
        let description: String
    }

    private let process = Process()
    private let output = Pipe()
    private var unread = Data()

    /// Starts a program; its errors go where ours go, unless silenced.
    init(_ path: String, _ arguments: [String], environment: [String: String] = [:], isSilent: Bool = true)
        throws
    {
        process.executableURL = URL(filePath: path)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        if isSilent { process.standardError = FileHandle.nullDevice }
        try process.run()
    }

    deinit { stop() }

    /// Reads lines until one contains a text, and gives it back.
    func line(containing text: String) throws -> String {
        while true {
            while let end = unread.firstIndex(of: UInt8(ascii: "\n")) {
                let line = String(decoding: unread[unread.startIndex..<end], as: UTF8.self)
                unread.removeSubrange(unread.startIndex...end)
                if line.contains(text) { return line }
            }
            let data = output.fileHandleForReading.availableData
            guard !data.isEmpty else {
                throw Failed(
                    description: "\(process.executableURL?.lastPathComponent ?? "") ended before '\(text)'")
            }
            unread.append(data)
        }
    }

    /// Waits for the end and gives back the rest of the output.
    func rest() throws -> String {
        unread.append(output.fileHandleForReading.readDataToEndOfFile())
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failed(
                description:
                    "\(process.executableURL?.lastPathComponent ?? "") ended with \(process.terminationStatus)"
            )
        }
        return String(decoding: unread, as: UTF8.self)
    }

    /// Ends the process.
    func stop() {
        guard process.isRunning else { return }
        process.terminate()
        process.waitUntilExit()
    }

    /// The most memory the process has held at once, in megabytes (Linux).
    func peakMegabytes() -> Double? { Child.peakMegabytes(of: "\(process.processIdentifier)") }

    /// The most memory a process has held at once, in megabytes; `self` is this one (Linux).
    static func peakMegabytes(of process: String) -> Double? { megabytes("VmHWM:", of: process) }

    /// The memory the process holds now, in megabytes (Linux).
    func megabytes() -> Double? { Child.megabytes("VmRSS:", of: "\(process.processIdentifier)") }

    private static func megabytes(_ name: String, of process: String) -> Double? {
        let status = try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
        let line = status?.split(separator: "\n").first { $0.hasPrefix(name) }
        return line?.split(whereSeparator: { $0 == " " || $0 == "\t" }).compactMap { Double($0) }.first.map {
            $0 / 1_024
        }
    }

    /// The processor time the process has used, in seconds (Linux).
    func processorSeconds() -> Double? { Child.processorSeconds(of: "\(process.processIdentifier)") }

    /// The processor time a process has used, in seconds; `self` is this one (Linux).
    static func processorSeconds(of process: String) -> Double? {
        let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
        // After the name, which may hold spaces and ends with the last parenthesis, come fields 14 and 15, in
        // ticks of 10 ms.
        let fields = text?.split(separator: ")").last?.split(separator: " ")
        guard let fields, fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12])
        else {
            return nil
        }
        return (user + system) / 100
    }

    /// Runs a program to its end and reads the numbers it prints.
    static func numbers(
        _ path: String, _ arguments: [String], environment: [String: String] = [:]
    ) throws -> [Double] {
        try Child(path, arguments, environment: environment).rest()
            .split(whereSeparator: \.isWhitespace).compactMap { Double($0) }
    }
}

/// A broker and workers as a user would start them.
final class Fleet {
    let endpoint: String
    let broker: Child
    private(set) var workers: [Child] = []

    init(_ site: Site) throws {
        broker = try Child("\(site.programs)/broker", ["--bind", "tcp://127.0.0.1:*"])
        let line = try broker.line(containing: "listening on ")
        endpoint = String(line.split(separator: " ").last ?? "")
    }

    /// Starts a worker for each list of flags, and waits until all are registered.
    func addWorkers(_ site: Site, _ flags: [[String]]) throws {
        let new = try flags.map { try Child("\(site.programs)/worker", ["--broker", endpoint] + $0) }
        for worker in new { _ = try worker.line(containing: "registered") }
        workers += new
    }

    func stop() {
        for worker in workers { worker.stop() }
        broker.stop()
    }
}
