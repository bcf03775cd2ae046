/// An actor that lives on a reactor: it runs on its thread, and code on that thread may `assumeIsolated` to it.
package protocol LoopActor: Actor {
    /// The reactor it lives on.
    nonisolated var loop: any Reactor { get }
}

extension LoopActor {
    /// The reactor, as the runtime wants it.
    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe loop.asUnownedSerialExecutor()
    }
}
