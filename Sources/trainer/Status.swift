import ArgumentParser
import Console
import Fagure
import Keys
import Protocol

/// `trainer status`: what the broker sees.
struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Shows workers, data sets, shards and the queue of a broker.")

    @Option(help: "Where the broker is. By default tcp://127.0.0.1:5555. [FAGURE_BROKER]")
    var broker: String?

    @Option(help: "The key of a trainer or admin, where the broker has keys. [FAGURE_KEY]")
    var key: String?

    @Option(help: "How many seconds to look for the broker before giving up. By default 5. [FAGURE_TIMEOUT]")
    var timeout: String?

    @ArgumentParser.Flag(help: "Print one JSON object. [FAGURE_JSON]")
    var json = false

    func run() async throws {
        let words = Words()
        let key: SiteKey?
        do throws(KeyError) {
            key = try SiteKey(self.key, roles: [.trainer, .admin])
        } catch {
            Program.complain("trainer", error.description)
            throw ExitCode(ExitStatus(error).rawValue)
        }
        let endpoint = words.value(broker, "broker") ?? key?.membership.broker ?? "tcp://127.0.0.1:5555"
        let seconds: Int
        let isJSON: Bool
        do {
            seconds = try words.integer(timeout, "timeout", 0...1_000_000) ?? 5
            if let fault = Console.Flag.fault(ofEndpoint: endpoint, flag: "broker") {
                throw SettingFault(fault)
            }
            isJSON = try words.isSet(json, "json")
        } catch {
            throw ValidationError("\(error)")
        }
        do throws(Failure) {
            let session = try await Session.connect(
                endpoint, credentials: key?.credentials, name: "status", timeout: .seconds(seconds))
            let catalogue = await session.catalogue
            await session.close()
            // Both are made fit to be shown already.
            StandardStream.output.write(isJSON ? "\(catalogue.json)\n" : "\(catalogue.text)\n")
        } catch {
            Train.say(error, endpoint: endpoint)
            throw ExitCode(ExitStatus(error).rawValue)
        }
        if StandardStream.output.hasLost {
            Program.complain("trainer", Train.lostOutput)
            throw ExitCode(ExitStatus.outputLost.rawValue)
        }
    }
}
