import TestSupport
import Testing

@testable import Ground

@Suite("What is kept by last use")
struct RecencyCacheTests {
    @Test("the one not used for longest goes first")
    func order() {
        var cache = RecencyCache<String, Int>(countMaximum: 3, byteCountMaximum: 100)
        for (index, key) in ["a", "b", "c"].enumerated() { cache.insert(index, for: key, byteCount: 1) }
        #expect(cache.use("a") == 0)
        cache.insert(3, for: "d", byteCount: 1)
        #expect(cache.use("b") == nil)
        #expect(cache.use("a") == 0 && cache.use("c") == 2 && cache.use("d") == 3)
        #expect(cache.count == 3)
    }

    @Test("bytes are bounded, and one value too large is not kept")
    func bytes() {
        var cache = RecencyCache<Int, Int>(countMaximum: 100, byteCountMaximum: 10)
        cache.insert(0, for: 0, byteCount: 6)
        cache.insert(1, for: 1, byteCount: 4)
        #expect(cache.byteCount == 10)
        cache.insert(2, for: 2, byteCount: 5)
        #expect(cache.use(0) == nil)
        #expect(cache.byteCount == 9)
        cache.insert(3, for: 3, byteCount: 11)
        #expect(cache.use(3) == nil)
        #expect(cache.use(1) == 1 && cache.use(2) == 2)
        cache.insert(4, for: 1, byteCount: 1)
        #expect(cache.use(1) == 4)
        #expect(cache.byteCount == 6)
        cache.insert(5, for: 1, byteCount: 11)
        #expect(cache.use(1) == nil)
        cache.remove(2)
        cache.remove(2)
        #expect(cache.byteCount == 0 && cache.count == 0)
    }

    @Test("it agrees with a slow twin for any sequence of calls", arguments: 0..<20)
    func twin(seed: Int) {
        var random = SplitMix64(seed: UInt64(seed))
        var cache = RecencyCache<Int, Int>(countMaximum: 5, byteCountMaximum: 20)
        var twin: [(key: Int, value: Int, bytes: Int)] = []
        for step in 0..<2_000 {
            let key = Int.random(in: 0..<12, using: &random)
            switch Int.random(in: 0..<6, using: &random) {
            case 0, 1:
                let bytes = Int.random(in: 0...8, using: &random)
                cache.insert(step, for: key, byteCount: bytes)
                twin.removeAll { $0.key == key }
                while twin.count >= 5 || twin.reduce(bytes, { $0 + $1.bytes }) > 20 { twin.removeFirst() }
                twin.append((key, step, bytes))
            case 2:
                cache.remove(key)
                twin.removeAll { $0.key == key }
            case 3:
                let bytes = Int.random(in: -1...20, using: &random)
                cache.shrink(toByteCount: bytes)
                while twin.reduce(0, { $0 + $1.bytes }) > max(0, bytes) { twin.removeFirst() }
            default:
                let expected = twin.firstIndex { $0.key == key }.map { twin.remove(at: $0) }
                if let expected { twin.append(expected) }
                #expect(cache.use(key) == expected?.value)
            }
            #expect(cache.count == twin.count)
            #expect(cache.byteCount == twin.reduce(0) { $0 + $1.bytes })
        }
    }
}
