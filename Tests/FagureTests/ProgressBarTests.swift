import Federation
import Testing

@testable import Fagure

@Suite("The progress bar")
struct ProgressBarTests {
    private let clear = "\r\u{1B}[K"

    private func report() -> EpochReport {
        EpochReport(
            round: 3, epoch: 3, epochs: 10, isClassification: true,
            training: Metrics(examples: 100, loss: 50, correct: 75),
            test: Metrics(examples: 10, loss: 4, correct: 8), seconds: 1, shards: 4, missing: [], workers: 2,
            bytesSent: 0,
            bytesReceived: 0)
    }

    @Test("it is drawn over itself, and lines go above it")
    func lines() {
        var bar = ProgressBar(epochs: 10)
        _ = bar.write(.progress(epoch: 1, fraction: 0), at: 100, columns: 80)
        let half = bar.write(.progress(epoch: 2, fraction: 0.5), at: 130, columns: 80)
        let line = "epoch 2/10 [============            ]  50%  0:30, 2:50 left"
        #expect(half == clear + line)
        #expect(bar.write(.progress(epoch: 2, fraction: 0.5), at: 130, columns: 80) == "")
        let left = bar.write(.workerLeft(name: "bob"), at: 130, columns: 80)
        #expect(left == "\(clear)worker bob left\n\(line)")
        _ = bar.write(.epoch(report()), at: 140, columns: 120)
        let full = bar.write(.progress(epoch: 4, fraction: 7), at: 140, columns: 120)
        #expect(full.hasSuffix("] 100%  0:40, 1:00 left  loss 0.5000  test accuracy 0.8000"))
        let waiting = bar.write(.waiting("waiting for 1 worker"), at: 141, columns: 120)
        #expect(waiting.hasSuffix("\(clear)waiting for 1 worker"))
        let summary = RunSummary(
            rounds: 1, epochs: 1, end: "finished", last: nil, incompleteRounds: 0, seconds: 1, bytesSent: 0,
            bytesReceived: 0)
        #expect(bar.write(.done(summary), at: 142, columns: 80).hasSuffix("0.0 kB received\n"))
        #expect(bar.end(columns: 80) == "")
    }

    @Test("it never reaches the last column", arguments: 1...130)
    func narrow(_ columns: Int) {
        var bar = ProgressBar(epochs: 100)
        _ = bar.write(.epoch(report()), at: 0, columns: columns)
        for event in [
            RunEvent.progress(epoch: 99, fraction: 0.25), .waiting("waiting for worker 病院の北 and 🐝🐝🐝"),
        ] {
            let drawn = bar.write(event, at: 3_700, columns: columns)
            let line = drawn.split(separator: "\u{1B}[K").last.map(String.init) ?? ""
            #expect(line.drop { $0 == "\r" }.description.displayWidth < columns, "\(drawn.debugDescription)")
        }
    }

    @Test("after the terminal was made narrower, every part of the old line is cleared")
    func resized() {
        var bar = ProgressBar(epochs: 10)
        _ = bar.write(.progress(epoch: 1, fraction: 0), at: 0, columns: 80)
        _ = bar.write(.progress(epoch: 1, fraction: 0.5), at: 1, columns: 80)
        let width = "epoch 1/10 [============            ]  50%  0:01, 0:19 left".count
        let drawn = bar.write(.progress(epoch: 1, fraction: 0.6), at: 1, columns: 30)
        #expect(drawn.hasPrefix("\r\u{1B}[\((width - 1) / 30)A\u{1B}[J"))
        let wide = bar.write(.progress(epoch: 1, fraction: 0.7), at: 1, columns: 200)
        #expect(wide.hasPrefix(clear))
    }

    @Test("text of others moves no cursor")
    func foreign() {
        var bar = ProgressBar(epochs: 1)
        #expect(bar.write(.waiting("a\u{1B}[2Jb\n"), at: 0, columns: 80) == "\(clear)a\\u{1B}[2Jb\\n")
        #expect(
            bar.write(line: "x\ny", at: 0, columns: 80) == "\(clear)x\\ny\na\\u{1B}[2Jb\\n")
        #expect(bar.end(columns: 80) == clear)
    }

    @Test("widths: pictures and East Asian characters take two columns, marks none")
    func widths() {
        #expect("abc".displayWidth == 3 && "病院".displayWidth == 4 && "🐝".displayWidth == 2)
        #expect("e\u{301}".displayWidth == 1 && "🇷🇴".displayWidth == 2 && "ﾊﾟ".displayWidth == 2)
        #expect("病院の".clipped(to: 5) == "病院…" && "abc".clipped(to: 3) == "abc")
        #expect("abcd".clipped(to: 3) == "ab…" && "abcd".clipped(to: 0) == "")
    }

    @Test("times have hours where there are any")
    func clock() {
        #expect(ProgressBar.clock(7.4) == "0:07" && ProgressBar.clock(3_723) == "1:02:03")
        #expect(ProgressBar.clock(.infinity) == "-" && ProgressBar.clock(-1) == "0:00")
    }
}
