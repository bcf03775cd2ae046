/// The largest element of each window of images [rows, channels, height, width].
public struct MaxPool2d: Module {
    /// How the windows lie.
    public let pool: Pool

    /// Windows of a height and width, side by side unless a stride is given.
    ///
    /// - Parameter padding: how many places without elements lie around an image, at most half the size.
    public init(_ size: Int, stride: Int? = nil, padding: Int = 0) {
        pool = Pool(size, stride, padding)
    }

    /// Its sizes: `MaxPool2d(2)`.
    public var heading: String { "MaxPool2d(\(pool.text))" }

    /// The module itself: it has no parameters.
    public func copy() -> MaxPool2d { self }

    /// Records the function.
    public func callAsFunction(_ x: Tensor) -> Tensor { x.applying(.maxPool(pool)) }
}

/// The mean of each window of images [rows, channels, height, width], padding counted as zeros.
public struct AvgPool2d: Module {
    /// How the windows lie.
    public let pool: Pool

    /// Windows of a height and width, side by side unless a stride is given.
    ///
    /// - Parameter padding: how many zeros lie around an image, at most half the size.
    public init(_ size: Int, stride: Int? = nil, padding: Int = 0) {
        pool = Pool(size, stride, padding)
    }

    /// Its sizes: `AvgPool2d(2)`.
    public var heading: String { "AvgPool2d(\(pool.text))" }

    /// The module itself: it has no parameters.
    public func copy() -> AvgPool2d { self }

    /// Records the function.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        x.averagePool(pool.sizes, stride: pool.strides, padding: pool.padding)
    }
}

extension Pool {
    fileprivate init(_ size: Int, _ stride: Int?, _ padding: Int) {
        let stride = stride ?? size
        self.init(sizes: [size, size], strides: [stride, stride], padding: [padding, padding])
    }

    /// What it was made of.
    fileprivate var text: String {
        let stride = strides[0] == sizes[0] ? "" : ", stride: \(strides[0])"
        return "\(sizes[0])\(stride)\(padding[0] == 0 ? "" : ", padding: \(padding[0])")"
    }
}
