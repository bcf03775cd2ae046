import ArgumentParser
import Ground

/// Measures one group of figures and prints a row for each; started by `scripts/bench`, which builds what it runs.
@main
struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measures Fagure beside bare limits and peers; see scripts/bench.")

    /// What belongs together.
    enum Group: String, ExpressibleByArgument {
        case compute
        case messages
        case rounds
        case fleet
        case tensors
        case tutorial
        case hostile
        case large
    }

    @Argument(help: "What to measure.")
    var group: Group
    @Option(help: "The folder of broker, worker and trainer.")
    var programs: String
    @Option(help: "The folder of the built limits.")
    var limits: String
    @Option(help: "The folder of the scripts that run peers.")
    var peerScripts: String
    @Option(help: "The Python that has the peers installed.")
    var python: String?

    func run() async throws {
        // As the program `trainer` does.
        FreedMemory.keep()
        let site = Site(programs: programs, limits: limits, peerScripts: peerScripts, python: python)
        switch group {
        case .compute: try ComputeGroup(site: site).run()
        case .messages: try await MessagesGroup(site: site).run()
        case .rounds: try await RoundsGroup(site: site).run()
        case .fleet: try await FleetGroup(site: site).run()
        case .tensors: try await TensorsGroup(site: site).run()
        case .tutorial: try await TutorialGroup(site: site).run()
        case .large: try await LargeGroup(site: site).run()
        case .hostile: try await HostileGroup(site: site).run()
        }
    }
}

/// Where things are.
struct Site: Sendable {
    let programs: String
    let limits: String
    let peerScripts: String
    let python: String?

    /// Runs a limit and gives back the numbers it prints.
    func limit(_ name: String, _ arguments: [String], environment: [String: String] = [:]) throws -> [Double]
    {
        try Child.numbers("\(limits)/\(name)", arguments, environment: environment)
    }

    /// Runs a peer's script and gives back the numbers it prints; `nil` where peers are not asked for or not installed.
    func peer(_ script: String, _ arguments: [String]) -> [Double]? {
        guard let python else { return nil }
        do {
            return try Child.numbers(python, ["\(peerScripts)/\(script)"] + arguments)
        } catch {
            Row.note("\(script) did not run: \(error)")
            return nil
        }
    }
}
