import ArgumentParser
import Console
import Fagure
import Foundation
import Protocol

/// `trainer status`: what the broker sees.
struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Shows workers, data sets, shards and the queue of a broker.")

    @Option(help: "Where the broker is. By default tcp://127.0.0.1:5555. [FAGURE_BROKER]")
    var broker: String?

    @Option(help: "How many seconds to look for the broker before giving up. By default 5. [FAGURE_TIMEOUT]")
    var timeout: String?

    @ArgumentParser.Flag(help: "Print one JSON object. [FAGURE_JSON]")
    var json = false

    func run() async throws {
        let words = Words()
        let endpoint = words.value(broker, "broker") ?? "tcp://127.0.0.1:5555"
        let seconds: Int
        let isJSON: Bool
        do {
            seconds = try words.integer(timeout, "timeout", 0...1_000_000) ?? 5
            guard endpoint.contains("://") else {
                throw SettingFault(
                    "--broker is '\(endpoint)', expected an endpoint such as tcp://127.0.0.1:5555")
            }
            isJSON = try words.isSet(json, "json")
        } catch {
            throw ValidationError("\(error)")
        }
        do throws(Failure) {
            let session = try await Session.connect(endpoint, name: "status", timeout: .seconds(seconds))
            let catalogue = await session.catalogue
            await session.close()
            FileHandle.standardOutput.write(
                Data((isJSON ? "\(catalogue.json)\n" : "\(catalogue.text)\n").utf8))
        } catch {
            FileHandle.standardError.write(Data("trainer: \(error)\n".utf8))
            throw ExitCode(ExitStatus(error).rawValue)
        }
    }
}
