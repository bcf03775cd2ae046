#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A plain TCP connection to a bound socket: a peer that does not play by the rules.
final class RawPeer: Sendable {
    private let descriptor: Int32

    /// Connects to `tcp://127.0.0.1:port`; nil where nobody listens.
    init?(endpoint: String) {
        guard let port = endpoint.split(separator: ":").last.flatMap({ UInt16($0) }) else { return nil }
        #if canImport(Glibc)
            let kind = Int32(SOCK_STREAM.rawValue)
        #else
            let kind = SOCK_STREAM
        #endif
        descriptor = socket(AF_INET, kind, 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { return nil }
    }

    deinit { _ = close(descriptor) }

    /// Keeps the connection open until here.
    func keep() {}

    /// Writes all the bytes; a peer that has hung up is ignored.
    func write(_ bytes: [UInt8]) {
        #if canImport(Glibc)
            _ = unsafe send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        #else
            _ = unsafe send(descriptor, bytes, bytes.count, 0)
        #endif
    }

    /// Reads some bytes; fewer where the other side closes.
    private func readExactly(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            var buffer = [UInt8](repeating: 0, count: count - bytes.count)
            let read = unsafe read(descriptor, &buffer, buffer.count)
            guard read > 0 else { break }
            bytes += buffer.prefix(read)
        }
        return bytes
    }

    /// Waits until the other side closes the connection.
    func readToEnd() {
        var buffer = [UInt8](repeating: 0, count: 4096)
        while unsafe read(descriptor, &buffer, buffer.count) > 0 {}
    }

    /// Greets as a DEALER of ZMTP 3.0 without security (rfc.zeromq.org/spec/23).
    func greetAsDealer() {
        let mechanism = Array("NULL".utf8) + [UInt8](repeating: 0, count: 16)
        write(
            [0xFF] + [UInt8](repeating: 0, count: 8) + [0x7F, 3, 0] + mechanism
                + [UInt8](repeating: 0, count: 32))
        let type = Array("DEALER".utf8)
        let name = Array("Socket-Type".utf8)
        let body =
            [5] + Array("READY".utf8) + [UInt8(name.count)] + name + [0, 0, 0, UInt8(type.count)] + type
        write([4, UInt8(body.count)] + body)
        // Frames that came before the other side's own READY would be taken for handshake commands.
        _ = readExactly(64)
        _ = readExactly(Int(readExactly(2).last ?? 0))
    }
}
