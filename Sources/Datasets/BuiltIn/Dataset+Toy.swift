import Tensor

extension Dataset {
    /// The four rows of the tutorial: two features, and a target that equals the first of them. No test part.
    static func toy() throws(DatasetError) -> Dataset {
        let features = Column(
            name: "features", role: .feature, elementType: .float32, rowShape: try checked(Shape([2])))
        let target = Column(
            name: "target", role: .label, elementType: .float32, rowShape: try checked(Shape([1])))
        let inputs: [Float] = [0, 0, 0, 1, 1, 0, 1, 1]
        let targets: [Float] = [0, 0, 1, 1]
        let table = try Table(
            schema: Schema([features, target]),
            values: [
                checked(TensorValue(inputs, shape: [4, 2])),
                checked(TensorValue(targets, shape: [4, 1])),
            ],
        )
        return try Dataset(name: BuiltIn.toy.rawValue, tags: ["tutorial"], train: table)
    }
}
