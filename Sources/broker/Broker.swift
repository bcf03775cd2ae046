import ArgumentParser
import BrokerKit
import Console
import Logging
import ZMQ

/// The program: reads its flags, listens, ends at a signal.
@main
struct Broker: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "broker",
        abstract: "Brings trainers and workers together.",
        discussion: """
            Workers announce which shards of which data they hold, trainers send jobs to shards, and the broker \
            carries jobs there and answers back without reading them. It keeps nothing on disk: restart it at any \
            time, and workers and trainers go on where they were.

            Prints "broker listening on <endpoint>" when it is ready. Every flag can also be given by the \
            environment variable beside it. Ends with 64 for flags that make no sense, 69 when it cannot listen, \
            71 where `ulimit` gives it less than it needs, 130 and 143 at SIGINT and SIGTERM; a second signal \
            ends it at once. A closed terminal or a full disk behind its output does not end it.
            """,
        version: Program.version)

    static func main() { Program.run(Broker.self, needs: needs) }

    /// A connection is a file, and there is one for each session.
    private static var needs: Needs {
        var needs = Needs.any
        needs.openFilesOfUse = BrokerLimits.sessionsMaximum + needs.openFiles
        return needs
    }

    @Option(
        help: """
            Where to listen: tcp://address:port (port 0 takes a free one) or ipc://path. By default \
            tcp://127.0.0.1:5555. [FAGURE_BIND]
            """
    )
    var bind: String?

    @Option(help: "How much to log: \(Broker.levels). By default info. [FAGURE_LOG_LEVEL]")
    var logLevel: String?

    private static let levels = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")

    private var endpoint: String { Words().value(bind, "bind") ?? "tcp://127.0.0.1:5555" }

    private var levelName: String { Words().value(logLevel, "log-level") ?? "info" }

    private var level: Logger.Level? { Logger.Level(rawValue: levelName) }

    func validate() throws {
        guard level != nil else {
            throw ValidationError(
                "there is no log level \(Words.quoted(levelName)); the levels are \(Broker.levels)")
        }
        if let fault = Flag.fault(ofEndpoint: endpoint, flag: "bind", isBound: true) {
            throw ValidationError(fault)
        }
    }

    func run() async throws {
        let (requests, source) = AsyncStream.makeStream(of: Signals.Request.self)
        let signals = Signals { source.yield($0) }
        let logger = ConsoleLog.logger("broker", level: level ?? .info)
        let loop: Loop
        let shell: BrokerShell
        do {
            loop = try Loop(name: "broker")
            shell = BrokerShell(endpoint: endpoint, loop: loop, logger: logger)
            let endpoint = try await shell.start()
            StandardStream.output.line("broker listening on \(endpoint)")
        } catch {
            Program.complain("broker", "\(error)")
            throw ExitCode(status(of: error).rawValue)
        }
        for await request in requests {
            logger.info("stopping")
            await shell.stop()
            await loop.shutdown(lingerMilliseconds: BrokerLimits.lingerMilliseconds)
            withExtendedLifetime(signals) {}
            throw ExitCode(request.status.rawValue)
        }
    }

    private func status(of error: ZMQError) -> ExitStatus {
        switch error.code {
        case .invalidArgument, .protocolNotSupported: .usage
        case let code where code.isOfExhaustion: .limited
        default: .unreachable
        }
    }
}
