import Fagure
import Tensor
import Testing

@Suite("pointers", .timeLimit(.minutes(1)))
struct PointerTests {
    @Test("a tensor that is sent stays here; what comes back refers to the one there")
    func sending() async throws {
        try await withBob { session, bob in
            let x = Tensor([1, 2, 3])
            let pointer = try await x.send(to: bob)
            #expect(x.location === Here.shared && pointer.location === bob)
            #expect(try x.floats == [1, 2, 3])
            #expect(try pointer.shape.dimensions == [3] && pointer.elementType == .float32)
            #expect("\(pointer)" == "float32 [3] at bob")
            #expect("\(pointer.tag("#b", "#a"))" == "float32 [3] at bob #a #b")
            #expect(try await bob.objects.map(\.type) == [ValueType(.float32, try Shape([3]))])
            #expect(try await pointer.get().floats == [1, 2, 3])
            // Where it is already, and here, nothing has to be done.
            #expect(try await x.send(to: .here).floats == [1, 2, 3])
            for _ in 0..<2 { #expect(try await x.get().floats == [1, 2, 3]) }
        }
    }

    @Test("every element type travels there and back, empty tensors and scalars too")
    func types() async throws {
        try await withBobAndAlice { _, bob, alice in
            let values = [
                try TensorValue([1.5, -.infinity, .nan] as [Float]), try TensorValue([Int32.min, 7]),
                try TensorValue([Int64.max, -1]), try TensorValue([UInt8(0), 255], shape: [2, 1]),
                try TensorValue([Float](), shape: [0, 3]), TensorValue(scalar: 4),
            ]
            for value in values {
                let pointer = try await Tensor(value).send(to: bob)
                #expect(try pointer.type() == value.type)
                let moved = try await pointer.copy().move(to: alice)
                #expect(try moved.type() == value.type)
                let back = try await get(pointer, moved)
                for tensor in [back.0, back.1] {
                    #expect(try tensor.value().type == value.type)
                    #expect("\(tensor)" == "\(value)")
                }
            }
        }
    }

    @Test("a value that is fetched is used up, and every further use says so; what was recorded stays valid")
    func fetching() async throws {
        try await withBobAndAlice { _, bob, alice in
            let x = try await Tensor([1, 2]).tag("#x").send(to: bob)
            let doubled = x * 2, copy = x.copy()
            #expect(try await x.get().floats == [1, 2])
            let (twice, same) = try await get(doubled, copy)
            #expect(try twice.floats == [2, 4] && same.floats == [1, 2])
            await expectUsedUp(x, "tensor '#x'", "its value was fetched by get()", elsewhere: alice)
        }
    }

    @Test("a tensor that is moved is used up here, and is whole there")
    func moving() async throws {
        try await withBobAndAlice { _, bob, alice in
            let x = try await Tensor([1, 2]).tag("#x").send(to: bob)
            let doubled = x * 2, tripled = x * 3
            let moved = try await x.move(to: alice)
            #expect(moved.location === alice && "\(moved)" == "float32 [2] at alice #x")
            await expectUsedUp(x, "tensor '#x'", "it was moved by move(to:)", elsewhere: alice)
            #expect(try await doubled.get().floats == [2, 4])
            // Back, by way of here, and from here.
            let back = try await moved.move(to: bob)
            let here = try await back.move(to: .here)
            #expect(here.location === Here.shared)
            #expect(try await here.move(to: alice).get().floats == [1, 2])
            // A result is moved without having been computed before.
            let sum = try await (tripled + 1).move(to: alice)
            #expect(try await sum.get().floats == [4, 7])
        }
    }

    @Test("a tensor that is released is gone, with what was recorded on it")
    func releasing() async throws {
        try await withBobAndAlice { _, bob, alice in
            let x = try await Tensor([1, 2]).tag("#x").send(to: bob)
            let doubled = x * 2
            try await x.release()
            #expect(try await bob.objects == [])
            await expectUsedUp(x, "tensor '#x'", "it was released by release()", elsewhere: alice)
            let error = await #expect(throws: RemoteError.self) { _ = try await doubled.get() }
            #expect(error == .tensor(.usedUp(name: "tensor '#x'", how: "it was released by release()")))
            // A copy is a name for the same value: it is gone too.
            let y = try await Tensor([1, 2, 3]).send(to: bob)
            let copy = y.copy()
            try await y.release()
            let gone = await #expect(throws: RemoteError.self) { _ = try await copy.get() }
            #expect(gone == .tensor(.usedUp(name: "float32 [3]", how: "it was released by release()")))
        }
    }

    /// Records an issue unless each use of a tensor names it and what became of it.
    private func expectUsedUp(
        _ x: Tensor, _ name: String, _ how: String, elsewhere: Worker,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async {
        let text = "\(name) cannot be used any more: \(how); use copy() before to keep one"
        func check(_ what: String, _ use: () async throws -> Void) async {
            let error = await #expect(throws: RemoteError.self, "\(what)", sourceLocation: sourceLocation) {
                try await use()
            }
            #expect(error?.description == text, "\(what)", sourceLocation: sourceLocation)
        }
        await check("get") { _ = try await x.get() }
        await check("send") { _ = try await x.send(to: elsewhere) }
        await check("move") { _ = try await x.move(to: elsewhere) }
        await check("move nowhere") { _ = try await x.move(to: x.location) }
        await check("release") { try await x.release() }
        await check("copy") { _ = try await x.copy().get() }
        await check("operator") { _ = try await (x + 1).get() }
        await check("operand") { _ = try await (Tensor(1) + x).get() }
        await check("slice") { _ = try await x[0..<1].get() }
        await check("gradient") { _ = try await gradient(of: x.sum(), withRespectTo: [x])[0].get() }
        await check("among others") { _ = try await get([Tensor([1])], x) }
    }

    @Test("a copy is fetched and moved by itself; a pointer fetched by one call of get is fetched once")
    func copying() async throws {
        try await withBobAndAlice { _, bob, alice in
            let x = try await Tensor([1, 2]).send(to: bob)
            let copy = x.copy()
            #expect(copy.location === bob)
            let moved = try await x.move(to: alice)
            #expect(try await copy.copy().get().floats == [1, 2])
            let (here, there) = try await get(copy, moved)
            #expect(try here.floats == [1, 2] && there.floats == [1, 2])
            let y = try await Tensor([5]).send(to: bob)
            let (first, second) = try await get(y, y)
            #expect(try first.floats == [5] && second.floats == [5])
        }
    }

    @Test("a value at a worker is not here, and asking for it here says how to bring it")
    func elsewhere() async throws {
        try await withBobAndAlice { _, bob, alice in
            let x = try await Tensor([1, 2]).tag("#x").send(to: bob)
            let error = #expect(throws: TensorError.self) { try x.value() }
            #expect(error?.description.contains("at bob, not here: get() brings it") == true)
            #expect(throws: TensorError.self) { try (x + 1).floats }
            let sent = await #expect(throws: RemoteError.self) { _ = try await x.send(to: alice) }
            #expect(sent?.description.contains("at bob") == true)
            let model = try tutorialModel()
            try await model.send(to: bob)
            #expect(throws: TensorError.self) { try model.values }
            #expect(throws: TensorError.self) { try model.weight.value }
            let again = await #expect(throws: RemoteError.self) { try await model.send(to: alice) }
            #expect(again?.description.contains("at bob") == true)
            #expect(model.location === bob)
        }
    }

    @Test("a tensor of another session's worker is at another location, whatever the worker's name")
    func twoSessions() async throws {
        try await withBob { _, first in
            try await withBob { _, second in
                #expect(first !== second)
                let x = try await Tensor([1]).send(to: first), y = try await Tensor([2]).send(to: second)
                let error = await #expect(throws: RemoteError.self) { _ = try await (x + y).get() }
                guard case .tensor(.differentLocations) = error else {
                    Issue.record("\(String(describing: error))")
                    return
                }
                // A transfer goes through one broker: it cannot find a worker of another.
                let copy = x.copy()
                let moved = await #expect(throws: RemoteError.self) { _ = try await copy.move(to: second) }
                #expect(moved?.description.contains("bob") == true)
                let (one, two) = try await get(x, y)
                #expect(try one.floats == [1] && two.floats == [2])
            }
        }
    }
}
