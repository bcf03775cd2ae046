/// The shapes of a convolution: x [rows, in, spatial…], weight [out, in / groups, spatial…] and result.
struct ConvolutionShapes: Sendable, Hashable {
    let x: Shape
    let weight: Shape
    let output: Shape

    /// Whether there is nothing to multiply.
    var isEmpty: Bool { x.elementCount == 0 || weight.elementCount == 0 || output.elementCount == 0 }
}

/// One convolution or gradient of one, as data.
struct ConvolutionWork: Sendable, Hashable {
    /// What is made of the two others.
    enum Side: Sendable, Hashable {
        /// Of x and weight.
        case output
        /// Of cotangent and weight.
        case x
        /// Of x and cotangent.
        case weight
    }

    let side: Side
    let convolution: Convolution
    let shapes: ConvolutionShapes

    /// The shape of what is made.
    var made: Shape {
        switch side {
        case .output: shapes.output
        case .x: shapes.x
        case .weight: shapes.weight
        }
    }
}

extension ConvolutionWork: CustomStringConvertible {
    /// The work and its sizes, such as `convolution [32, 1, 28, 28], weight [32, 1, 5, 5]`.
    var description: String {
        let whole = "\(shapes.x), weight \(shapes.weight)"
        let groups = convolution.groups == 1 ? "" : ", \(convolution.groups) groups"
        return switch side {
        case .output: "convolution \(whole)\(groups)"
        case .x: "gradient of x of convolution \(whole)\(groups)"
        case .weight: "gradient of weight of convolution \(whole)\(groups)"
        }
    }
}
