import Ground
import Protocol

// What bits depend on beside the seed.
extension TrainingMachine {
    /// Says once, of workers that take part, that they compute with other instructions than each other.
    mutating func processors() -> [Action] {
        guard let present, let catalogue else { return [] }
        var names: [String: [String]] = [:]
        for worker in catalogue.workers
        where present.names[worker.session] != nil && !worker.processor.isEmpty {
            names[worker.processor, default: []].append(worker.name)
        }
        guard names.count > 1, knownProcessors.insert(Set(names.keys)).inserted else { return [] }
        let texts = names.sorted { $0.key < $1.key }.map { processor, workers in
            "\(processor) at \(workers.sorted().listed(atMost: SessionLimits.remarksMaximum))"
        }
        return [
            .notice(
                "workers compute with different instructions, so that the same seed gives other bits where other "
                    + "workers hold the shards: \(texts.joined(separator: "; ")); `worker --portable-bits avx2` or "
                    + "sse41 at all of them makes them agree")
        ]
    }
}
