/// What a message is, in the order of docs/PROTOCOL.md. The raw values travel: never reuse one.
package enum Command: UInt8, Sendable, Hashable, CaseIterable {
    // A session: peer and broker.
    case hello = 1
    case welcome = 2
    case refused = 3
    case goodbye = 4
    case heartbeat = 5
    case reset = 6

    // What there is.
    case catalogueQuery = 16
    case catalogue = 17

    // Who is behind an owner.
    case owner = 20

    // A job: trainer, broker, worker and back.
    case submit = 32
    case dispatch = 33
    case started = 34
    case progress = 35
    case result = 36
    case failed = 37
    case cancel = 38
    case resend = 39
    case transfer = 40

    // Bytes too many for a record.
    case want = 41
    case piece = 42
    case gone = 43
    case received = 44

    // A connection.
    case heard = 48

    // The broker itself.
    case statusQuery = 49
    case status = 50
}

extension Command {
    /// Who may send a command to whom.
    package enum Direction: Sendable, Hashable {
        case toBroker
        case fromBroker
        case both
    }

    /// The direction docs/PROTOCOL.md gives; a message that comes the other way is dropped and counted.
    package var direction: Direction {
        switch self {
        case .hello, .catalogueQuery, .submit, .transfer, .statusQuery: .toBroker
        case .welcome, .refused, .reset, .catalogue, .owner, .dispatch, .resend, .status: .fromBroker
        case .goodbye, .heartbeat, .started, .progress, .result, .failed, .cancel, .want, .piece, .gone,
            .received,
            .heard:
            .both
        }
    }

    /// Whether it has a body.
    package var hasBody: Bool {
        switch self {
        case .heartbeat, .reset, .started, .cancel, .resend, .received, .heard, .statusQuery: false
        case .hello, .welcome, .refused, .goodbye, .catalogueQuery, .catalogue, .owner, .submit, .dispatch,
            .progress, .result, .failed, .transfer, .want, .piece, .gone, .status:
            true
        }
    }

    /// Whether tensors may come with it, inline or attached.
    package var mayCarryTensors: Bool {
        switch self {
        case .submit, .dispatch, .result, .transfer: true
        default: false
        }
    }
}
