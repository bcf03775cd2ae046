// Convolutions and pools of x [rows, channels, spatial…], with a number for each of one to three spatial axes.
extension Tensor {
    /// What deep learning calls a convolution: sums of products of windows with a weight, [rows, out, spatial…].
    ///
    /// - Parameters:
    ///   - weight: [out, in / groups, spatial…].
    ///   - stride: the distance between neighbouring windows; its count says how many spatial axes there are.
    ///   - padding: how many zeros lie before and after the elements; none unless given.
    ///   - dilation: the distance between neighbours within a window; 1 unless given.
    ///   - groups: into how many parts channels are cut, each made of one.
    public func convolution(
        _ weight: Tensor, stride: [Int] = [1, 1], padding: [Int]? = nil, dilation: [Int]? = nil,
        groups: Int = 1,
        file: StaticString = #fileID, line: Int = #line
    ) -> Tensor {
        let windows = Convolution(
            strides: stride, padding: padding ?? stride.map { _ in 0 },
            dilations: dilation ?? stride.map { _ in 1 }, groups: groups)
        return applying(.convolution(windows), weight, file: file, line: line)
    }

    /// The largest element of each window, and where in its plane it lies, int64; padding is never chosen.
    ///
    /// - Parameters:
    ///   - size: of a window.
    ///   - stride: the distance between neighbouring windows; as their size unless given.
    ///   - padding: how many places without elements lie before and after them, at most half the size.
    public func maxPool(
        _ size: [Int], stride: [Int]? = nil, padding: [Int]? = nil, file: StaticString = #fileID,
        line: Int = #line
    ) -> (values: Tensor, indices: Tensor) {
        let values = applying(.maxPool(Pool(size, stride, padding)), file: file, line: line)
        return (values, values.result(1))
    }

    /// The sum over each window, padding counted as zeros; see `maxPool`.
    public func sumPool(
        _ size: [Int], stride: [Int]? = nil, padding: [Int]? = nil, file: StaticString = #fileID,
        line: Int = #line
    ) -> Tensor {
        applying(.sumPool(Pool(size, stride, padding)), file: file, line: line)
    }

    /// The mean over each window, padding counted as zeros; see `maxPool`.
    public func averagePool(
        _ size: [Int], stride: [Int]? = nil, padding: [Int]? = nil, file: StaticString = #fileID,
        line: Int = #line
    ) -> Tensor {
        let pool = Pool(size, stride, padding)
        let count = pool.sizes.reduce(1) { $0.multipliedSaturated(by: $1) }
        return applying(.sumPool(pool), file: file, line: line)
            .applying(.divide, Tensor(Float(count)), file: file, line: line)
    }
}

extension Pool {
    fileprivate init(_ sizes: [Int], _ strides: [Int]?, _ padding: [Int]?) {
        self.init(sizes: sizes, strides: strides ?? sizes, padding: padding ?? sizes.map { _ in 0 })
    }
}
