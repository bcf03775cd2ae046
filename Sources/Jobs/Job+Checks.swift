import Protocol
import Tensor

extension Job {
    /// Checks all that can be checked without shapes and data.
    ///
    /// - Throws: `JobError` with the first rule broken.
    package func check() throws(JobError) {
        try checkMade()
        switch compute {
        case .nothing:
            for (number, source) in sources.enumerated() { try checkWithoutFold(source, number) }
        case .graph(_, let inputs):
            for number in inputs ?? Array(sources.indices) {
                try checkWithoutFold(try source(number), number)
            }
        case .fold(let fold):
            try fold.check(sources)
            try fold.check("outputs", outputs.count, outputCount)
        }
        guard outputs.isEmpty || outputs.count == outputCount else {
            throw .malformed("\(outputs.count) destinations for \(outputCount) outputs")
        }
        if !outputs.isEmpty { try checkDestinations() }
    }

    /// A few bytes must not ask for more memory than a graph may take.
    private func checkMade() throws(JobError) {
        var byteCount = 0
        for source in sources {
            guard let type = source.made else { continue }
            byteCount = byteCount.addingSaturated(type.byteCount)
            if case .random = source, type.elementType != .float32 {
                throw .invalid("random numbers are float32, not \(type.elementType)")
            }
        }
        try checkCount("bytes of zeros and random numbers", byteCount, JobLimits.planByteCountMaximum)
    }

    private func source(_ number: Int) throws(JobError) -> Source {
        guard sources.indices.contains(number) else {
            throw .malformed("source \(number) of \(sources.count)")
        }
        return sources[number]
    }

    private func checkWithoutFold(_ source: Source, _ number: Int) throws(JobError) {
        if case .state = source { throw .malformed("source \(number) is a state, which only a fold has") }
        guard !source.isOfEnd else {
            throw .malformed("source \(number) is what a fold ends with, and there is none")
        }
    }

    /// Checks that nothing is kept twice, that nothing comes back from a transfer, and that what is of one shard is
    /// not kept for several.
    private func checkDestinations() throws(JobError) {
        var kept: [ObjectID] = [], transferred: [ObjectID] = [], states: Set<State> = []
        var worker: SessionID?
        for output in outputs {
            switch output.destination {
            case .release: continue
            case .object(let object): kept.append(object)
            case .state(let state):
                guard case .fold = compute else { throw .malformed("a state is kept of a fold alone") }
                guard states.insert(state).inserted else {
                    throw .malformed("state \(state.name) is kept twice")
                }
            case .sum:
                guard case .fold = compute else { throw .malformed("a sum is over the shards of a fold") }
            case .transfer(let other, let object):
                guard other == worker ?? other else { throw .malformed("a job transfers to one worker") }
                worker = other
                transferred.append(object)
            }
        }
        try checkDistinct(kept)
        try checkDistinct(transferred)
        if worker != nil,
            let left = outputs.firstIndex(where: { $0.destination == .release || $0.destination.isSum })
        {
            throw .malformed("output \(left) would come back: a transfer brings nothing back")
        }
        if case .fold(let fold) = compute, fold.shards.count > 1, !kept.isEmpty || worker != nil {
            throw .invalid("what several shards gave becomes no object: it is released, or kept as a state")
        }
    }
}

/// Checks that no object is kept twice by one job.
private func checkDistinct(_ objects: [ObjectID]) throws(JobError) {
    guard objects.count > 1 else { return }
    var seen = Set<ObjectID>(minimumCapacity: objects.count)
    for object in objects where !seen.insert(object).inserted {
        throw .malformed("object \(object) is kept twice")
    }
}

extension Fold {
    /// Checks that counts fit the graphs, that sources are such as a fold may have, and that schedules are within
    /// limits; shapes are checked when plans are made.
    func check(_ sources: [Job.Source]) throws(JobError) {
        let inputCount = step.graph.inputs.count
        try require(
            inputCount == states.count + constants.count + columns.count,
            "the step graph has \(inputCount) inputs for \(states.count) states, \(constants.count) constants and "
                + "\(columns.count) columns")
        try require(
            metricCount >= 0,
            "the step graph has \(step.graph.outputs.count) outputs for \(states.count) states")
        try require(
            finish.graph.inputs.count == finishInputs.count,
            "the finish graph has \(finish.graph.inputs.count) inputs for \(finishInputs.count) sources")
        for number in states + constants { try check(number, sources, isEnd: false) }
        for number in finishInputs { try check(number, sources, isEnd: true) }
        try require(!columns.isEmpty, "a fold reads at least one column")
        try require(!shards.isEmpty, "a fold has at least one shard")
        try checkDistinctShards()
        try check("epochs", epochs, 1...JobLimits.epochsMaximum)
        for rows in shards { try check("batch size", rows.batchSize, 1...JobLimits.batchSizeMaximum) }
    }

    /// Checks that the finish graph has so many outputs.
    func check(_ what: String, _ got: Int, _ count: Int) throws(JobError) {
        try require(got == count || got == 0, "the finish graph has \(count) outputs for \(got) \(what)")
    }

    private func check(_ number: Int, _ sources: [Job.Source], isEnd: Bool) throws(JobError) {
        guard sources.indices.contains(number) else {
            throw .malformed("source \(number) of \(sources.count)")
        }
        let source = sources[number]
        switch source {
        case .value, .object, .zeros, .random, .state: return
        case .column: throw .invalid("source \(number) is a whole column, of which a fold reads batches")
        case .firstState, .lastState, .metric, .examples: break
        }
        guard isEnd else {
            throw .malformed("source \(number) is what a fold ends with, and is needed where it begins")
        }
        switch source {
        case .firstState(let state), .lastState(let state):
            try require(states.indices.contains(state), "state \(state) of \(states.count)")
        case .metric(let metric):
            try require(metric >= 0 && metric < metricCount, "metric \(metric) of \(metricCount)")
        default: return
        }
    }

    /// Two folds over one shard would keep its state twice.
    private func checkDistinctShards() throws(JobError) {
        guard shards.count > 1 else { return }
        var seen = Set<ShardReference>(minimumCapacity: shards.count)
        for rows in shards where !seen.insert(rows.shard).inserted {
            throw .invalid("shard \(rows.shard) stands there twice")
        }
    }

    private func require(_ condition: Bool, _ reason: @autoclosure () -> String) throws(JobError) {
        guard condition else { throw .invalid(reason()) }
    }

    private func check(_ what: String, _ got: Int, _ range: ClosedRange<Int>) throws(JobError) {
        guard range.contains(got) else { throw .invalid("\(what) is \(got), allowed is \(range)") }
    }
}
