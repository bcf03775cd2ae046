#if canImport(Glibc)
    import Glibc
    import Testing

    @testable import Tensor

    /// Counts what the Swift runtime allocates on one thread, through the hook the runtime has for instruments.
    private enum Allocations {
        typealias Allocate = @convention(c) (UnsafeRawPointer, Int, Int) -> UnsafeMutableRawPointer

        // Proof: both are written by `count` before the hook is in place and only read by it, the counter only on the
        // thread that counts; one test uses them.
        nonisolated(unsafe) static var original: Allocate?
        nonisolated(unsafe) static var thread = pthread_t()
        nonisolated(unsafe) static var number = 0

        /// The number of allocations of the calling thread during `body`, or nil where the runtime has no hook.
        static func count(_ body: () throws -> Void) rethrows -> Int? {
            let process = dlopen(nil, RTLD_LAZY)
            guard let entry = dlsym(process, "_swift_allocObject"),
                let flag = dlsym(process, "_swift_enableSwizzlingOfAllocationAndRefCountingFunctions_forInstrumentsOnly")
            else { return nil }
            let hook = entry.assumingMemoryBound(to: Allocate.self)
            original = hook.pointee
            thread = pthread_self()
            number = 0
            hook.pointee = { metadata, size, alignment in
                if pthread_equal(pthread_self(), Allocations.thread) != 0 { Allocations.number += 1 }
                return Allocations.original.unsafelyUnwrapped(metadata, size, alignment)
            }
            flag.assumingMemoryBound(to: Bool.self).pointee = true
            defer {
                flag.assumingMemoryBound(to: Bool.self).pointee = false
                hook.pointee = original.unsafelyUnwrapped
            }
            try body()
            return number
        }
    }

    @Suite("allocation")
    struct AllocationTests {
        @Test("after the first, training steps allocate nothing")
        func steps() throws {
            let sketch = Sketch()
            let x = sketch.input("x", [4, 6], .uint8), y = sketch.input("y", [4], .int64)
            let weight = sketch.input("w", [3, 6]), bias = sketch.input("b", [3])
            let scaled = sketch(.divide, sketch(.cast(to: .float32), x), sketch.constant(255))
            let logits = sketch(.relu, sketch(.linear, scaled, weight, bias))
            let loss = sketch(.softmaxCrossEntropy(.mean), logits, y)
            let forward = sketch.graph([loss])
            let gradients = try forward.gradient(of: forward.outputs[0], withRespectTo: [2, 3])
            var builder = try GraphBuilder(gradients)
            let rate = builder.constant(-0.1)
            let new = [2, 3].enumerated().map {
                builder.append(.addProduct, [$1, gradients.outputs[$0 + 1], rate])
            }
            let graph = builder.finish(outputs: [gradients.outputs[0]] + new)
            let updates = [Plan.Update(output: 1, input: 2), Plan.Update(output: 2, input: 3)]
            let execution = Execution(try Plan(graph, updates: updates))
            let images = try TensorValue((0..<60).map { UInt8($0 * 4) }, shape: [10, 6])
            let labels = try TensorValue((0..<10).map { Int64($0 % 3) })
            try execution.bind(.zeros([3, 6]), to: 2)
            try execution.bind(.zeros([3]), to: 3)
            let rows: [Int32] = [7, 1, 0, 9]
            var sums = [0.0]
            func step() throws {
                try execution.gather(rows: rows[...], of: images, into: 0)
                try execution.gather(rows: rows[...], of: labels, into: 1)
                try execution.run()
                try execution.accumulate(output: 0, into: &sums)
            }
            try step()
            let counted = try Allocations.count { for _ in 0..<1_000 { try step() } }
            #expect(counted == 0)
            var kept: [TensorValue] = []
            let copies = try Allocations.count { kept.append(try execution.input(2)) }
            #expect(copies.map { $0 > 0 } == true, "the hook sees allocations")
        }
    }
#endif
