package import ArgumentParser
import Dispatch
import Foundation
import Ground

/// How each of the three programs begins and ends, so that nothing around it ends it sooner.
package enum Program {
    /// What `--version` prints.
    package static let version = Software.name

    /// Parses the arguments, runs the command and ends the process with its status.
    ///
    /// It stands in for the parser's own `main`, whose output a closed pipe or a full disk would end. It is not
    /// asynchronous: what the program needs is looked at before Swift's first task, which ends the process where
    /// Dispatch gets no descriptor, and waits for ever where it gets no thread.
    package static func run<Command: AsyncParsableCommand>(
        _ command: Command.Type, needs: Needs = .any
    ) -> Never {
        prepare()
        needs.require(of: command.configuration.commandName ?? "")
        Task { await perform(command) }
        dispatchMain()
    }

    private static func perform<Command: AsyncParsableCommand>(_ command: Command.Type) async -> Never {
        if let help = helpOfDefault(command) {
            StandardStream.output.write(help + "\n")
            leave(StandardStream.output.hasLost ? ExitStatus.outputLost.rawValue : ExitStatus.done.rawValue)
        }
        var used: (any ParsableCommand.Type)?
        do {
            var parsed = try await command.asyncParseAsRoot(
                Words.joiningNegativeNumbers(Array(CommandLine.arguments.dropFirst())))
            used = type(of: parsed)
            if var asynchronous = parsed as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try parsed.run()
            }
        } catch {
            end(command, used ?? command, error)
        }
        leave(ExitStatus.done.rawValue)
    }

    /// The help of a program that mostly does one thing: that thing's flags first, then what else it can do.
    ///
    /// The parser's own shows only the names of its commands, and whoever types `trainer --help` looks for flags.
    private static func helpOfDefault<Command: AsyncParsableCommand>(_ command: Command.Type) -> String? {
        let arguments = CommandLine.arguments.dropFirst()
        guard let main = command.configuration.defaultSubcommand,
            arguments == ["--help"] || arguments == ["-h"]
        else { return nil }
        let name = command.configuration.commandName ?? ""
        let others = command.configuration.subcommands.filter { $0 != main }.map { other in
            "  \(name) \(other.configuration.commandName ?? "") --help\n          \(other.configuration.abstract)"
        }
        return command.helpMessage(for: main) + "\nOTHER COMMANDS:\n" + others.joined(separator: "\n")
    }

    /// Keeps memory at hand, and makes sure that nobody who reads, or no longer reads, what is printed can end the
    /// process; see `Signals.ignoreOthers`.
    private static func prepare() {
        FreedMemory.keep()
        Signals.ignoreOthers()
        let closed = Descriptor.fillStandardGaps()
        if closed.contains(1) { StandardStream.output.close() }
        if closed.contains(2) { StandardStream.errors.close() }
    }

    /// - Parameter used: The command that was asked for, where the arguments told that.
    private static func end<Command: AsyncParsableCommand>(
        _ command: Command.Type, _ used: any ParsableCommand.Type, _ error: any Error
    ) -> Never {
        let code = command.exitCode(for: error)
        let text = message(command, used, error)
        guard !text.isEmpty else { leave(code.rawValue) }
        guard code.isSuccess else {
            StandardStream.errors.write(VisibleText.lines(text) + "\n")
            leave(code.rawValue)
        }
        // Help, the version, a completion script: our own words.
        StandardStream.output.write(text + "\n")
        leave(StandardStream.output.hasLost ? ExitStatus.outputLost.rawValue : code.rawValue)
    }

    /// What the parser says of an error, with the usage of the command that was asked for: what a command finds out
    /// itself the parser takes for a fault of the whole program.
    private static func message<Command: AsyncParsableCommand>(
        _ command: Command.Type, _ used: any ParsableCommand.Type, _ error: any Error
    ) -> String {
        guard let fault = error as? ValidationError, used != command else {
            return command.fullMessage(for: error)
        }
        let name = "\(command.configuration.commandName ?? "") \(used.configuration.commandName ?? "")"
        let usage = command.usageString(for: used).replacingOccurrences(of: "\n", with: "\n       ")
        return "Error: \(fault.message)\nUsage: \(usage)\n  See '\(name) --help' for more information."
    }

    private static func leave(_ code: Int32) -> Never {
        ConsoleLog.flush()
        exitNow(code)
    }

    /// Says what did not go as it should on standard error, whatever the log's level is.
    package static func complain(_ program: String, _ reason: String) {
        StandardStream.errors.line("\(program): \(reason)")
    }

    /// What to do where no broker answers, as the end of a sentence that said so.
    package static func adviceWithoutBroker(at endpoint: String) -> String {
        "start one with `broker --bind \(endpoint)`, or name it with --broker"
    }
}
