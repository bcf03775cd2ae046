import Synchronization
import Testing

@testable import ZMQ

/// What a test keeps of a message.
struct Received: Sendable, Equatable {
    var frames: [[UInt8]]
    var descriptor: Int32?

    init(_ message: borrowing Message) {
        frames = (0..<message.frameCount).map { message.bytes(at: $0) }
        descriptor = message.sourceDescriptor
    }

    /// The last frame as text.
    var text: String { String(decoding: frames.last ?? [], as: UTF8.self) }
}

/// A stream with its source, for callbacks that a test waits for.
struct Events<Element: Sendable>: Sendable {
    let stream: AsyncStream<Element>
    let source: AsyncStream<Element>.Continuation

    init() {
        (stream, source) = AsyncStream.makeStream()
    }

    /// The next events.
    func next(_ count: Int) async -> [Element] {
        var elements: [Element] = []
        for await element in stream {
            elements.append(element)
            if elements.count == count { break }
        }
        return elements
    }

    /// The next event that is wanted.
    func first(where isWanted: @Sendable (Element) -> Bool) async -> Element? {
        for await element in stream where isWanted(element) { return element }
        return nil
    }
}

/// A message of text frames.
func message(_ frames: String...) -> Message {
    var message = Message()
    for frame in frames { message.append(Array(frame.utf8)) }
    return message
}

/// A routing id of some bytes.
func routingID(_ bytes: [UInt8]) -> RoutingID? {
    unsafe bytes.withUnsafeBytes { unsafe RoutingID($0.bytes) }
}

/// Runs a test with a loop and expects it to end cleanly, whatever the test left open.
func withLoop(_ name: String = "test", _ body: (Loop) async throws -> Void) async throws {
    let loop = try Loop(name: name)
    do {
        try await body(loop)
        #expect(await loop.shutdown() == .finished)
    } catch {
        await loop.shutdown()
        throw error
    }
}

/// Counts bytes' owners as they are freed.
final class OwnedBytes: ByteOwner {
    let bytes: [UInt8]
    private let freed: AsyncStream<Int>.Continuation

    init(count: Int, freed: AsyncStream<Int>.Continuation) {
        bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        self.freed = freed
    }

    deinit { freed.yield(bytes.count) }

    var byteCount: Int { bytes.count }

    func withBytes<R>(_ body: (RawSpan) -> R) -> R {
        unsafe bytes.withUnsafeBytes { unsafe body($0.bytes) }
    }
}
