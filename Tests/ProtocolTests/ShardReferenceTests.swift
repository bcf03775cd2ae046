import Testing

@testable import Protocol

@Suite("Shard references")
struct ShardReferenceTests {
    @Test("keys are what FNV-1a says, today and always")
    func pinned() {
        let key = ShardReference(dataset: "fashion-mnist", partition: "iid:0", index: 2, count: 4).key
        #expect(key == Identifier(high: 0xC2F9_A124_AB28_9D18, low: 0x460E_E6A6_699B_7819))
        let other = ShardReference(dataset: "digits", partition: "contiguous", index: 0, count: 1).key
        #expect(other == Identifier(high: 0xF7EE_5142_DFF8_F025, low: 0x0DCF_36C9_D94F_EBDB))
    }

    @Test("differing references have differing keys, and none is nothing")
    func distinct() {
        var keys: Set<Identifier> = []
        var count = 0
        for dataset in ["a", "ab", "b", "a\u{0}b"] {
            for partition in ["iid:0", "iid:1", "contiguous", ""] {
                for shards in 1...40 {
                    for index in 0..<shards {
                        keys.insert(
                            ShardReference(
                                dataset: dataset, partition: partition, index: index, count: shards
                            ).key)
                        count += 1
                    }
                }
            }
        }
        #expect(keys.count == count)
        #expect(!keys.contains(.none))
    }

    @Test("are named for people")
    func names() {
        #expect(
            "\(ShardReference(dataset: "digits", partition: "iid:0", index: 2, count: 4))"
                == "digits 2/4 (iid:0)")
    }
}
