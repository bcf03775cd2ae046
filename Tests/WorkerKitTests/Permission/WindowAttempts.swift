import Tensor

@testable import WorkerKit

extension Attempt {
    /// Images of a column: [rows, 1, 2, 3].
    private static func images(_ bench: Bench) -> Tensor {
        bench.pixels.tensor.cast(to: .float32).reshaped(to: [0, 1, 2, 3])
    }

    /// The same, met by a model.
    private static func modelled(_ bench: Bench) -> Tensor { images(bench) * bench.scalar.tensor }

    /// By windows, tables, and parts side by side.
    static let windowed: [Attempt] = [
        Attempt("sums of windows of a column") { images($0).sumPool([2, 2], stride: [1, 1]).sum() },
        Attempt("the largest of windows of a column") { images($0).maxPool([2, 3]).values.sum() },
        Attempt("the sum of a padded column") {
            images($0).padded(before: [0, 0, 1], after: [0, 0, 1]).sum()
        },
        Attempt("where a model's largest lies") {
            modelled($0).maxPool([2, 3]).indices.cast(to: .float32).sum()
        },
        Attempt("for how many rows it lies somewhere") {
            modelled($0).maxPool([2, 3]).indices.equal(to: Tensor(2).cast(to: .int64)).sum()
        },
        Attempt("a class for where it lies") {
            modelled($0).maxPool([2, 3]).indices.oneHot(depth: 6).sum(axes: [0])
        },
        Attempt("windows weighed by rows") { bench in
            let kernel = modelled(bench).reshaped(to: [1, -1, 2, 3])
            return images(bench).reshaped(to: [1, -1, 2, 3]).convolution(kernel).sum()
        },
        Attempt("a column's sum by windows of weight 1 along the rows") { bench in
            let line = bench.features.tensor.reshaped(to: [1, 1, -1, Bench.featureCount])
            return line.convolution(bench.picker.tensor.reshaped(to: [1, 1, -1, 1])).sum()
        },
        Attempt("a column beside what a model met, and cut off again") { bench in
            let both = Tensor.concatenated(
                [bench.features.tensor, bench.features.tensor * bench.weight.tensor], axis: 1)
            return both.sliced(starts: [0, 0], stops: [.max, Bench.featureCount]).sum()
        },
        Attempt("one row of what a model met") {
            ($0.features.tensor * $0.weight.tensor).sliced(starts: [3], stops: [4]).sum()
        },
        Attempt("every second row") {
            ($0.features.tensor * $0.weight.tensor).sliced(starts: [0], stops: [.max], steps: [2]).sum()
        },
        Attempt("rows before rows") { bench in
            let scores = bench.features.tensor * bench.weight.tensor
            return Tensor.concatenated([scores, bench.wide.tensor]).sum()
        },
        Attempt("sums of all rows up to one") {
            ($0.features.tensor * $0.weight.tensor).cumulativeSum(axis: 0).sum()
        },
        Attempt("a row moved by one") {
            ($0.features.tensor * $0.weight.tensor).padded(before: [1], after: [0]).sum()
        },
        Attempt("how often each class is there, by a table") { bench in
            (bench.features.tensor.sum(axes: [1]) * 0 + 1).scatterRows(
                at: bench.classes.tensor, like: bench.bias.tensor)
        },
        Attempt("rows looked up in rows") {
            ($0.features.tensor * $0.weight.tensor).rows(at: $0.classes.tensor).sum()
        },
    ]
}
