import Fagure
import Tensor
import Testing

@Suite("one message a step", .timeLimit(.minutes(1)))
struct JobCountTests {
    /// What is recorded for one step: nothing is sent.
    private func record(
        _ model: Linear, _ optimizer: SGD, _ data: Tensor, _ target: Tensor
    ) -> Tensor {
        optimizer.zeroGradients()
        let loss = ((model(data) - target) ** 2).sum()
        loss.backward()
        optimizer.step()
        return loss
    }

    @Test("sending a tensor is a job; sending a model, copies, tags, shapes and text are none")
    func sending() async throws {
        try await withBob { session, bob in
            let sent = try await session.count {
                _ = try await tutorialData.send(to: bob)
            }
            #expect(sent.jobs == 1 && sent.roundTrips == 1)
            let data = try await tutorialData.send(to: bob), model = try tutorialModel()
            let nothing = try await session.count {
                try await model.send(to: bob)
                _ = try await data.send(to: bob)
                _ = try await data.move(to: bob)
                let copy = data.copy().tag("#copy")
                _ = try (copy * 2).shape
                _ = try (copy[0..<1] + 1).elementType
                _ = "\(copy) \(model(copy)) \(model.location)"
                _ = try await session.search(tags: "#copy")
                _ = model.copy()
                model(data).sum().backward()
            }
            #expect(nothing.jobs == 0 && nothing.roundTrips == 0)
        }
    }

    @Test(
        "the tutorial's loop: a job for each tensor that is sent, then a job a step, momentum or not",
        arguments: [0, 0.9] as [Float])
    func tutorialLoop(momentum: Float) async throws {
        try await withBobAndAlice { session, bob, alice in
            let datasets = [
                (
                    try await tutorialData[0..<2].send(to: bob),
                    try await tutorialTarget[0..<2].send(to: bob)
                ),
                (
                    try await tutorialData[2..<4].send(to: alice),
                    try await tutorialTarget[2..<4].send(to: alice)
                ),
            ]
            #expect(await session.statistics.jobs == 4)
            let model = try tutorialModel()
            let optimizer = SGD(model.parameters, learningRate: 0.1, momentum: momentum)
            for round in 0..<10 {
                for (data, target) in datasets {
                    let step = try await session.count {
                        try await model.send(to: data.location)
                        let loss = record(model, optimizer, data, target)
                        _ = try await get(loss, model)
                    }
                    #expect(step.jobs == 1 && step.roundTrips == 1, "round \(round)")
                }
            }
            let statistics = await session.statistics
            #expect(statistics.jobs == 24 && statistics.roundTrips == 24 && statistics.answers == 24)
        }
    }

    @Test("asked for one after the other, a step is two jobs in either order, of the same numbers")
    func separately() async throws {
        try await withBob { session, bob in
            let data = try await tutorialData.send(to: bob), target = try await tutorialTarget.send(to: bob)
            var outcomes: [[Float]] = []
            for modelFirst in [true, false] {
                let model = try tutorialModel()
                let optimizer = SGD(model.parameters, learningRate: 0.1)
                var numbers: [Float] = []
                for _ in 0..<3 {
                    let step = try await session.count {
                        try await model.send(to: bob)
                        let loss = record(model, optimizer, data, target)
                        if modelFirst { try await model.get() }
                        numbers.append(try await loss.get().scalar())
                        if !modelFirst { try await model.get() }
                    }
                    #expect(step.jobs == 2 && step.roundTrips == 2, "model first: \(modelFirst)")
                    numbers += try model.numbers
                }
                outcomes.append(numbers)
            }
            #expect(outcomes[0] == outcomes[1])
        }
    }

    @Test("five local steps are none until something is asked for, then one")
    func localSteps() async throws {
        try await withBob { session, bob in
            let data = try await tutorialData.send(to: bob), target = try await tutorialTarget.send(to: bob)
            let model = try tutorialModel()
            let optimizer = SGD(model.parameters, learningRate: 0.1)
            var losses: [Tensor] = []
            let recorded = try await session.count {
                try await model.send(to: bob)
                for _ in 0..<5 { losses.append(record(model, optimizer, data, target)) }
            }
            #expect(recorded.jobs == 0)
            let asked = try await session.count {
                let values = try await get(losses)
                #expect(try values.map { try $0.scalar() }.first == 1.8125)
            }
            #expect(asked.jobs == 1 && asked.roundTrips == 1)
            // The model was brought up to date by the same job: what is left is to fetch it.
            let fetched = try await session.count { try await model.get() }
            #expect(fetched.jobs == 1)
        }
    }

    @Test("two locations are a job each, however much is asked for; a move is one job")
    func twoLocations() async throws {
        try await withBobAndAlice { session, bob, alice in
            let x = try await Tensor([1, 2]).send(to: bob), y = try await Tensor([3, 4]).send(to: alice)
            let both = try await session.count {
                let (a, b, (c, d), here) = (x * 2, y * 2, (x.sum(), y.sum()), Tensor([5]) + 1)
                let values = try await get(a, [b, c], d, here)
                #expect(try values.0.floats == [2, 4] && values.1[0].floats == [6, 8])
                #expect(try values.1[1].scalar() == 3 && values.2.scalar() == 7 && values.3.floats == [6])
            }
            #expect(both.jobs == 2)
            let moved = try await session.count {
                let there = try await (x + 1).move(to: alice)
                #expect(there.location === alice)
            }
            #expect(moved.jobs == 1 && moved.roundTrips == 1)
            let model = try tutorialModel()
            let travel = try await session.count {
                try await model.send(to: bob)
                model(Tensor([1, 1], shape: [1, 2])).sum().backward()
                try await model.move(to: alice)
            }
            #expect(travel.jobs == 1 && travel.roundTrips == 1)
        }
    }

    @Test("a hundred steps of which only the loss is asked for are a hundred jobs of the same size")
    func longRun() async throws {
        try await withBob { session, bob in
            let data = try await tutorialData.send(to: bob), target = try await tutorialTarget.send(to: bob)
            let model = try tutorialModel()
            let optimizer = SGD(model.parameters, learningRate: 0.01, momentum: 0.5)
            try await model.send(to: bob)
            var bytes: [UInt64] = []
            let all = try await session.count {
                for _ in 0..<100 {
                    let step = try await session.count {
                        _ = try await record(model, optimizer, data, target).get()
                    }
                    bytes.append(step.bytes)
                }
            }
            #expect(all.jobs == 100 && all.roundTrips == 100)
            // The first steps bring their graphs. A heartbeat may leave in any step, so of ten the leanest.
            let early = bytes[10..<20].min() ?? 0, late = bytes[90..<100].min() ?? 0
            #expect(late <= early + 16, "\(bytes)")
            // What does not change from step to step is kept, and no more: data, target and for weight and
            // bias the value and the velocity; and, until the next job, those of the step before and a loss.
            #expect(try await bob.objects.count <= 2 + 2 * 4 + 1)
            try await model.get()
            #expect(try model.numbers.allSatisfy(\.isFinite))
        }
    }
}
