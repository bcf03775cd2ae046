import Ground
import Testing

@testable import Tensor

@Suite("arena")
struct ArenaTests {
    @Test("ranges never overlap, are aligned, and lie inside", arguments: 0..<20)
    func noOverlap(_ seed: Int) {
        var draw = Draw(seed: UInt64(seed)), arena = Arena()
        var taken: [(offset: Int, byteCount: Int)] = []
        for _ in 0..<300 {
            if draw.number(below: 3) == 0, !taken.isEmpty {
                let old = taken.remove(at: draw.number(below: taken.count))
                arena.release(old.offset, old.byteCount)
            } else {
                let byteCount = draw.number(below: 700)
                let new = (offset: arena.reserve(byteCount), byteCount: byteCount)
                let range = new.offset..<(new.offset + Arena.room(for: byteCount))
                #expect(new.offset % Storage.alignment == 0)
                #expect(range.upperBound <= arena.byteCount)
                for other in taken {
                    #expect(!range.overlaps(other.offset..<(other.offset + Arena.room(for: other.byteCount))))
                }
                taken.append(new)
            }
        }
    }

    @Test("memory given back is one piece again")
    func merging() {
        var arena = Arena()
        let offsets = (0..<6).map { _ in arena.reserve(100) }
        for index in [1, 3, 5, 0, 4, 2] { arena.release(offsets[index], 100) }
        #expect(arena.byteCount == 6 * 128)
        #expect(arena.reserve(6 * 128) == 0)
        #expect(arena.byteCount == 6 * 128)
    }

    @Test("the smallest range that fits is taken, and the last one grows")
    func bestFit() {
        var arena = Arena()
        let large = arena.reserve(512), wall = arena.reserve(64), small = arena.reserve(128),
            end = arena.reserve(64)
        arena.release(large, 512)
        arena.release(small, 128)
        #expect(arena.reserve(100) == small)
        arena.release(end, 64)
        #expect(arena.reserve(640) == end)
        #expect(arena.byteCount == end + 640)
        _ = wall
    }
}
