// A site serves rows that no file holds, from a program of its own.
import Fagure

// snippet.site
let schema = try DataSchema(
    dataset: "patients",
    features: [
        .init(name: "age", unit: "years"), .init(name: "sex", kind: .categories(["f", "m"])),
    ],
    label: .init(name: "outcome", kind: .classes(["sick", "well"])), missing: .mean)

/// Stands for a query to the clinic's own database.
func query() throws -> [String: ColumnValues] {
    var ages: [Double] = [], sexes: [String?] = [], outcomes: [String?] = []
    for number in 0..<200 {
        let age = Double(20 + number * 7 % 60)
        ages.append(number % 50 == 0 ? .nan : age)
        sexes.append(number.isMultiple(of: 2) ? "f" : "m")
        outcomes.append(age + (number.isMultiple(of: 2) ? 0 : 10) > 55 ? "sick" : "well")
    }
    return ["age": .numbers(ages), "sex": .texts(sexes), "outcome": .texts(outcomes)]
}

let broker = CommandLine.arguments.dropFirst().first ?? "tcp://127.0.0.1:5555"
let site = Site("clinic", broker: broker, data: [.columns(schema: schema) { try query() }])
try await site.serve { print($0) }
// snippet.end
