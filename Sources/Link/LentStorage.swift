import Ground
import ZMQ

/// A tensor's bytes on loan to libzmq: they are immutable once shared and stay at one address, so they go out
/// without a copy, and live until libzmq lets go.
///
/// A wrapper, because the compiler (6.3.1) crashes on `extension Storage: ByteOwner`, whose method throws by
/// type.
final class LentStorage: ByteOwner {
    private let storage: Storage

    init(_ storage: Storage) { self.storage = storage }

    var byteCount: Int { storage.byteCount }

    func withBytes<R>(_ body: (RawSpan) -> R) -> R { storage.withBytes(body) }
}
