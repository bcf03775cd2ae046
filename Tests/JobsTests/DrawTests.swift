import Tensor
import Testing

@testable import Jobs

@Suite("Random sources")
struct DrawTests {
    @Test("numbers follow from the seed by the formula of the protocol, written out")
    func formula() throws {
        let type = ValueType(.float32, try Shape([3, 3]))
        for seed in [7, 0, .max] as [UInt64] {
            let key = SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
            let words = (0..<12).map { index in
                Philox.block(counter: SIMD4(UInt32(index / 4), 6, 0, 0), key: key)[index % 4]
            }
            let uniform = try Job.Draw(seed: seed, .uniform, type).value()
            #expect(try uniform.floats == (0..<9).map { Float(words[$0] >> 8) / 16_777_216 })
            #expect(uniform.type == type)
            let longer = try Job.Draw(seed: seed, .normal, ValueType(.float32, try Shape([12]))).value()
                .floats
            let normal = try Job.Draw(seed: seed, .normal, type).value().floats
            #expect(normal == Array(longer.prefix(9)))
            #expect(longer.allSatisfy { abs($0) < 7 } && Set(longer).count == 12)
        }
    }

    @Test("the vectors of the protocol")
    func vectors() throws {
        let type = ValueType(.float32, try Shape([4]))
        let uniform = try Job.Draw(seed: 7, .uniform, type).value().floats
        let normal = try Job.Draw(seed: 7, .normal, type).value().floats
        #expect(uniform == [0.7867011, 0.5776136, 0.44055206, 0.20673543])
        #expect(normal == [-0.6119405, -0.32456532, 0.34379476, 1.233393])
    }
}
