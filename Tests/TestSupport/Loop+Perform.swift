package import ZMQ

extension Loop {
    /// Runs a closure on the loop and waits for its result.
    package func perform<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            let isTaken = execute { continuation.resume(with: Result { try body() }) }
            if !isTaken { continuation.resume(throwing: ZMQError(.terminated, function: "execute")) }
        }
    }
}
