import Foundation
import Ground
import Testing

@testable import Console

@Suite("Standard streams")
struct StandardStreamTests {
    init() { Signals.ignoreOthers() }

    @Test("a full device is remembered, and nothing ends")
    func full() throws {
        let device = try #require(FileHandle(forWritingAtPath: "/dev/full"))
        let stream = StandardStream(device.fileDescriptor)
        stream.line("a")
        stream.line("b")
        #expect("\(try #require(stream.fault))" == "No space left on device")
        #expect(stream.hasLost)
    }

    @Test("a reader that left has read enough: nothing was lost")
    func closedPipe() throws {
        let pipe = Pipe()
        try pipe.fileHandleForReading.close()
        let stream = StandardStream(pipe.fileHandleForWriting.fileDescriptor)
        stream.line("a")
        #expect(stream.fault == .closedPipe && !stream.hasLost)
    }

    @Test("a descriptor that is closed is remembered")
    func closed() {
        let stream = StandardStream(999_999)
        stream.line("a")
        #expect(stream.fault == .noDescriptor && stream.hasLost)
    }

    @Test("a pipe that does not block takes all, however slowly it is read")
    func shortWrites() async throws {
        let pipe = Pipe()
        let descriptor = pipe.fileHandleForWriting.fileDescriptor
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        let text = String(repeating: "0123456789", count: 100_000)
        async let read = Task.detached { pipe.fileHandleForReading.readDataToEndOfFile() }.value
        await Task.detached {
            let stream = StandardStream(descriptor)
            stream.line(text)
            #expect(stream.fault == nil)
            try? pipe.fileHandleForWriting.close()
        }.value
        #expect(String(decoding: await read, as: UTF8.self) == text + "\n")
    }

    @Test("lines have no control characters of others")
    func visible() throws {
        let pipe = Pipe()
        let stream = StandardStream(pipe.fileHandleForWriting.fileDescriptor)
        stream.line("worker \u{1B}[2J\nfake joined")
        try pipe.fileHandleForWriting.close()
        let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        #expect(text == "worker \\u{1B}[2J\\nfake joined\n")
    }
}
