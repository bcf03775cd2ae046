import Ground
import Keys
import Protocol
import ZMQ

/// Which trainers may ask a worker anything: those on its owner's list, by what the broker says of who they are.
struct TrainerGate {
    /// What is known of an owner.
    private struct Verdict {
        let isAllowed: Bool
        let label: String
    }

    private let list: TrainerList?
    private var verdicts = RecencyCache<Identifier, Verdict>(
        countMaximum: WorkerLimits.knownOwnersMaximum, byteCountMaximum: .max)

    /// A gate for a list; without one every trainer the broker lets in may ask.
    init(_ list: TrainerList?) { self.list = list }

    /// Takes what the broker says of an owner.
    mutating func learn(_ description: OwnerDescription) {
        guard let list, let key = try? CurvePublicKey(bytes: description.key) else { return }
        let verdict = Verdict(
            isAllowed: list.allows(name: description.name, key: key),
            label: "\(description.name), whose key begins with \(key.beginning),")
        verdicts.insert(verdict, for: description.owner, byteCount: 0)
    }

    /// Why an owner may ask nothing; `nil` where it may.
    mutating func objection(to owner: Identifier) -> Failure? {
        guard list != nil else { return nil }
        guard let verdict = verdicts.use(owner) else {
            return Failure(
                .notPermitted,
                "the worker answers trainers on its list alone, and the broker does not say who asks: has it keys?"
            )
        }
        guard !verdict.isAllowed else { return nil }
        return Failure(.notPermitted, "trainer \(verdict.label) is not on the worker's list of trainers")
    }
}
