/// Bodies of jobs read before: a loop sends the same one over and over, and comparing it costs less than reading
/// it.
package struct ParsedBodies {
    private var recent: [(body: [UInt8], job: JobJob)] = []

    /// Bodies kept: as many as small loops at once.
    private static let countMaximum = 8
    /// The longest body kept; longer ones bring a graph along, and so come once.
    private static let byteCountMaximum = 1_024

    /// Nothing read yet.
    package init() {}

    /// The job a body holds.
    ///
    /// - Throws: `JobError.malformed` or `.limitExceeded` for bytes that are none.
    mutating func parse(_ body: [UInt8]) throws(JobError) -> JobJob {
        if let known = recent.first(where: { $0.body == body }) { return known.job }
        let wire = try Jobs.parse(JobBody.self, body)
        try checkKnown(wire)
        guard wire.hasJob else { throw .malformed("there is no job in the body") }
        let job = wire.job
        guard body.count <= ParsedBodies.byteCountMaximum else { return job }
        if recent.count >= ParsedBodies.countMaximum { recent.removeFirst() }
        recent.append((body, job))
        return job
    }
}
