#if canImport(CAllocations)
    import CAllocations
    import Testing

    @testable import Tensor

    @Suite("allocation", .enabled(if: allocations_are_counted() != 0, "sanitizers count for themselves"))
    struct AllocationTests {
        /// A step that trains one layer on batches of a table: its outputs are the loss and the new
        /// parameters.
        private func execution(hasLayer: Bool) throws -> Execution {
            let sketch = Sketch()
            let x = sketch.input("x", [4, 6], .uint8), y = sketch.input("y", [4], .int64)
            let weight = sketch.input("w", [6, 6]), bias = sketch.input("b", [6])
            let scaled = sketch(.divide, sketch(.cast(to: .float32), x), sketch.constant(255))
            let hidden = sketch(.add, sketch(.tanh, scaled), bias)
            let logits = hasLayer ? sketch(.relu, sketch(.linear, scaled, weight, bias)) : hidden
            let loss = sketch(.softmaxCrossEntropy(.mean), logits, y)
            let forward = sketch.graph([loss])
            let graph = try forward.gradient(of: forward.outputs[0], withRespectTo: [2, 3])
            var builder = try GraphBuilder(graph)
            let rate = builder.constant(-0.1)
            let new = [2, 3].enumerated().map {
                builder.append(.addProduct, [$1, graph.outputs[$0 + 1], rate])
            }
            let step = builder.finish(outputs: [graph.outputs[0]] + new)
            let updates = [Plan.Update(output: 1, input: 2), Plan.Update(output: 2, input: 3)]
            let execution = Execution(try Plan(step, updates: updates))
            try execution.bind(.zeros([6, 6]), to: 2)
            try execution.bind(.zeros([6]), to: 3)
            return execution
        }

        private func count(
            _ execution: Execution, steps: Int, afterEach: (Execution) -> Void = { _ in }
        ) throws -> Int {
            let images = try TensorValue((0..<60).map { UInt8($0 * 4) }, shape: [10, 6])
            let labels = try TensorValue((0..<10).map { Int64($0 % 3) })
            let rows: [Int32] = [7, 1, 0, 9]
            var sums = [0.0]
            func step() throws {
                try execution.gather(rows: rows[...], of: images, into: 0)
                try execution.gather(rows: rows[...], of: labels, into: 1)
                try execution.run()
                try execution.accumulate(output: 0, into: &sums)
                afterEach(execution)
            }
            try step()
            allocations_start()
            for _ in 0..<steps { try step() }
            return allocations_stop()
        }

        @Test("after the first, steps allocate nothing")
        func steps() throws {
            let counted = try count(execution(hasLayer: false), steps: 1_000)
            #expect(counted == 0)
        }

        @Test("products allocate no more than the one buffer oneDNN packs each into")
        func products() throws {
            // The layer, and the gradient of its weight.
            let counted = try count(execution(hasLayer: true), steps: 1_000)
            #expect((0...2 * 1_000).contains(counted))
        }

        @Test("the counter counts: steps whose output is copied out allocate each")
        func counter() throws {
            let counted = try count(execution(hasLayer: false), steps: 1_000) { _ = $0.output(0) }
            #expect(counted >= 1_000)
        }
    }
#endif
