internal import Ground

/// A message in a box, for what holds only copyable values: queues, dictionaries, the actions of a
/// machine.
///
/// It is taken out once. It costs an allocation and a lock, so a message that only passes through needs none.
package final class Parcel: Sendable {
    private let content: Lock<Message?>

    /// How many bytes all frames had when the message was put in.
    package let byteCount: Int

    /// Puts a message in a box.
    package init(_ message: consuming Message) {
        byteCount = message.totalByteCount
        content = Lock(consume message)
    }

    /// Takes the message out; nil if someone did before.
    package func take() -> Message? {
        content.withLock { $0.take() }
    }
}
