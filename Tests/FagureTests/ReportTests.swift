import Datasets
import Federation
import Foundation
import Protocol
import Testing

@testable import Fagure

@Suite("Reports")
struct ReportTests {
    private func report(classes: Bool = true, test: Metrics? = nil, loss: Double = 50, missing: [String] = [])
        -> EpochReport
    {
        EpochReport(
            round: 3, epoch: 3, epochs: 10, isClassification: classes,
            training: Metrics(examples: 100, loss: loss, correct: classes ? 75 : nil), test: test,
            seconds: 1.23456,
            shards: 4, missing: missing, workers: 2, bytesSent: 1_000, bytesReceived: 2_000)
    }

    private func keys(_ json: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
    }

    @Test("an epoch's line has the keys in their order")
    func epochLine() throws {
        let line =
            "\(try #require(RunEvent.epoch(report(test: Metrics(examples: 10, loss: 4, correct: 8))).json))"
        #expect(
            line
                == #"{"event":"epoch","round":3,"epoch":3,"loss":0.5,"accuracy":0.75,"testAccuracy":0.8,"testRows":10,"#
                + #""seconds":1.235,"shards":4,"missing":[],"workers":2,"bytesSent":1000,"bytesReceived":2000}"#
        )
        #expect(try keys(line).count == 13)
    }

    @Test("a round without a shard that was wanted says so, and so does the summary")
    func missingShards() throws {
        let few = report(missing: ["north"])
        #expect("\(few.json)".contains(#""shards":4,"missing":["north"],"workers":2"#))
        #expect(RunEvent.epoch(few).text?.hasSuffix("4 shards without north") == true)
        let many = report(missing: (1...6).map { "ward\($0)" })
        #expect(
            RunEvent.epoch(many).text?.hasSuffix("4 shards without ward1, ward2, ward3, ward4 and 2 more")
                == true)
        let summary = RunSummary(
            rounds: 3, epochs: 3, end: "finished", last: few, incompleteRounds: 2, seconds: 9.46,
            bytesSent: 0,
            bytesReceived: 0)
        #expect(RunEvent.done(summary).text?.contains(", 2 rounds without all shards, ") == true)
        #expect(try keys("\(summary.json)")["incompleteRounds"] as? Int == 2)
    }

    @Test("regression has the test part's loss in place of accuracies")
    func regressionLine() throws {
        let line = "\(report(classes: false, test: Metrics(examples: 10, loss: 4)).json)"
        #expect(
            line.hasPrefix(#"{"event":"epoch","round":3,"epoch":3,"loss":0.5,"testLoss":0.4,"testRows":10,"#))
        #expect(!line.contains("ccuracy"))
    }

    @Test("numbers JSON has no word for are null")
    func notANumber() throws {
        let line = "\(report(loss: .nan).json)"
        #expect(line.contains(#""loss":null"#) && line.contains(#""testAccuracy":null"#))
        #expect(try keys(line)["loss"] is NSNull)
    }

    @Test("the last line has totals and the model's file")
    func doneLine() throws {
        var summary = RunSummary(
            rounds: 3, epochs: 3, end: "finished", last: report(), incompleteRounds: 0, seconds: 9.5,
            bytesSent: 1 << 40,
            bytesReceived: 7,
            modelPath: "out/\"model\".safetensors")
        let object = try keys("\(try #require(RunEvent.done(summary).json))")
        #expect(
            object["event"] as? String == "done" && object["model"] as? String == "out/\"model\".safetensors")
        #expect(object["seconds"] as? Double == 9.5 && object["bytesSent"] as? Int == 1 << 40)
        #expect(object["end"] as? String == "finished" && object["accuracy"] as? Double == 0.75)
        summary.modelPath = nil
        #expect("\(summary.json)".hasSuffix(#""model":null}"#))
    }

    @Test("strings are escaped so that any parser reads them back")
    func escapes() throws {
        let text = "a\"b\\c\n\r\t\u{1}\u{1F}é🐝\u{7F}\u{9B}\u{202E}\u{2028}"
        let object = try keys("\(JSONText.object([.init(text, .string(text))]))")
        #expect(object[text] as? String == text)
        #expect("\(JSONText.string("\u{9B}\u{7F}\u{202E}"))" == #""\u009b\u007f\u202e""#)
        #expect("\(JSONText.array([.bool(true), .null, .integer(-1)]))" == "[true,null,-1]")
    }

    @Test("lines for people")
    func text() {
        let test = Metrics(examples: 10, loss: 4, correct: 8)
        #expect(
            RunEvent.epoch(report(test: test)).text
                == "epoch  3/10  loss 0.5000  accuracy 0.7500  test accuracy 0.8000  1.23 s  4 shards")
        #expect(
            RunEvent.waiting("waiting for 2 workers, 1 present, 14 s").text
                == "waiting for 2 workers, 1 present, 14 s")
        #expect(RunEvent.progress(epoch: 1, fraction: 0.5).text == nil)
        #expect(
            RunEvent.shardLeftOut(epoch: 0, shard: "digits 0/4 (iid)", reason: "gone").text
                == "the statistics of features go on without digits 0/4 (iid): gone")
        #expect(
            RunEvent.workerJoined(name: "bob", shards: ["digits 0/4 (iid)"]).text
                == "worker bob joined with digits 0/4 (iid)")
        #expect(
            RunEvent.workerJoined(name: "bob", shards: (0..<8_000).map { "s\($0)" }).text
                == "worker bob joined with s0, s1, s2, s3 and 7996 more")
        let summary = RunSummary(
            rounds: 3, epochs: 3, end: "interrupted", last: report(test: test), incompleteRounds: 0,
            seconds: 9.46,
            bytesSent: 1_250_000,
            bytesReceived: 0, modelPath: "m")
        #expect(
            RunEvent.done(summary).text
                == "interrupted after 3 epochs in 9.5 s, test accuracy 0.8000, 1.3 MB sent, 0.0 kB received, model in m"
        )
        #expect(RunEvent.epoch(report()).isResult && !RunEvent.brokerReturned.isResult)
    }

    @Test("numbers are rounded, signs and odd ones kept")
    func digits() {
        #expect(Optional(0.00005).text(digits: 4) == "0.0001")
        #expect(Optional(-1.005).text(digits: 1) == "-1.0")
        #expect(Optional(-0.001).text(digits: 2) == "0.00")
        #expect(Optional(12.0).text(digits: 0) == "12")
        #expect(Optional(-Double.nan).text(digits: 2) == "nan")
        #expect(Optional(1e30).text(digits: 2) == "1e+30")
        #expect(Double?.none.text(digits: 2) == "-")
    }

    @Test("a catalogue as an object and as text names workers, shards, data sets and the queue")
    func status() throws {
        var catalogue = Catalogue()
        let shard = ShardReference(dataset: "digits", partition: "iid", index: 1, count: 4)
        catalogue.workers = [
            WorkerDescription(
                name: "bob", session: Identifier(high: 1, low: 1), software: "fagure 0.1.0", state: .draining,
                shards: [ShardDescription(reference: shard, trainRows: 10, heldOutRows: 2)], openJobs: 3,
                silentMilliseconds: 40)
        ]
        catalogue.datasets = [Samples.description([Samples.feature(), Samples.classes(2)], name: "digits")]
        catalogue.queue.finishedJobs = 5
        let object = try keys("\(catalogue.json)")
        let worker = try #require((object["workers"] as? [[String: Any]])?.first)
        #expect(worker["name"] as? String == "bob" && worker["draining"] as? Bool == true)
        #expect((worker["shards"] as? [[String: Any]])?.first?["trainRows"] as? Int == 10)
        #expect((object["queue"] as? [String: Any])?["finishedJobs"] as? Int == 5)
        #expect(catalogue.text.contains("digits 1/4 (iid): 10 rows to train, 2 held out"))
        #expect(catalogue.text.contains("label y: one of class 0, class 1"))
        #expect(catalogue.text.contains("bob  draining  3 open jobs"))
    }

    @Test("the catalogue tells what columns mean, and which copies get no jobs")
    func schemas() throws {
        let schema = try DataSchema(
            features: [
                .init(name: "age", unit: "years"), .init(name: "sex", kind: .categories(["f", "m"])),
            ],
            label: .init(name: "outcome", kind: .classes(["sick", "well"])), missing: .mean)
        var dataset = try DatasetDescription(schema)
        dataset.name = "patients"
        var shard = ShardDescription(
            reference: ShardReference(dataset: "patients", site: "north"), trainRows: 90, heldOutRows: 9)
        shard.schema = dataset.schemaHash
        shard.leftOut = "another copy has 80 rows"
        var catalogue = Catalogue()
        catalogue.datasets = [dataset]
        catalogue.workers = [
            WorkerDescription(
                name: "bob", session: Identifier(high: 1, low: 1), software: "", state: .ready,
                shards: [shard], openJobs: 0, silentMilliseconds: 0)
        ]
        for words in [
            "feature age: a number in years", "feature sex: one of f, m", "label outcome: one of sick, well",
            "schema \(dataset.schemaHash), missing cells: mean", "gets no jobs: another copy has 80 rows",
        ] {
            #expect(catalogue.text.contains(words), "\(words) in \(catalogue.text)")
        }
        let object = try keys("\(catalogue.json)")
        let column = try #require(
            ((object["datasets"] as? [[String: Any]])?.first?["columns"] as? [[String: Any]])?.first)
        let features = try #require(column["features"] as? [[String: Any]])
        #expect(features.map { $0["name"] as? String } == ["age", "sex"])
        #expect(
            features[1]["categories"] as? [String] == ["f", "m"] && features[0]["unit"] as? String == "years")
    }

    @Test("names of others write no lines of their own")
    func foreignNames() {
        let joined = RunEvent.workerJoined(name: "eve\n\u{1B}[2J", shards: [])
        #expect(joined.text == "worker eve\\n\\u{1B}[2J joined")
        var catalogue = Catalogue()
        catalogue.datasets = [Samples.description([Samples.feature()], name: "a\nworkers: 7")]
        #expect(catalogue.text.contains("  a\\nworkers: 7  schema"))
    }
}
