import Logging
import ZMQ

/// Peers that cannot be accepted.
extension BrokerShell {
    /// Listens no more for a while: there are no descriptors left, and libzmq would try to accept the same peer
    /// again and again, on a core of its own, until there are. Peers try again by themselves.
    func pauseListening(_ endpoint: String, _ code: ZMQError.Code) {
        logger.warning("a connection to \(endpoint) was not accepted: \(code)")
        // More of these come, for one peer that waits brings many; and a peer may be gone before it is accepted.
        guard let socket, let listening, code.isOfExhaustion else { return }
        do throws(ZMQError) {
            try loop.unbind(socket, from: listening)
        } catch {
            logger.error("\(error)")
            return
        }
        self.listening = nil
        resumeListening(listening)
    }

    private func resumeListening(_ endpoint: String) {
        loop.schedule(afterMilliseconds: BrokerLimits.listeningPauseMilliseconds) {
            guard let socket = self.socket else { return }
            do throws(ZMQError) {
                self.listening = try self.loop.bind(socket, to: endpoint)
            } catch {
                self.logger.error("does not listen, and tries again: \(error)")
                self.resumeListening(endpoint)
            }
        }
    }
}
