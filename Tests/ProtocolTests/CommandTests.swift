import Testing

@testable import Protocol

@Suite("Commands")
struct CommandTests {
    @Test("codes are those of the document and never change")
    func codes() {
        let codes: [Command: UInt8] = [
            .hello: 1, .welcome: 2, .refused: 3, .goodbye: 4, .heartbeat: 5, .reset: 6, .catalogueQuery: 16,
            .catalogue: 17, .owner: 20, .submit: 32, .dispatch: 33, .started: 34, .progress: 35, .result: 36,
            .failed: 37,
            .cancel: 38, .resend: 39, .transfer: 40, .want: 41, .piece: 42, .gone: 43, .received: 44,
            .heard: 48, .statusQuery: 49, .status: 50,
        ]
        #expect(codes.count == Command.allCases.count)
        for (command, code) in codes { #expect(command.rawValue == code) }
    }

    @Test("only messages with a body carry tensors, and only those of a job")
    func frames() {
        for command in Command.allCases where command.mayCarryTensors { #expect(command.hasBody) }
        #expect(Command.allCases.filter(\.mayCarryTensors) == [.submit, .dispatch, .result, .transfer])
        #expect(
            Command.allCases.filter { !$0.hasBody }
                == [.heartbeat, .reset, .started, .cancel, .resend, .received, .heard, .statusQuery])
    }

    @Test("directions are those of the document")
    func directions() {
        #expect(
            Command.allCases.filter { $0.direction == .toBroker }
                == [.hello, .catalogueQuery, .submit, .transfer, .statusQuery])
        #expect(
            Command.allCases.filter { $0.direction == .fromBroker }
                == [.welcome, .refused, .reset, .catalogue, .owner, .dispatch, .resend, .status])
    }

    @Test("failure codes are those of the document and have a name each")
    func failureCodes() {
        let names = (1...16 as ClosedRange<UInt32>).map { FailureCode(rawValue: $0).description }
        #expect(
            names == [
                "version-unsupported", "malformed", "limit-exceeded", "no-worker", "worker-lost",
                "overloaded",
                "cancelled", "deadline-exceeded", "unknown-graph", "invalid-job", "not-permitted",
                "unknown-dataset",
                "execution-failed", "draining", "broker-unreachable", "unknown-object",
            ])
        #expect(FailureCode(rawValue: 99).description == "code-99")
        #expect("\(Failure(.noWorker, "nobody"))" == "no-worker: nobody")
    }
}
