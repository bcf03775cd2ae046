internal import COneDNN

/// One matrix product: `output = left · right`, sizes and how each side lies in memory.
struct MatrixProduct: Sendable, Hashable {
    /// Rows of left and output.
    let rows: Int
    /// Columns of right and output.
    let columns: Int
    /// Columns of left, rows of right.
    let inner: Int
    /// Whether left is stored as [inner, rows].
    var transposesLeft = false
    /// Whether right is stored as [columns, inner].
    var transposesRight = false

    /// Computes one product.
    ///
    /// - Throws: `TensorError.valueMismatch` should oneDNN refuse, for want of memory.
    fileprivate func multiply(
        _ left: UnsafeMutablePointer<Float>, _ right: UnsafeMutablePointer<Float>,
        into output: UnsafeMutablePointer<Float>, _ flag: CancelFlag
    ) throws(TensorError) {
        guard rows > 0, columns > 0 else { return }
        // oneDNN leaves the output alone when there is nothing to add up.
        guard inner > 0 else {
            return flag.forEachPiece(of: rows * columns) { start, end in
                unsafe (output + start).update(repeating: 0, count: end - start)
            }
        }
        if multiplicationCount <= MatrixProduct.smallCount {
            return unsafe multiplySmall(left, right, into: output)
        }
        let panel = self.panel
        for row in stride(from: 0, to: rows, by: panel.rows) {
            for column in stride(from: 0, to: columns, by: panel.columns) {
                // The first is asked for by whoever runs the kernel.
                if row + column > 0, flag.isSet { return }
                try unsafe multiply(
                    min(panel.rows, rows - row), min(panel.columns, columns - column),
                    left + row * (transposesLeft ? 1 : inner),
                    right + column * (transposesRight ? inner : 1), into: output + row * columns + column)
            }
        }
    }

    /// How much of the output one call computes: all of it but for products that take long, so that they can
    /// be left off. The cut is a function of the sizes alone, and so are the bits.
    var panel: (rows: Int, columns: Int) {
        guard multiplicationCount > MatrixProduct.panelCount else { return (rows, columns) }
        func whole(_ count: Int) -> Int { count < 64 ? max(1, count) : count / 64 * 64 }
        let panelColumns = min(columns, whole(MatrixProduct.panelCount / inner))
        return (min(rows, whole(MatrixProduct.panelCount / (panelColumns * inner))), panelColumns)
    }

    /// The number of multiplications of the whole product: at most 2⁶², as output and sides are shapes.
    private var multiplicationCount: Int { rows * columns * inner }

    /// About as many elements as an elementwise kernel goes through in the same time.
    fileprivate var cost: Int { multiplicationCount / 4 }

    /// The multiplications of one call: some hundredths of a second.
    static let panelCount = 1 << 30

    /// Computes a part of the output, whose rows stay as long as they are.
    private func multiply(
        _ partRows: Int, _ partColumns: Int, _ left: UnsafeMutablePointer<Float>,
        _ right: UnsafeMutablePointer<Float>, into output: UnsafeMutablePointer<Float>
    ) throws(TensorError) {
        let status = unsafe dnnl_sgemm(
            transposesLeft ? MatrixProduct.transposed : MatrixProduct.plain,
            transposesRight ? MatrixProduct.transposed : MatrixProduct.plain,
            dnnl_dim_t(partRows), dnnl_dim_t(partColumns), dnnl_dim_t(inner), 1,
            left, dnnl_dim_t(transposesLeft ? rows : inner),
            right, dnnl_dim_t(transposesRight ? inner : columns), 0, output, dnnl_dim_t(columns))
        guard status == dnnl_success else {
            throw .valueMismatch(
                name: "dnnl_sgemm \(rows)x\(columns)x\(inner)", expected: "success",
                got: "status \(status.rawValue)")
        }
    }

    /// Up to this many multiplications, calling oneDNN takes longer than computing.
    private static let smallCount = 256

    /// Computes a product of few numbers, each sum in the order of the inner axis.
    private func multiplySmall(
        _ left: UnsafeMutablePointer<Float>, _ right: UnsafeMutablePointer<Float>,
        into output: UnsafeMutablePointer<Float>
    ) {
        let leftStep = transposesLeft ? rows : 1, rightStep = transposesRight ? 1 : columns
        let nextRow = transposesLeft ? 1 : inner, nextColumn = transposesRight ? inner : 1
        var o = unsafe output
        for row in 0..<rows {
            for column in 0..<columns {
                var a = unsafe left + row &* nextRow, b = unsafe right + column &* nextColumn
                var sum = unsafe a[0] * b[0]
                for _ in 1..<inner {
                    unsafe a += leftStep
                    unsafe b += rightStep
                    unsafe sum += a[0] * b[0]
                }
                unsafe o[0] = sum
                unsafe o += 1
            }
        }
    }

    private static let plain = CChar(UInt8(ascii: "N"))
    private static let transposed = CChar(UInt8(ascii: "T"))
}

extension Kernel {
    /// Products of matrices, one for each position of the leading axes.
    ///
    /// - Parameter batches: the leading axes with the offsets of left and right, every position a row.
    static func product(_ product: MatrixProduct, batches: Walk) -> Kernel {
        let outputLength = product.rows * product.columns
        return Kernel { (operands) throws(TensorError) in
            let left = unsafe operands.first.floats, right = unsafe operands.second.floats
            let output = unsafe operands.output.floats
            if batches.rowCount == 1 {
                return try unsafe product.multiply(left, right, into: output, operands.flag)
            }
            var failure: TensorError?
            let flag = operands.flag
            batches.forEachRow(flag, cost: product.cost) { row, offsets in
                guard failure == nil else { return }
                do throws(TensorError) {
                    try unsafe product.multiply(
                        left + offsets[0], right + offsets[1], into: output + row * outputLength, flag)
                } catch { failure = error }
            }
            if let failure { throw failure }
        }
    }

    /// `x · weightᵀ + bias`, and what is negative set to 0 where relu follows.
    static func linear(x: Shape, weight: Shape, rectifies: Bool) -> Kernel {
        let product = MatrixProduct(
            rows: x.leading(dropping: 1).elementCount, columns: weight[0], inner: weight[1],
            transposesRight: true)
        return Kernel { (operands) throws(TensorError) in
            let output = unsafe operands.output.floats, bias = unsafe operands.third.floats
            try unsafe product.multiply(
                operands.first.floats, operands.second.floats, into: output, operands.flag)
            var pace = Pace(operands.flag)
            for row in 0..<product.rows {
                if pace.isOver(after: product.columns) { return }
                let o = unsafe output + row * product.columns
                var i = 0
                if rectifies {
                    while i < product.columns {
                        let sum = unsafe o[i] + bias[i]
                        unsafe o[i] = sum < 0 ? 0 : sum
                        i &+= 1
                    }
                } else {
                    while i < product.columns { unsafe o[i] += bias[i]; i &+= 1 }
                }
            }
        }
    }
}

/// How threads that compute are set up.
package enum ComputeThread {
    /// Tells oneDNN to use no other thread than the calling one, for as long as it lives.
    ///
    /// One job runs on one thread: more jobs, not more threads, fill a machine, and sums stay in one order.
    /// Floating point stays as the system starts a thread: denormal numbers are kept, never flushed to zero.
    ///
    /// Running a plan does this by itself; the setting is the calling thread's and costs next to nothing.
    package static func prepare() {
        setThreadCount?(1)
    }

    private static let setThreadCount = fagure_thread_count_setter()
}
