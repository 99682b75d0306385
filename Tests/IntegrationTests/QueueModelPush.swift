import Foundation

/// One document that upstream has pushed; each is different, also those of the same job.
struct QueueModelPush {
    let number: Int
    let id: String
    let queue: String
    /// 0: the most urgent.
    let level: Int
    let text: String

    init(
        number: Int,
        after earlier: [QueueModelPush],
        _ now: Int64,
        _ numbers: inout QueueModelNumbers,
        _ rules: QueueModelRules
    ) {
        self.number = number
        let isAgain = !earlier.isEmpty && numbers.chance(90)
        id = isAgain ? numbers.one(of: earlier).id : "job-\(number)"
        queue = numbers.one(of: rules.queues)
        level = numbers.from(0, to: 3)
        guard !numbers.chance(20) else {
            text = "no document \(number)"
            return
        }
        var fields = [
            "\"id\":\"\(id)\"", "\"account\":\"\(numbers.one(of: rules.accounts))\"",
            "\"privacy\":\"public\"", "\"metadata\":{\"push\":\(number)}",
            numbers.chance(700) ? "\"video\":\"a.mp4\"" : "\"photos\":[\"a.jpg\"]",
            numbers.chance(300) ? "\"mode\":\"draft\"" : "\"mode\":\"direct\"",
        ]
        let waits: [Int64] = [5, 60, 3600, 86_400]
        if numbers.chance(120) {
            fields.append("\"publish_at\":\"\(Self.time(now, plus: numbers.one(of: waits)))\"")
        }
        if numbers.chance(150) {
            let end = numbers.one(of: waits) * Int64(numbers.from(1, to: 3))
            fields.append("\"expires_at\":\"\(Self.time(now, plus: end))\"")
        }
        text = "{" + fields.joined(separator: ",") + "}"
    }

    /// Whole seconds, so that no fraction is lost on the way.
    private static func time(_ now: Int64, plus seconds: Int64) -> String {
        Date(timeIntervalSince1970: Double(now / 1000 + seconds)).formatted(.iso8601)
    }
}
