/// An actor that lives on a loop: it runs on the loop's thread, and code on that thread may `assumeIsolated`
/// to it.
package protocol LoopActor: Actor {
    /// The loop it lives on.
    nonisolated var loop: Loop { get }
}

extension LoopActor {
    /// The loop, as the runtime wants it.
    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe loop.asUnownedSerialExecutor()
    }
}
