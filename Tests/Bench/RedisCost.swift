import Redis
import Support

/// What Redis has done for its clients since some moment, from `INFO commandstats`.
struct RedisCost {
    /// Commands that clients sent, without those that scripts ran inside.
    let sent: Int
    /// Commands of any kind, those inside scripts included.
    let all: Int
    /// Time of the server spent on them, in microseconds.
    let microseconds: Int

    /// Commands that a worker sends itself; all others of its commands run inside scripts.
    private static let workers = ["evalsha", "blmove", "lmove", "script|load"]

    /// Reads the counters and begins anew.
    static func take(from bed: TestBed) async throws -> RedisCost {
        let info = try await bed.redis.send(["INFO", "commandstats"]).text ?? ""
        _ = try await bed.redis.send(["CONFIG", "RESETSTAT"])
        var (sent, all, microseconds) = (0, 0, 0)
        for line in info.split(whereSeparator: \.isNewline) {
            guard let (name, calls, time) = read(line) else { continue }
            // Ours: the questions asked here.
            guard !["info", "config|resetstat", "ping"].contains(name) else { continue }
            all += calls
            guard workers.contains(name) else { continue }
            sent += calls
            microseconds += time
        }
        return RedisCost(sent: sent, all: all, microseconds: microseconds)
    }

    /// Reads a line such as `cmdstat_evalsha:calls=12,usec=345,usec_per_call=28.75`.
    private static func read(_ line: Substring) -> (name: String, calls: Int, time: Int)? {
        guard line.hasPrefix("cmdstat_"), let colon = line.firstIndex(of: ":") else { return nil }
        var numbers: [Substring: Int] = [:]
        for pair in line[line.index(after: colon)...].split(separator: ",") {
            let parts = pair.split(separator: "=")
            if parts.count == 2 { numbers[parts[0]] = Int(parts[1]) }
        }
        guard let calls = numbers["calls"], let time = numbers["usec"] else { return nil }
        return (String(line[..<colon].dropFirst("cmdstat_".count)), calls, time)
    }
}
