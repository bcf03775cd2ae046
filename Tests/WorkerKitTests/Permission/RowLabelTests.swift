import Testing

@testable import WorkerKit

@Suite("What labels say")
struct RowLabelTests {
    private let batch = RowBatch(dataset: "digits", part: "train 0/1", rowCount: 40)

    @Test("datasets are named sorted, each once; an open value has none")
    func datasets() {
        #expect(RowLabel.open.datasets.isEmpty)
        #expect(RowLabel.rows(batch, modelled: true).datasets == ["digits"])
        #expect(RowLabel.secret(datasets: ["b", "a", "b"]).datasets == ["a", "b"])
        let aggregate = RowLabel.aggregate(datasets: ["z", "y", "z"], rowCount: 3, modelled: false)
        #expect(aggregate.datasets == ["y", "z"])
    }

    @Test(
        "only what is open, or summed over enough rows of a model, may leave", arguments: [0, 1, 39, 40, 41])
    func leaving(rowsMinimum: Int) {
        func mayLeave(_ label: RowLabel) -> Bool {
            RowAnalysis.mayLeave(label, rowsMinimum: rowsMinimum)
        }
        #expect(mayLeave(.open))
        #expect(!mayLeave(.rows(batch, modelled: true)))
        #expect(!mayLeave(.rows(batch, modelled: false)))
        #expect(!mayLeave(.secret(datasets: ["digits"])))
        #expect(!mayLeave(.secret(datasets: [])))
        #expect(!mayLeave(.aggregate(datasets: ["digits"], rowCount: 1000, modelled: false)))
        let loss = RowLabel.aggregate(datasets: ["digits"], rowCount: 40, modelled: true)
        #expect(mayLeave(loss) == (rowsMinimum <= 40))
    }

    @Test("a state and its label say the same; rows that another batch had a part in are secret")
    func states() {
        let labels: [RowLabel] = [
            .open, .rows(batch, modelled: true), .rows(batch, modelled: false),
            .aggregate(datasets: ["a", "b"], rowCount: 7, modelled: true), .secret(datasets: ["a"]),
            .secret(datasets: []),
        ]
        for label in labels { #expect(RowState(label, isFloat: true).label == label) }
        var mixed = RowState(.rows(batch, modelled: true), isFloat: true)
        mixed.source.rowCount = 39
        #expect(mixed.label == .secret(datasets: ["digits"]))
        mixed.source.rowCount = 40
        mixed.source.datasets = ["digits", "other"]
        #expect(mixed.label == .secret(datasets: ["digits", "other"]))
    }
}
