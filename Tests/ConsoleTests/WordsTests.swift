import Testing

@testable import Console

@Suite("Settings as words")
struct WordsTests {
    @Test("numbers are decimal")
    func decimal() {
        for (text, number) in [("0.1", 0.1), ("1e-3", 1e-3), ("-1", -1), ("+2.5E2", 250)] as [(String, Float)]
        {
            #expect(Words.decimal(text) == number)
        }
        for text in ["0x10", "0x1p-1", "inf", "nan", "", " 1", "1,5", "1_000"] {
            #expect(Words.decimal(text) == nil, "\(text)")
        }
    }

    @Test("hexadecimal and negative numbers are refused as what they are")
    func refused() {
        for text in ["0x10", "-1", "nan", "inf"] {
            let error = #expect(throws: SettingFault.self) { try Words().number(text, "learning-rate") }
            #expect(error?.description == "--learning-rate is '\(text)', expected a number from 0")
        }
    }

    @Test("what is too small to be told from 0 is refused, 0 is not")
    func tooSmall() throws {
        for text in ["1e-400", "0.01e-50", ".5E-99"] {
            let error = #expect(throws: SettingFault.self) { try Words().number(text, "learning-rate") }
            #expect(error?.description.contains("'\(text)', which is too small") == true)
        }
        for text in ["0", "0.000", "0e5"] { #expect(try Words().number(text, "learning-rate") == 0) }
        #expect(try Words().number("1e-45", "learning-rate") == .leastNonzeroMagnitude)
    }

    @Test("what is long is cut where it is shown")
    func long() {
        let text = String(repeating: "x", count: 100_000)
        let error = #expect(throws: SettingFault.self) { try Words().integer(text, "rounds", 1...9) }
        #expect(error.map { $0.description.count < 200 && $0.description.contains("x…'") } == true)
    }

    @Test("names have commas between them, and spaces about")
    func names() {
        #expect(Words().names("id, full name ,x", "ignore") == ["id", "full name", "x"])
        #expect(Words().names(nil, "no-such-flag").isEmpty)
    }

    @Test("a negative number belongs to the option before it")
    func negative() {
        #expect(
            Words.joiningNegativeNumbers(["train", "--learning-rate", "-1", "--json", "--rounds", "-.5"])
                == ["train", "--learning-rate=-1", "--json", "--rounds=-.5"])
        #expect(Words.joiningNegativeNumbers(["--seed", "-inf"]) == ["--seed=-inf"])
        for arguments in [
            ["-1"], ["--a=1", "-1"], ["--", "--a", "-1"], ["--a", "-b"], ["--a", "-"], ["-h"],
        ] {
            #expect(Words.joiningNegativeNumbers(arguments) == arguments)
        }
    }
}
