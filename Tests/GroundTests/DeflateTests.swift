import Ground
import TestSupport
import Testing

@Suite("Messages made shorter")
struct DeflateTests {
    @Test("what is compressed comes back", arguments: 0..<20)
    func restores(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let bytes = (0..<Int.random(in: 1...200_000, using: &random)).map { _ in
            UInt8.random(in: 0...7, using: &random)
        }
        let shorter = try #require(Deflate.compress(bytes + bytes))
        #expect(shorter.count < 2 * bytes.count)
        #expect(try Deflate.restore(shorter, byteCountMaximum: 2 * bytes.count) == bytes + bytes)
        #expect(throws: Deflate.Fault.tooLong) {
            _ = try Deflate.restore(shorter, byteCountMaximum: 2 * bytes.count - 1)
        }
    }

    @Test("what does not become shorter is left alone")
    func leaves() {
        var random = SplitMix64(seed: 1)
        #expect(Deflate.compress([]) == nil)
        #expect(Deflate.compress((0..<1_000).map { _ in UInt8.random(in: 0...255, using: &random) }) == nil)
    }

    @Test("damaged bytes are told from long ones, and no bytes at all trap", arguments: 0..<200)
    func damaged(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let bytes = [UInt8](repeating: 42, count: 10_000)
        var shorter = try #require(Deflate.compress(bytes))
        if seed.isMultiple(of: 2) {
            shorter.removeLast(Int.random(in: 1...shorter.count, using: &random))
        } else {
            shorter[Int.random(in: 0..<shorter.count, using: &random)] ^=
                1 << UInt8.random(in: 0...7, using: &random)
        }
        do throws(Deflate.Fault) {
            // A change that a check does not see changes nothing.
            #expect(try Deflate.restore(shorter, byteCountMaximum: 20_000) == bytes)
        } catch {
            #expect(error == .damaged || error == .tooLong)
        }
    }

    @Test("a megabyte of nothing takes no more than it may")
    func bomb() throws {
        let bomb = try #require(Deflate.compress([UInt8](repeating: 0, count: 64 << 20)))
        #expect(bomb.count < 1 << 20)
        #expect(throws: Deflate.Fault.tooLong) { _ = try Deflate.restore(bomb, byteCountMaximum: 8 << 20) }
    }
}
