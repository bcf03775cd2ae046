import Testing

@testable import ZMQ

@Suite struct MessageTests {
    private func frames(_ message: borrowing Message) -> [String] {
        (0..<message.frameCount).map { String(decoding: message.bytes(at: $0), as: UTF8.self) }
    }

    @Test(
        "frames of every size around libzmq's and our own thresholds keep their bytes",
        arguments: [0, 1, 32, 33, 34, 64, 8191, 8192, 16_383, 16_384, 100_000])
    func sizes(count: Int) {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 13) }
        var message = Message()
        message.append(bytes)
        #expect(message.bytes(at: 0) == bytes)
        #expect(message.byteCount(at: 0) == count)
        #expect(message.totalByteCount == count)
        let sum = message.withFrame(0) { span in
            (0..<span.byteCount).reduce(0) {
                $0 &+ Int(unsafe span.unsafeLoad(fromByteOffset: $1, as: UInt8.self))
            }
        }
        #expect(sum == bytes.reduce(0) { $0 &+ Int($1) })
    }

    @Test("a frame to be filled begins as zeros")
    func fill() {
        var message = Message()
        for count in [8, 64, 4096] {
            message.append([UInt8](repeating: 0xAA, count: count))
            message.removeAll()
            message.append(byteCount: count) { $0.storeBytes(of: 7, toByteOffset: 1, as: UInt8.self) }
            #expect(message.bytes(at: 0) == [0, 7] + [UInt8](repeating: 0, count: count - 2))
            message.removeAll()
        }
    }

    @Test("a message grows at both ends and keeps its frames in order", arguments: [0, 1, 6, 7, 8, 40])
    func growth(count: Int) throws {
        let id = try #require(routingID([9, 9]))
        var message = Message(reservingFrames: 0)
        for number in 0..<count { message.append(Array("\(number)".utf8)) }
        for _ in 0..<3 { message.prepend(id) }
        #expect(message.frameCount == count + 3)
        #expect(frames(message).dropFirst(3) == ArraySlice((0..<count).map(String.init)))
        for _ in 0..<3 { message.removeFirst() }
        #expect(frames(message) == (0..<count).map(String.init))
    }

    @Test("a broker changes the peer and the header and leaves the body where it is")
    func forwarding() throws {
        let worker = try #require(routingID([0, 1, 2, 3, 4]))
        var message = message("peer!", "header", String(repeating: "body", count: 5000))
        let body = unsafe Libzmq.bytes(message.cell(2)).baseAddress
        message.replaceRoutingID(with: worker)
        message.replaceFrame(1, byteCount: 3) { span in
            for offset in 0..<3 {
                span.storeBytes(of: UInt8(ascii: "x"), toByteOffset: offset, as: UInt8.self)
            }
        }
        #expect(message.routingID == worker)
        #expect(frames(message)[1] == "xxx")
        let isSame = unsafe Libzmq.bytes(message.cell(2)).baseAddress == body
        #expect(isSame)
        message.editFrame(1) { $0.storeBytes(of: UInt8(ascii: "y"), toByteOffset: 2, as: UInt8.self) }
        #expect(frames(message)[1] == "xxy")
    }

    @Test(
        "a shared message has the same frames, and editing one leaves the other alone",
        arguments: [5, 64, 20_000])
    func share(count: Int) {
        var message = Message()
        message.append([UInt8](repeating: 1, count: count))
        var other = message.share()
        other.editFrame(0) { $0.storeBytes(of: 2, toByteOffset: 0, as: UInt8.self) }
        message.editFrame(0) { $0.storeBytes(of: 3, toByteOffset: 0, as: UInt8.self) }
        #expect(message.bytes(at: 0).prefix(2) == [3, 1])
        #expect(other.bytes(at: 0).prefix(2) == [2, 1])
    }

    @Test("a parcel gives its message out once")
    func parcel() {
        let parcel = Parcel(message("a", String(repeating: "b", count: 1000)))
        #expect(parcel.byteCount == 1001)
        #expect(totalByteCount(parcel.take()) == 1001)
        #expect(totalByteCount(parcel.take()) == nil)
    }

    private func totalByteCount(_ message: consuming Message?) -> Int? {
        guard let message = message.take() else { return nil }
        return message.totalByteCount
    }

    @Test("a frame moves to another message without being copied")
    func move() {
        var source = message("a", String(repeating: "b", count: 1000))
        let address = unsafe Libzmq.bytes(source.cell(1)).baseAddress
        var target = message("c")
        target.append(movingFrame: 1, of: &source)
        let isSame = unsafe Libzmq.bytes(target.cell(1)).baseAddress == address
        #expect(isSame)
        #expect(source.byteCount(at: 1) == 0)
        #expect(target.byteCount(at: 1) == 1000)
    }

    @Test("detaching keeps the bytes", arguments: [0, 10, 33, 34, 64, 8191, 8192])
    func detach(count: Int) {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
        var message = Message()
        message.append(bytes)
        message.detachFromReceiveBuffer()
        #expect(message.bytes(at: 0) == bytes)
    }

    @Test("a message made here has no source and no user")
    func source() {
        let message = message("x")
        #expect(message.sourceDescriptor == nil)
        #expect(message.userID == nil)
        let empty = Message()
        #expect(empty.sourceDescriptor == nil)
        #expect(empty.routingID == nil)
    }

    @Test("a large owner is not copied and is released once when the message is dropped unsent")
    func sharing() async {
        let freed = Events<Int>()
        do {
            let owner = OwnedBytes(count: 20_000, freed: freed.source)
            var message = Message()
            message.append(sharing: owner)
            let address = unsafe owner.withBytes { unsafe $0.withUnsafeBytes { $0.baseAddress } }
            let isSame = unsafe UnsafeRawPointer(Libzmq.bytes(message.cell(0)).baseAddress) == address
            #expect(isSame)
            var other = message.share()
            other.editFrame(0) { $0.storeBytes(of: 99, toByteOffset: 0, as: UInt8.self) }
            #expect(owner.bytes[0] == 0)
        }
        freed.source.finish()
        #expect(await freed.next(10) == [20_000])
    }

    @Test("a small owner is copied and not kept")
    func smallSharing() async {
        let freed = Events<Int>()
        var message = Message()
        message.append(sharing: OwnedBytes(count: 16_383, freed: freed.source))
        freed.source.finish()
        #expect(await freed.next(10) == [16_383])
        #expect(message.byteCount(at: 0) == 16_383)
    }

    @Test("blocks come back from the pool of the thread that freed them")
    func pool() {
        let block = unsafe MessagePool.take(capacity: MessagePool.blockCapacity)
        let other = unsafe MessagePool.take(capacity: MessagePool.blockCapacity)
        unsafe MessagePool.give(other, capacity: MessagePool.blockCapacity)
        unsafe MessagePool.give(block, capacity: MessagePool.blockCapacity)
        let again = unsafe MessagePool.take(capacity: MessagePool.blockCapacity)
        let isSame = unsafe again == block
        #expect(isSame)
        unsafe MessagePool.give(again, capacity: MessagePool.blockCapacity)
    }
}
