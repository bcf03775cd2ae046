import ArgumentParser
import Console
import Foundation
import Keys

/// Where the keys of a broker are, for the commands that change who is let in.
struct KeyFlags: ParsableArguments {
    @Option(help: "The folder of the broker's keys. By default keys. [FAGURE_KEYS]")
    var keys: String?

    var folder: BrokerKeys { BrokerKeys(Words().value(keys, "keys") ?? "keys") }
}

/// Does what a command of keys does, says what came of it, and ends the command where it did not succeed.
func withKeys(_ body: () throws(KeyError) -> [String]) throws {
    do throws(KeyError) {
        for line in try body() { StandardStream.output.line(line) }
    } catch {
        Program.complain("broker", error.description)
        throw ExitCode(ExitStatus(error).rawValue)
    }
}

extension AllowList {
    /// The day and time of now, for people who read the list.
    static var now: String { Date().formatted(.iso8601) }
}
