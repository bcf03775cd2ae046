internal import Synchronization

/// A message in a box, for places that hold only copyable values: queues, dictionaries, the actions of a
/// machine.
///
/// It is taken out once. It costs an allocation and a lock, so a message that only passes through needs none.
package final class Parcel: Sendable {
    private let content: Mutex<Message?>

    /// How many bytes all frames had when the message was put in.
    package let byteCount: Int

    /// Puts a message in a box.
    package init(_ message: consuming Message) {
        byteCount = message.totalByteCount
        content = Mutex(consume message)
    }

    /// Takes the message out; nil if someone did before.
    package func take() -> Message? {
        content.withLock { $0.take() }
    }

    /// Another message with the same frames, leaving this one in its box; nil if it was taken out.
    ///
    /// Long bodies are shared, not copied: this is how a job is kept until its worker has answered.
    package func share() -> Message? {
        content.withLock { content in
            // Not `content?.share()`, which swiftc 6.3.1 calls even where there is none.
            guard var message = content.take() else { return nil }
            let other = message.share()
            content = consume message
            return other
        }
    }
}
