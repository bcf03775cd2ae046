import Datasets
import Fagure
import Tensor
import Testing

@Suite("tags and search", .timeLimit(.minutes(1)))
struct TagTests {
    @Test("all tags must match; what was let go, moved away or released is not found where it was")
    func matching() async throws {
        try await withBobAndAlice { session, bob, alice in
            let x = try await Tensor([1]).tag("#data", "#x").send(to: bob)
            let y = try await Tensor([2, 2]).send(to: alice).tag("#data", "#y")
            #expect(try await shapes(session.search(tags: "#data")) == [[1], [2]])
            #expect(try await shapes(session.search(tags: "#data", "#y")) == [[2]])
            #expect(try await session.search(tags: "#x", "#y").isEmpty)
            #expect(try await session.search(tags: "#data", "nonsense").isEmpty)
            let found = try #require(try await session.search(tags: "#x").first)
            #expect(found.location === bob && "\(found)" == "float32 [1] at bob #data #x")
            #expect(try await (found + x).get().floats == [2])

            let moved = try await y.move(to: bob)
            let locations = try await session.search(tags: "#y").map(\.location)
            #expect(locations.contains { $0 === bob })
            try await moved.release()
            #expect(try await session.search(tags: "#y").allSatisfy { $0.location === alice })
        }
    }

    private func shapes(_ tensors: [Tensor]) throws -> [[Int]] { try tensors.map { try $0.shape.dimensions } }

    @Test("a tensor nobody refers to any more is not found")
    func dropped() async throws {
        try await withBob { session, bob in
            func send() async throws {
                let x = try await Tensor([1]).tag("#x").send(to: bob)
                #expect(try await session.search(tags: "#x").count == 1)
                _ = try await x.get()
            }
            try await send()
            #expect(try await session.search(tags: "#x").isEmpty)
        }
    }

    @Test("what is found keeps the tensor, and may be tagged and fetched")
    func keeping() async throws {
        try await withBob { session, bob in
            func send() async throws -> [Tensor] {
                _ = try await Tensor([3]).tag("#x").send(to: bob)
                // The first is gone already.
                let x = try await Tensor([4]).tag("#x").send(to: bob)
                let found = try await session.search(tags: "#x")
                withExtendedLifetime(x) {}
                return found
            }
            let found = try await send()
            #expect(found.count == 1)
            let tagged = try #require(found.first).tag("#more")
            #expect(try await session.search(tags: "#more", "#x").count == 1)
            #expect(try await bob.objects.map(\.tags).contains(["#more", "#x"]))
            #expect(try await tagged.get().floats == [4])
        }
    }

    @Test("a copy may be tagged, and is found by it")
    func copies() async throws {
        try await withBob { session, bob in
            let x = try await Tensor([3]).tag("#x").send(to: bob)
            let copy = x.copy().tag("#copy")
            #expect(try await session.search(tags: "#x").count == 1)
            #expect(try await session.search(tags: "#copy").count == 1)
            #expect(try await copy.get().floats == [3])
            #expect(try await x.get().floats == [3])
        }
    }

    @Test("columns of data sets are found by the data set's tags, its name and their own")
    func columns() async throws {
        let session = try await Session.embedded()
        let digits = try Dataset.load(named: "digits")
        for index in 0..<2 {
            try await session.addWorker(
                "worker-\(index)", shards: [try digits.shard(index, of: 2, partition: .iid(seed: 0))],
                tags: ["digits": ["#mnist-like"]])
        }
        let found = try await session.search(tags: "#mnist-like", "pixels")
        #expect(found.map(\.location.name).sorted() == ["worker-0", "worker-1"])
        #expect(try await session.search(tags: "digits").count == 4)
        #expect(try await session.search(tags: "digits", "label").count == 2)
        #expect(try await session.search(tags: "digits", "pixel").isEmpty)
        #expect(found.allSatisfy { (try? $0.elementType) == .uint8 })
        #expect(found.allSatisfy { (try? $0.shape.dimensions.dropFirst()) == [8, 8] })
        await session.close()
    }

    @Test("a session does not find what another one sent")
    func strangers() async throws {
        let house = try await House([[]])
        let mine = try await house.session(), other = try await house.session()
        let worker = try await mine.worker("worker-0")
        let x = try await Tensor([1]).tag("#x").send(to: worker)
        #expect(try await mine.search(tags: "#x").count == 1)
        #expect(try await other.search(tags: "#x").isEmpty)
        withExtendedLifetime(x) {}
        await mine.close()
        await other.close()
        await house.close()
    }

    @Test("what is only recorded is found by its tags, as long as it is of use")
    func recorded() async throws {
        try await withBob { session, bob in
            let x = try await Tensor([1, 2]).send(to: bob)
            let y = (x * 2).tag("#y").tag("#more")
            let copy = y.copy()
            let found = try await session.search(tags: "#y", "#more")
            #expect(found.count == 1)
            #expect("\(try #require(found.first))" == "float32 [2] at bob #more #y")
            #expect(try await session.search(tags: "#y", "#x").isEmpty)
            #expect(try await (found[0] + 1).get().floats == [3, 5])

            #expect(try await y.get().floats == [2, 4])
            // The copy has the tags and was not fetched.
            #expect(try await session.search(tags: "#y").count == 1)
            #expect(try await copy.get().floats == [2, 4])
            #expect(try await session.search(tags: "#y").isEmpty)
        }
    }

    @Test("what is recorded and let go of is not found, and many that are gone are forgotten")
    func recordedAndGone() async throws {
        try await withBob { session, bob in
            let x = try await Tensor([1]).send(to: bob)
            for number in 0..<200 { _ = (x + number).tag("#y") }
            #expect(try await session.search(tags: "#y").isEmpty)
            let kept = (0..<100).map { (x + $0).tag("#y") }
            #expect(try await session.search(tags: "#y").count == 100)
            #expect(try await get(kept).count == 100)
        }
    }
}
