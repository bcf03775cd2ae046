import Ground
import Protocol

/// What tensors are called that go to more than one worker, so that they are sent once.
///
/// A name is a random number and a count: it stands for these bytes as long as the session lasts, and a hash, which
/// would take as long as sending them, would say no more. It is kept while a job needs it.
struct TensorNames {
    private struct Entry {
        let name: ContentName
        /// Held, so that no other storage is found at its address.
        let storage: Storage
        var useCount: Int
    }

    private let prefix: (UInt64, UInt64, UInt64)
    private var count: UInt64 = 0
    private var entries: [ObjectIdentifier: Entry] = [:]

    /// Nothing has a name.
    init(using randomness: inout some RandomNumberGenerator) {
        prefix = (randomness.next(), randomness.next(), randomness.next() | 1)
    }

    /// The name of a tensor's bytes, if a job that is open needs them.
    func name(of storage: Storage) -> ContentName? { entries[ObjectIdentifier(storage)]?.name }

    /// Gives names to a job's large tensors, or counts a use of those they have.
    mutating func retain(_ job: JobPayload) {
        for storage in job.storages {
            let key = ObjectIdentifier(storage)
            if entries[key] != nil {
                entries[key]?.useCount += 1
            } else {
                count += 1
                let name = ContentName(prefix.0, prefix.1, prefix.2, count)
                entries[key] = Entry(name: name, storage: storage, useCount: 1)
            }
        }
    }

    /// Forgets the names no other job needs.
    mutating func release(_ job: JobPayload) {
        for storage in job.storages {
            let key = ObjectIdentifier(storage)
            entries[key]?.useCount -= 1
            if entries[key]?.useCount == 0 { entries[key] = nil }
        }
    }
}
