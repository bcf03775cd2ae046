#if canImport(CAllocations)
    import CAllocations
    import COneDNN
    import Testing

    @testable import Tensor

    @Suite("allocation", .enabled(if: allocations_are_counted() != 0, "sanitizers count for themselves"))
    struct AllocationTests {
        /// A step that trains one layer on batches of a table: its outputs are the loss and the new
        /// parameters.
        private func execution(hasLayer: Bool, width: Int = 6) throws -> Execution {
            let sketch = Sketch()
            let x = sketch.input("x", [4, width], .uint8), y = sketch.input("y", [4], .int64)
            let weight = sketch.input("w", [width, width]), bias = sketch.input("b", [width])
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
            try execution.bind(.zeros([width, width]), to: 2)
            try execution.bind(.zeros([width]), to: 3)
            return execution
        }

        private func count(
            _ execution: Execution, steps: Int, afterEach: (Execution) -> Void = { _ in }
        ) throws -> Int {
            let width = execution.plan.inputTypes[0].shape[1]
            let images = try TensorValue(
                (0..<10 * width).map { UInt8(truncatingIfNeeded: $0 * 4) }, shape: [10, width])
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

        @Test("small products, which are computed here, allocate nothing either")
        func smallProducts() throws {
            let counted = try count(execution(hasLayer: true), steps: 1_000)
            #expect(counted == 0)
        }

        @Test("larger products allocate what oneDNN does by itself, and nothing else")
        func products() throws {
            let counted = try count(execution(hasLayer: true, width: 32), steps: 1_000)
            #expect(counted == oneDNNAllocations(width: 32, steps: 1_000))
        }

        /// What oneDNN allocates for a layer of four rows and the gradient of its weight.
        private func oneDNNAllocations(width: Int, steps: Int) -> Int {
            let size = dnnl_dim_t(width)
            let rows = [Float](repeating: 1, count: 4 * width),
                weight = [Float](repeating: 1, count: width * width)
            var output = [Float](repeating: 0, count: width * width)
            let plain = CChar(UInt8(ascii: "N")), transposed = CChar(UInt8(ascii: "T"))
            func step() {
                _ = unsafe dnnl_sgemm(
                    plain, transposed, 4, size, size, 1, rows, size, weight, size, 0, &output, size)
                _ = unsafe dnnl_sgemm(
                    transposed, plain, size, size, 4, 1, rows, size, rows, size, 0, &output, size)
            }
            ComputeThread.prepare()
            step()
            allocations_start()
            for _ in 0..<steps { step() }
            return allocations_stop()
        }

        @Test("the counter counts: steps whose output is copied out allocate each")
        func counter() throws {
            let counted = try count(execution(hasLayer: false), steps: 1_000) { _ = $0.output(0) }
            #expect(counted >= 1_000)
        }
    }
#endif
