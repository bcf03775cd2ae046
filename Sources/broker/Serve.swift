import ArgumentParser
import BrokerKit
import Console
import HTTP
import Keys
import Logging
import ZMQ

/// `broker`, or `broker serve`: reads its flags, listens, ends at a signal.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Brings trainers and workers together (the default).",
        discussion: """
            Workers announce which shards of which data they hold, trainers send jobs to shards, and the broker \
            carries jobs there and answers back without reading them. It keeps nothing of them on disk: restart it at \
            any time, and workers and trainers go on where they were.

            With --keys it lets in whom `broker enrol` has enrolled, and encrypts; without, everybody who reaches it, \
            so that it listens on this machine alone unless --insecure says that its network is trusted:

              broker keygen && broker --keys keys --bind tcp://*:5555

            With --http it shows itself: /healthz and /readyz for whoever restarts it, /metrics for Prometheus, \
            /v1/status (JSON, with the names of workers) for this machine alone. Numbers are shown to everybody who \
            reaches the address: nothing there is encrypted or asks for a key.

            Prints "broker listening on <endpoint>" when it is ready. Every flag can also be given by the \
            environment variable beside it. Ends with 64 for flags that make no sense, 65 for keys that cannot be \
            used, 69 when it cannot listen, 71 where `ulimit` gives it less than it needs, 1 where strangers would \
            get in, 130 and 143 at SIGINT and SIGTERM; a second signal ends it at once. A closed terminal or a full \
            disk behind its output does not end it.
            """)

    @Option(
        help: """
            Where to listen: tcp://address:port (port 0 takes a free one) or ipc://path. By default \
            tcp://127.0.0.1:5555. [FAGURE_BIND]
            """
    )
    var bind: String?

    @Option(
        help:
            "The folder of the broker's keys, made by broker keygen; listed keys only are let in. [FAGURE_KEYS]"
    )
    var keys: String?

    @ArgumentParser.Flag(
        help: "Let in everybody who reaches --bind, also from other machines. [FAGURE_INSECURE]")
    var insecure = false

    @Option(
        help: "Show health, metrics and status there: 127.0.0.1:8080, [::1]:8080 or *:8080. [FAGURE_HTTP]")
    var http: String?

    @Option(help: "How much to log: \(Serve.levels). By default info. [FAGURE_LOG_LEVEL]")
    var logLevel: String?

    private static let levels = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")

    private var endpoint: String { Words().value(bind, "bind") ?? "tcp://127.0.0.1:5555" }

    private var levelName: String { Words().value(logLevel, "log-level") ?? "info" }

    private var level: Logger.Level? { Logger.Level(rawValue: levelName) }

    func validate() throws {
        guard level != nil else {
            throw ValidationError(
                "there is no log level \(Words.quoted(levelName)); the levels are \(Serve.levels)")
        }
        if let fault = Console.Flag.fault(ofEndpoint: endpoint, flag: "bind", isBound: true) {
            throw ValidationError(fault)
        }
        do {
            _ = try httpAddress()
            try checkKeys()
        } catch {
            throw ValidationError("\(error)")
        }
    }

    private func httpAddress() throws -> HTTPAddress? {
        do throws(HTTPFault) {
            return try Words().value(http, "http").map(HTTPAddress.init)
        } catch {
            throw SettingFault("--http: \(error)")
        }
    }

    private func checkKeys() throws {
        let isInsecure = try Words().isSet(insecure, "insecure")
        guard folder == nil else {
            guard !isInsecure else { throw SettingFault("--keys and --insecure exclude each other") }
            return
        }
        let isLocal = (try? Endpoint(endpoint, for: .bind))?.isLocal ?? false
        guard isLocal || isInsecure else {
            throw SettingFault(
                "--bind is \(Words.quoted(endpoint)), which other machines can reach, and there are no keys: give "
                    + "--keys DIR (broker keygen makes one), or --insecure where everybody on that network may do "
                    + "everything")
        }
    }

    private var folder: String? { Words().value(keys, "keys") }

    /// Reads the keys, if there are any, before the loop makes libzmq's context.
    private func access() throws -> AccessConfiguration? {
        guard let folder else { return nil }
        do throws(KeyError) {
            return try AccessConfiguration(BrokerKeys(folder))
        } catch {
            Program.complain("broker", error.description)
            throw ExitCode(ExitStatus(error).rawValue)
        }
    }

    func run() async throws {
        let (requests, source) = AsyncStream.makeStream(of: Signals.Request.self)
        let signals = Signals { source.yield($0) }
        let logger = ConsoleLog.logger("broker", level: level ?? .info)
        let access = try access()
        let loop: Loop
        let shell: BrokerShell
        let pages: Task<Void, Never>?
        do {
            loop = try Loop(name: "broker")
            shell = BrokerShell(endpoint: endpoint, loop: loop, logger: logger, access: access)
            let endpoint = try await shell.start()
            try await prove(shell)
            tell(access, logger)
            pages = try showPages(of: shell, logger)
            StandardStream.output.line("broker listening on \(endpoint)")
        } catch let error as ZMQError {
            Program.complain("broker", "\(error)")
            throw ExitCode(status(of: error).rawValue)
        }
        for await request in requests {
            logger.info("stopping")
            pages?.cancel()
            await shell.stop()
            await loop.shutdown(lingerMilliseconds: BrokerLimits.lingerMilliseconds)
            withExtendedLifetime(signals) {}
            throw ExitCode(request.status.rawValue)
        }
    }

    /// Serves pages to those who watch, if that was asked for.
    private func showPages(of shell: BrokerShell, _ logger: Logger) throws -> Task<Void, Never>? {
        guard let address = try httpAddress() else { return nil }
        let pages = StatusPages(shell: shell)
        do throws(HTTPFault) {
            let server = try HTTPServer(at: address) { await pages.answer($0, $1) }
            StandardStream.output.line("broker shows itself at http://\(server.address)/v1/status")
            return Task {
                do throws(HTTPFault) { try await server.run() } catch { logger.error("--http: \(error)") }
            }
        } catch {
            Program.complain("broker", "--http: \(error)")
            throw ExitCode(ExitStatus.unreachable.rawValue)
        }
    }

    /// Makes sure that strangers are kept out.
    private func prove(_ shell: BrokerShell) async throws {
        do throws(AccessFault) {
            try await shell.proveAccess()
        } catch {
            Program.complain("broker", error.description)
            throw ExitCode(ExitStatus.failed.rawValue)
        }
    }

    private func tell(_ access: AccessConfiguration?, _ logger: Logger) {
        if let access {
            logger.info("lets in \(access.peerCount) keys, those of \(access.listPath)")
        } else if (try? Endpoint(endpoint, for: .bind))?.isLocal != true {
            logger.warning(
                "there are no keys: whoever reaches \(endpoint) is let in, and nothing is encrypted")
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
