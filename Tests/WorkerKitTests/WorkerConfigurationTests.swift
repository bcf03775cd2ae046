import Testing

@testable import WorkerKit

@Suite("What a worker is told")
struct WorkerConfigurationTests {
    @Test("unless told otherwise a worker lends a gibibyte and lets nothing out over fewer than 32 rows")
    func defaults() {
        let configuration = WorkerConfiguration(name: "bob", endpoint: "inproc://broker", shards: [])
        #expect(configuration.objectByteCountMaximum == 1 << 30)
        #expect(configuration.releaseRowsMinimum == 32)
        let inventory = Inventory(configuration)
        #expect(inventory.rules.worker == "bob" && inventory.rules.rowsMinimum == 32)
    }

    @Test("no worker lets out what is over no row at all")
    func rows() {
        let configuration = WorkerConfiguration(
            name: "bob", endpoint: "inproc://broker", shards: [], releaseRowsMinimum: 0)
        #expect(configuration.releaseRowsMinimum == 1)
    }
}
