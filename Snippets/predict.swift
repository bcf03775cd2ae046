// A model that was trained is read from its file and says what it makes of new rows.
import Fagure

// snippet.predict
let path = CommandLine.arguments.dropFirst().first ?? "run/model.safetensors"
let model = try TrainedModel(contentsOf: path)
print(model.dataset.name, "from", model.task.feature.features.map(\.name))

let predictions = try model.predict(["age": [0.1, 1.4], "bp": [-0.5, 0.7], "chol": [0.2, 1.1]])
for prediction in predictions { print(prediction.label ?? "a number", prediction.values) }
// snippet.end
