import ArgumentParser
import Console
import Fagure
import Keys
import Protocol

/// `trainer status`: what the broker sees.
struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Shows workers, data sets, shards, the queue and the counts of a broker.",
        discussion: """
            With --watch it shows them anew every second until it is interrupted: over the last ones in a terminal, \
            else one below the other, with --json one object a line.
            """)

    @Option(help: "Where the broker is. By default tcp://127.0.0.1:5555. [FAGURE_BROKER]")
    var broker: String?

    @Option(help: "The key of a trainer or admin, where the broker has keys. [FAGURE_KEY]")
    var key: String?

    @Option(help: "How many seconds to look for the broker before giving up. By default 5. [FAGURE_TIMEOUT]")
    var timeout: String?

    @ArgumentParser.Flag(help: "Print one JSON object. [FAGURE_JSON]")
    var json = false

    @ArgumentParser.Flag(help: "Show it anew every second. [FAGURE_WATCH]")
    var watch = false

    /// What the flags and the environment say.
    private struct Settings {
        let endpoint: String
        let seconds: Int
        let isJSON: Bool
        let isWatching: Bool
    }

    func run() async throws {
        let key: SiteKey?
        do throws(KeyError) {
            key = try SiteKey(self.key, roles: [.trainer, .admin])
        } catch {
            Program.complain("trainer", error.description)
            throw ExitCode(ExitStatus(error).rawValue)
        }
        let settings: Settings
        do {
            settings = try self.settings(key)
        } catch {
            throw ValidationError("\(error)")
        }
        do throws(Failure) {
            try await show(settings, key)
        } catch {
            Train.say(error, endpoint: settings.endpoint)
            throw ExitCode(ExitStatus(error).rawValue)
        }
        if StandardStream.output.hasLost {
            Program.complain("trainer", Train.lostOutput)
            throw ExitCode(ExitStatus.outputLost.rawValue)
        }
    }

    private func settings(_ key: SiteKey?) throws -> Settings {
        let words = Words()
        let endpoint = words.value(broker, "broker") ?? key?.membership.broker ?? "tcp://127.0.0.1:5555"
        let seconds = try words.integer(timeout, "timeout", 0...1_000_000) ?? 5
        if let fault = Console.Flag.fault(ofEndpoint: endpoint, flag: "broker") { throw SettingFault(fault) }
        return Settings(
            endpoint: endpoint, seconds: seconds, isJSON: try words.isSet(json, "json"),
            isWatching: try words.isSet(watch, "watch"))
    }

    private func show(_ settings: Settings, _ key: SiteKey?) async throws(Failure) {
        let session = try await Session.connect(
            settings.endpoint, credentials: key?.credentials, name: "status",
            timeout: .seconds(settings.seconds))
        let signals = settings.isWatching ? Signals { $0.status.leave() } : nil
        let isRedrawn = settings.isWatching && !settings.isJSON && StandardStream.output.canRedraw
        repeat {
            let overview = await overview(of: session, isJSON: settings.isJSON)
            // Home, and nothing below what is drawn; what is drawn is made fit to be shown already.
            StandardStream.output.write(isRedrawn ? "\u{1B}[H\u{1B}[J" + overview : overview)
            guard settings.isWatching, !StandardStream.output.hasEnded else { break }
            try? await Task.sleep(for: .seconds(1))
            if let failure = await session.failure { throw failure }
            await session.refreshCatalogue()
        } while true
        withExtendedLifetime(signals) {}
        await session.close()
    }

    private func overview(of session: Session, isJSON: Bool) async -> String {
        let (status, catalogue) = (await session.brokerStatus, await session.catalogue)
        if isJSON {
            guard case .object(let members) = catalogue.json else { return "" }
            return "\(JSONText.object(members + [.init("broker", status?.json ?? .null)]))\n"
        }
        return "\(catalogue.text)\n\(status?.text ?? "the broker does not say how it is")\n"
    }
}
