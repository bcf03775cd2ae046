import Testing

@testable import Tensor

@Suite("what is printed of tensors and modules")
struct DescriptionTests {
    @Test("numbers, computed where they must be; types where numbers do not tell them")
    func tensors() throws {
        let x = Tensor([[1, 2], [3, 10.5]])
        #expect("\(x)" == "[[ 1.0,  2.0],\n [ 3.0, 10.5]]")
        #expect("\(x[0] * 2)" == "[2.0, 4.0]" && "\(x.sum())" == "16.5")
        #expect("\(Tensor([[1, 2]]))" == "[[1.0, 2.0]]" && "\(Tensor(3))" == "3.0")
        #expect("\(Tensor(labels: [3, 1]))" == "[3, 1] int64 [2]")
        #expect("\(Tensor.zeros([0, 3]))" == "[] float32 [0, 3]")
        #expect("\(Tensor.stride(to: 1_000))" == "[0.0, 1.0, 2.0, …, 997.0, 998.0, 999.0] float32 [1000]")
        let many = "\(Tensor.zeros([50, 1, 60]))"
        #expect(
            many.hasPrefix("[[[0.0, 0.0, 0.0, …, 0.0, 0.0, 0.0]],\n\n [[")
                && many.hasSuffix("float32 [50, 1, 60]"))
        #expect("\(Tensor.zeros([100]))".split(separator: "\n").allSatisfy { $0.count <= 101 })
    }

    @Test("what cannot be computed says what it is and why")
    func failures() {
        let input = "\(Tensor.input("x", dimensions: [2, 3]) * 2)"
        #expect(input.hasPrefix("float32 [2, 3], not computed: placeholder 'x'"), "\(input)")
        let sum = "\(Tensor([1, 2]) + Tensor([1, 2, 3]))"
        #expect(sum.contains("cannot be computed") && sum.contains("do not broadcast"), "\(sum)")
    }

    @Test("to look at a parameter changes nothing")
    func looking() throws {
        let model = try Linear(weight: [[0.25, -0.5]], bias: [0.125])
        #expect("\(model.weight)" == "parameter 'weight': [[0.25, -0.5]]")
        let optimizer = SGD(model.parameters, learningRate: 1)
        model.weight.tensor.sum().backward()
        optimizer.step()
        let version = model.weight.cell.version
        #expect("\(model.weight)" == "parameter 'weight': [[-0.75, -1.5]]")
        #expect(model.weight.cell.version === version && !version.isSettled)
    }

    @Test("modules are shown with what is in them, and how many parameters that has")
    func modules() throws {
        struct Block: Module {
            let first: Linear
            let rest: [Linear]
            var parameters: [NamedParameter] { first.parameters + rest.flatMap(\.parameters) }
            func callAsFunction(_ x: Tensor) -> Tensor { rest.reduce(first(x)) { $1($0) } }
            func copy() -> Block { self }
        }
        let one = try Linear(1, 1, bias: false)
        #expect("\(one)" == "Linear(1, 1, bias: false), 1 parameter")
        let model = Sequential(Block(first: try Linear(4, 2), rest: [try Linear(2, 1)]), ReLU())
        #expect(
            "\(model)" == """
                Sequential(
                  (0): Block(
                    (first): Linear(4, 2), 10 parameters
                    (rest.0): Linear(2, 1), 3 parameters
                  ), 13 parameters
                  (1): ReLU
                ), 13 parameters
                """)
    }
}
