import Protocol
import Testing

@testable import BrokerKit

/// A machine with a clock to turn by hand, and what it did last.
final class Rig {
    static let epoch: UInt64 = 0xE90C
    var machine: BrokerMachine
    var now: Int64 = 10_000
    var actions: [BrokerMachine.Action] = []

    init(jobsMaximum: Int = ProtocolLimits.brokerJobsMaximum) {
        machine = BrokerMachine(epoch: Rig.epoch, now: now, jobsMaximum: jobsMaximum)
    }

    /// Handles an event and keeps only its actions.
    @discardableResult
    func handle(_ event: BrokerMachine.Event) -> [BrokerMachine.Action] {
        actions.removeAll(keepingCapacity: true)
        machine.handle(event, at: now, actions: &actions)
        return actions
    }

    /// Lets time pass in ticks and keeps the actions of all of them.
    @discardableResult
    func pass(milliseconds: Int64) -> [BrokerMachine.Action] {
        actions.removeAll()
        let end = now + milliseconds
        while now < end {
            now = min(end, now + BrokerLimits.tickMilliseconds)
            machine.handle(.tick, at: now, actions: &actions)
        }
        return actions
    }

    @discardableResult
    func join(_ peer: PeerID, _ hello: Hello) -> [BrokerMachine.Action] {
        handle(.hello(peer, hello, byteCount: 100))
    }

    /// A trainer asks for the catalogue, and for what changes of it.
    @discardableResult
    func follow(_ peer: PeerID, since revision: UInt64 = 0) -> [BrokerMachine.Action] {
        handle(
            .query(peer, header(.catalogueQuery, .none, 0, nil, 0, []), CatalogueQuery(following: revision)))
    }

    /// A message by a peer that knows the broker.
    @discardableResult
    func say(
        _ peer: PeerID, _ command: Command, job: JobID = .none, attempt: UInt32 = 0,
        target: Identifier? = nil,
        deadline: UInt32 = 0, flags: Header.Flags = []
    ) -> [BrokerMachine.Action] {
        let header = header(command, job, attempt, target, deadline, flags)
        guard command == .catalogueQuery else { return handle(.message(peer, header)) }
        return handle(.query(peer, header, CatalogueQuery()))
    }

    @discardableResult
    func fail(_ peer: PeerID, job: JobID, attempt: UInt32, _ code: FailureCode) -> [BrokerMachine.Action] {
        handle(.failed(peer, header(.failed, job, attempt, nil, 0, []), code))
    }

    private func header(
        _ command: Command, _ job: JobID, _ attempt: UInt32, _ target: Identifier?, _ deadline: UInt32,
        _ flags: Header.Flags
    ) -> Header {
        var header = Header(command, job: job, attempt: attempt, epoch: Rig.epoch)
        header.target = target ?? .none
        header.deadlineMilliseconds = deadline
        header.flags = flags
        return header
    }
}

extension PeerID: ExpressibleByIntegerLiteral {
    /// A number in a test.
    public init(integerLiteral value: Int32) { self.init(rawValue: value) }
}

extension Identifier: ExpressibleByIntegerLiteral {
    /// A number in a test.
    public init(integerLiteral value: UInt64) { self.init(high: value, low: 1) }
}

/// Shards `digits 0/4` … `digits 3/4`.
func shard(_ index: Int) -> ShardReference {
    ShardReference(dataset: "digits", partition: "iid:0", index: index, count: 4)
}

func worker(
    _ name: String, session: SessionID, shards: [Int] = [0], capacity: Int = 0, openJobs: [JobID] = [],
    openAttempts: [UInt32]? = nil
) -> Hello {
    var hello = Hello(name: name, role: .worker, session: session)
    hello.datasets = [
        DatasetDescription(
            name: "digits", tags: [],
            columns: [
                ColumnDescription(name: "label", role: .label, elementType: 2, dimensions: [], classes: [])
            ])
    ]
    hello.shards = shards.map { ShardDescription(reference: shard($0), trainRows: 10, heldOutRows: 2) }
    hello.capacity = capacity
    hello.openJobs = openJobs
    hello.openAttempts = openAttempts ?? openJobs.map { _ in 1 }
    return hello
}

func trainer(_ name: String, session: SessionID) -> Hello {
    Hello(name: name, role: .trainer, session: session)
}

/// Compares actions without their texts: `dispatch>1#2`, `fail(noWorker)>0`.
func summary(_ actions: [BrokerMachine.Action]) -> [String] {
    actions.compactMap { action in
        switch action {
        case .forward(let peer, let header): "\(header.command)>\(peer.rawValue)#\(header.attempt)"
        case .relay(let peer): "relay>\(peer.rawValue)"
        case .open(let flow):
            "open(\(flow.key.attachment)\(flow.content == nil ? "" : ", named"))"
                + ">\(flow.receiver.rawValue)<\(flow.provider.rawValue)"
        case .drop, .forgetContents: nil
        case .send(let peer, let header):
            "\(header.command)>\(peer.rawValue)" + (header.attempt == 0 ? "" : "#\(header.attempt)")
        case .fail(let peer, let header, let failure): "\(header.command)(\(failure.code))>\(peer.rawValue)"
        case .welcome(let peer, _, _): "welcome>\(peer.rawValue)"
        case .owner(let peer, _, let owner): "owner(\(owner.name))>\(peer.rawValue)"
        case .goodbye(let peer, _, _): "goodbye>\(peer.rawValue)"
        case .catalogue(let peers, _, let updates):
            "catalogue(\(updates.flatMap(\.catalogue.workers).map(\.name).joined(separator: ",")))"
                + (updates[0].gone.isEmpty ? "" : " -\(updates[0].gone.count)")
                + (updates[0].since == 0 ? "" : " more") + ">"
                + peers.map { "\($0.rawValue)" }.joined(separator: ",")
        case .status(let peer, _): "status>\(peer.rawValue)"
        case .forget(let peer): "forget>\(peer.rawValue)"
        case .log: nil
        }
    }
}

/// The message of the first failure among actions.
func failureText(_ actions: [BrokerMachine.Action]) -> String? {
    for case .fail(_, _, let failure) in actions { return failure.message }
    return nil
}
