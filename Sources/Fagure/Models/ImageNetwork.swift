import Protocol
import Tensor

/// Convolutions with relu, each pooled by 2, then layers with relu between them, and one for the outputs.
struct ImageNetwork {
    private let name: String
    /// The channels each convolution makes.
    private let channels: [Int]
    /// Whether an image stays as large as it is until it is pooled.
    private let isPadded: Bool
    /// The widths of the layers behind.
    private let widths: [Int]

    /// The height and width of a convolution's windows.
    private static let kernelSize = 5

    /// The network of a kind; none of a kind that is no such.
    init?(_ kind: ModelKind) {
        name = kind.name
        switch kind {
        case .cnn: (channels, isPadded, widths) = ([32, 64], true, [512])
        case .lenet: (channels, isPadded, widths) = ([6, 16], false, [120, 84])
        case .linear, .logistic, .mlp: return nil
        }
    }

    /// Makes the network with its first weights, a function of the seed alone.
    ///
    /// - Throws: `ModelError.invalid` where rows are no images, or too small.
    func makeModel(for task: LearningTask, seed: UInt64) throws(ModelError) -> Sequential {
        guard let image = task.imageSizes else {
            throw .invalid(
                "model \(name) reads images [height, width] or [channels, height, width], a row of "
                    + "\(task.feature.name) of data set \(task.dataset) is \(task.feature.dimensions)")
        }
        let sizes = [try pooled(image[1], image), try pooled(image[2], image)]
        let inputs = [image[0]] + channels.dropLast()
        let flat = (channels.last ?? 1) * sizes[0] * sizes[1]
        let layers = zip([flat] + widths, widths + [task.outputCount])
        let area = ImageNetwork.kernelSize * ImageNetwork.kernelSize
        try Travelling.check(layers: zip(inputs, channels).map { ($0 * area, $1) } + layers.map { ($0, $1) })
        var random = Philox(seed: seed, purpose: .initialization)
        var modules: [any Module] = [Unflatten(image)]
        do throws(TensorError) {
            for (input, output) in zip(inputs, channels) {
                modules.append(
                    try Conv2d(
                        input, output, kernelSize: ImageNetwork.kernelSize,
                        padding: isPadded ? ImageNetwork.kernelSize / 2 : 0, using: &random))
                modules += [ReLU(), MaxPool2d(2)]
            }
            modules.append(Flatten())
            for (index, (input, output)) in layers.enumerated() {
                if index > 0 { modules.append(ReLU()) }
                modules.append(try Linear(input, output, using: &random))
            }
        } catch {
            throw .invalid("\(error)")
        }
        return Sequential(modules)
    }

    /// What is left of a side of an image behind all convolutions and pools.
    private func pooled(_ side: Int, _ image: [Int]) throws(ModelError) -> Int {
        let left = channels.reduce(side) { side, _ in
            (side - (isPadded ? 0 : ImageNetwork.kernelSize - 1)) / 2
        }
        guard left >= 1 else {
            throw .invalid(
                "model \(name) halves an image \(channels.count) times, one of \(image[1])x\(image[2]) is too small"
            )
        }
        return left
    }
}
