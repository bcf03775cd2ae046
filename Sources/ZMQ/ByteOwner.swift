/// Bytes that can be sent without copying them: whoever owns them is kept alive until libzmq has sent or
/// dropped them.
///
/// The bytes stay at one address and unchanged for the owner's lifetime. The owner is released on an
/// input/output thread of libzmq, so its `deinit` must be short and touch nothing that belongs to a thread.
package protocol ByteOwner: AnyObject, Sendable {
    /// How many bytes there are.
    var byteCount: Int { get }

    /// Calls `body` with the bytes.
    func withBytes<R>(_ body: (RawSpan) -> R) -> R
}
