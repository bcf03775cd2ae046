import Ground
import Tensor

/// Bodies of jobs read before: a loop sends the same one over and over, and comparing it costs less than reading
/// it.
package struct ParsedBodies {
    /// A job as its body tells it, checked; its tensors come beside the body, and differ.
    struct Outline {
        /// The job; where a tensor belongs stands one zero.
        let job: Job
        /// The numbers of the sources that are tensors, and where each lies.
        let tensors: [(source: Int, place: TensorPlace)]

        /// What stands for a tensor.
        static let missing = TensorValue.zeros(ValueType(.float32, .scalar))

        /// The job with its tensors.
        ///
        /// - Throws: `JobError.malformed` for a tensor that is not in the frames.
        func job(_ reader: inout TensorFrameReader) throws(JobError) -> Job {
            var job = job
            for (source, place) in tensors { job.sources[source] = .value(try reader.value(place)) }
            return job
        }
    }

    private var recent: [(body: [UInt8], outline: Outline)] = []

    /// Bodies kept: as many as small loops at once.
    private static let countMaximum = 8
    /// The longest body kept; longer ones bring a graph along, and so come once.
    private static let byteCountMaximum = 1_024

    /// Nothing read yet.
    package init() {}

    /// What a body was found to hold.
    func outline(of body: [UInt8]) -> Outline? { recent.first { $0.body == body }?.outline }

    /// Keeps what a body was found to hold, in place of the oldest.
    mutating func keep(_ outline: Outline, of body: [UInt8]) {
        guard body.count <= ParsedBodies.byteCountMaximum else { return }
        if recent.count >= ParsedBodies.countMaximum { recent.removeFirst() }
        recent.append((body, outline))
    }
}
