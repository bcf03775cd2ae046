import TestSupport
import Testing

@testable import Tensor

@Suite("convolution and pool kernels")
struct ConvolutionKernelTests {
    /// A convolution that fits its operands.
    private struct Case {
        let windows: Convolution
        let x: TensorValue
        let weight: TensorValue

        init(_ draw: inout Draw) throws {
            let rank = 1 + draw.number(below: 3), groups = [1, 1, 2, 3][draw.number(below: 4)]
            let inner = 1 + draw.number(below: rank == 2 ? 9 : 3),
                outer = 1 + draw.number(below: rank == 2 ? 9 : 3)
            let kernel = (0..<rank).map { _ in 1 + draw.number(below: 3) }
            let spatial = (0..<rank).map { _ in 5 + draw.number(below: 3) }
            windows = Convolution(
                strides: kernel.map { _ in 1 + draw.number(below: 3) },
                padding: kernel.map { _ in draw.number(below: 3) },
                dilations: kernel.map { _ in 1 + draw.number(below: 2) }, groups: groups)
            x = try draw.floats([draw.number(below: 4), groups * inner] + spatial)
            weight = try draw.floats([groups * outer, inner] + kernel)
        }

        /// What lies where the result would.
        func cotangent(_ draw: inout Draw) throws -> TensorValue {
            let type = try Operation.convolution(windows).outputTypes(of: [x.type, weight.type])[0]
            return try draw.floats(type.shape.dimensions)
        }
    }

    @Test("a convolution and its gradients of any windows, groups and channels", arguments: 0..<30)
    func convolutions(_ seed: UInt64) throws {
        var draw = Draw(seed: 400 + seed)
        let one = try Case(&draw)
        let cotangent = try one.cotangent(&draw)
        try expectTwin(.convolution(one.windows), [one.x, one.weight], absolute: 1e-4)
        try expectTwin(
            .convolutionInputGradient(one.windows), [cotangent, one.weight, one.x], absolute: 1e-4)
        try expectTwin(
            .convolutionWeightGradient(one.windows), [one.x, cotangent, one.weight], absolute: 1e-4)
    }

    @Test("channels as wide as blocked layouts, and a remainder")
    func channels() throws {
        var draw = Draw(seed: 7)
        let windows = Convolution(strides: [1, 1], padding: [1, 1], dilations: [1, 1])
        for (inner, outer) in [(16, 32), (17, 33), (1, 32), (48, 5)] {
            let x = try draw.floats([2, inner, 3, 2]), weight = try draw.floats([outer, inner, 3, 3])
            let cotangent = try draw.floats([2, outer, 3, 2])
            try expectTwin(.convolution(windows), [x, weight], absolute: 1e-4)
            try expectTwin(.convolutionInputGradient(windows), [cotangent, weight, x], absolute: 1e-4)
            try expectTwin(.convolutionWeightGradient(windows), [x, cotangent, weight], absolute: 1e-4)
        }
    }

    @Test("no rows and no channels make zeros")
    func empty() throws {
        let windows = Convolution(strides: [1], padding: [1], dilations: [1])
        for (rows, channels) in [(0, 2), (2, 0), (0, 0)] {
            let x = try TensorValue(
                [Float](repeating: 1, count: rows * channels * 3), shape: [rows, channels, 3])
            let weight = try TensorValue(
                [Float](repeating: 1, count: 4 * channels * 2), shape: [4, channels, 2])
            let cotangent = try TensorValue([Float](repeating: 1, count: rows * 16), shape: [rows, 4, 4])
            try expectTwin(.convolution(windows), [x, weight])
            try expectTwin(.convolutionInputGradient(windows), [cotangent, weight, x])
            try expectTwin(.convolutionWeightGradient(windows), [x, cotangent, weight])
        }
    }

    @Test("one plan on many threads gives the same bits on each, and counts what it works in")
    func threads() async throws {
        let windows = Convolution(strides: [1, 1], padding: [2, 2], dilations: [1, 1])
        var draw = Draw(seed: 9)
        let x = try draw.floats([4, 32, 14, 14]), weight = try draw.floats([64, 32, 5, 5])
        let graph = Graph(
            inputs: [x, weight].enumerated().map {
                Graph.Input(
                    name: "\($0)", elementType: .float32, dimensions: $1.shape.dimensions.map { $0 })
            }, constants: [], nodes: [.init(.convolution(windows), [0, 1])], outputs: [2])
        let plan = try Plan(graph, inputs: [x.type, weight.type])
        // Inputs and result alone would be less: another layout of each is in it too.
        #expect(plan.ownByteCount > graph.nodes.count * 4 * 64 * 14 * 14 * 4)
        @Sendable func run() throws -> TensorValue {
            let execution = Execution(plan)
            try execution.bind(x, to: 0)
            try execution.bind(weight, to: 1)
            for _ in 0..<5 { try execution.run() }
            return execution.output(0)
        }
        let first = try run()
        try await withThrowingTaskGroup(of: TensorValue.self) { group in
            for _ in 0..<8 { group.addTask { try run() } }
            for try await value in group { #expect(value == first) }
        }
    }

    @Test("pools of any windows, with ties and numbers that are none")
    func pools() throws {
        var draw = Draw(seed: 21)
        for _ in 0..<80 {
            let rank = 1 + draw.number(below: 3)
            let sizes = (0..<rank).map { _ in 1 + draw.number(below: 3) }
            let pool = Pool(
                sizes: sizes, strides: sizes.map { _ in 1 + draw.number(below: 3) },
                padding: sizes.map { draw.number(below: $0 / 2 + 1) })
            let shape =
                [1 + draw.number(below: 2), draw.number(below: 3)] + sizes.map { $0 + draw.number(below: 4) }
            let x = try draw.steps(shape)
            try expectTwin(.maxPool(pool), [x])
            try expectTwin(.sumPool(pool), [x])
            let windows = try Operation.sumPool(pool).outputTypes(of: [x.type])[0].shape.dimensions
            try expectTwin(.sumPoolGradient(pool), [try draw.steps(windows), x])
        }
        let broken = try TensorValue([1, .nan, 3, .infinity, -.infinity, .nan] as [Float], shape: [1, 1, 6])
        try expectTwin(.maxPool(Pool(sizes: [2], strides: [1], padding: [1])), [broken])
    }

    @Test("indices out of range are named")
    func indices() throws {
        let table = try TensorValue([1, 2, 3, 4] as [Float], shape: [2, 2])
        for index in [-1, 2, Int64.max, .min] {
            let indices = try TensorValue([index], shape: [1])
            #expect(throws: TensorError.self) { try evaluate(.takeRows, [table, indices]) }
            let row = try TensorValue([1, 2] as [Float], shape: [1, 2])
            #expect(throws: TensorError.self) { try evaluate(.scatterRows, [row, indices, table]) }
            let places = try TensorValue([index, 0], shape: [2, 1])
            #expect(throws: TensorError.self) { try evaluate(.takePlanes(axes: 1), [table, places]) }
        }
    }
}
