import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A plain TCP connection to a bound socket: a peer that does not play by the rules.
package final class RawPeer: Sendable {
    private let descriptor: Int32

    /// Connects to `tcp://127.0.0.1:port`; nil where nobody listens.
    package convenience init?(_ endpoint: String) {
        self.init()
        guard connect(to: endpoint) else { return nil }
    }

    /// Takes a descriptor and does not connect it yet.
    package init() {
        #if canImport(Glibc)
            descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #else
            descriptor = socket(AF_INET, SOCK_STREAM, 0)
        #endif
    }

    deinit { _ = close(descriptor) }

    /// Connects to `tcp://127.0.0.1:port`; false where nobody listens.
    package func connect(to endpoint: String) -> Bool {
        guard let port = endpoint.split(separator: ":").last.flatMap({ UInt16($0) }) else { return false }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe Self.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        return result == 0
    }

    private static func connect(
        _ descriptor: Int32, _ address: UnsafePointer<sockaddr>, _ byteCount: socklen_t
    ) -> Int32 {
        #if canImport(Glibc)
            unsafe Glibc.connect(descriptor, address, byteCount)
        #else
            unsafe Darwin.connect(descriptor, address, byteCount)
        #endif
    }

    /// Keeps the connection open until here.
    package func keep() {}

    /// Says that nothing more comes: the other side ends the connection, which `readToEnd` then tells.
    package func finish() { _ = shutdown(descriptor, Int32(SHUT_WR)) }

    // MARK: Bytes

    /// Writes all the bytes; a peer that has hung up is ignored.
    package func write(_ bytes: [UInt8]) {
        #if canImport(Glibc)
            _ = unsafe send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        #else
            _ = unsafe send(descriptor, bytes, bytes.count, 0)
        #endif
    }

    /// Reads some bytes, waiting for the first; none once the other side has closed.
    ///
    /// It waits on a thread of its own: the pool's threads are few, and other tests need them.
    package func read() async -> [UInt8] {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: self.readNow()) }
        }
    }

    /// Waits until the other side closes the connection.
    package func readToEnd() async {
        while await !read().isEmpty {}
    }

    private func readNow() -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let count = unsafe recv(descriptor, &buffer, buffer.count, 0)
        return Array(buffer.prefix(max(0, count)))
    }

    // MARK: ZMTP

    /// Greets as a DEALER of ZMTP 3.0 without security (rfc.zeromq.org/spec/23), and waits to be greeted:
    /// libzmq takes what comes before its own READY is out for a part of the handshake.
    ///
    /// - Throws: `CancellationError` when the other side closes.
    package func greet() async throws {
        let mechanism = Array("NULL".utf8) + [UInt8](repeating: 0, count: 16)
        write(
            [0xFF] + [UInt8](repeating: 0, count: 8) + [0x7F, 3, 0] + mechanism
                + [UInt8](repeating: 0, count: 32))
        let (name, type) = (Array("Socket-Type".utf8), Array("DEALER".utf8))
        let body =
            [5] + Array("READY".utf8) + [UInt8(name.count)] + name + [0, 0, 0, UInt8(type.count)] + type
        write([4, UInt8(body.count)] + body)
        var greeting: [UInt8] = []
        while greeting.count < 66 || greeting.count < 66 + Int(greeting[65]) { greeting += try await more() }
    }

    /// Says a message of frames, each under 2^32 bytes.
    package func say(_ frames: [[UInt8]]) {
        for (index, frame) in frames.enumerated() {
            let more: UInt8 = index < frames.count - 1 ? 1 : 0
            let length = (0..<8).reversed().map { UInt8(truncatingIfNeeded: frame.count >> (8 * $0)) }
            write([2 | more] + length + frame)
        }
    }

    /// Waits until the other side has handled all that was written, by a ping of ZMTP and its pong.
    ///
    /// The second ping is read after all the first was read with was handled.
    ///
    /// - Throws: `CancellationError` when the other side closes.
    package func settle() async throws {
        for number in 1...2 as ClosedRange<UInt8> {
            let body = [4] + Array("PING".utf8) + [0, 0, number]
            write([4, UInt8(body.count)] + body)
            var bytes: [UInt8] = []
            let pong = Array("PONG".utf8) + [number]
            while !(0..<max(1, bytes.count)).contains(where: { bytes[$0...].starts(with: pong) }) {
                bytes += try await more()
            }
        }
    }

    private func more() async throws -> [UInt8] {
        let bytes = await read()
        guard !bytes.isEmpty else { throw CancellationError() }
        return bytes
    }
}
