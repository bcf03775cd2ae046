import Datasets
import TestSupport
import Testing

@Suite struct ShardSelectionTests {
    @Test(
        "one or several shards are read and written",
        arguments: [
            ("0/1", [0], 1), ("0/4", [0], 4), ("0/4,1/4", [0, 1], 4), ("3/4,0/4", [3, 0], 4),
            (" 1/2 , 0/2 ", [1, 0], 2),
        ])
    func parsing(text: String, indices: [Int], count: Int) throws {
        let selection = try ShardSelection(parsing: text)
        #expect(selection.indices == indices)
        #expect(selection.count == count)
        #expect(try ShardSelection(parsing: selection.description) == selection)
    }

    @Test("nothing said means the whole data set")
    func whole() throws {
        #expect(ShardSelection.whole == (try ShardSelection(parsing: "0/1")))
    }

    @Test(
        "words that name no shards are refused",
        arguments: [
            "", "0", "/", "0/", "/4", "0/4,", ",0/4", "0//4", "0/4/4", "a/b", "-1/4", "+1/4", "0/-4", "0x1/4",
            "1 0/4",
            "0/0", "0/1000001", "9999999999999999999/4", "٣/٤", "0/4,1/3", "0/4,0/4",
        ])
    func malformed(text: String) throws {
        let error = try #require(throws: DatasetError.self) { try ShardSelection(parsing: text) }
        guard case .invalidShards(text, _) = error else {
            Issue.record("\(error)")
            return
        }
    }

    @Test("a shard past the last is refused with those allowed")
    func outOfRange() throws {
        let error = try #require(throws: DatasetError.self) { try ShardSelection(parsing: "0/4,4/4") }
        #expect(error == .shardOutOfRange(index: 4, count: 4))
        #expect(error.description == "shard 4 of 4 is out of range, allowed are 0 to 3")
    }

    @Test("random text is read or refused, and what is read is read back")
    func randomText() {
        var generator = SplitMix64(seed: 5)
        let letters = Array("0123/,, -x")
        for _ in 0..<5_000 {
            let length = Int.random(in: 0...8, using: &generator)
            let text = String((0..<length).compactMap { _ in letters.randomElement(using: &generator) })
            if let selection = try? ShardSelection(parsing: text) {
                #expect((try? ShardSelection(parsing: selection.description)) == selection)
                #expect(selection.indices.allSatisfy { (0..<selection.count).contains($0) })
            }
        }
    }
}
