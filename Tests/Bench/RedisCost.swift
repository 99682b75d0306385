import Redis
import Support

/// What Redis has done for its clients since some moment, from `INFO commandstats`.
struct RedisCost {
    /// Commands that clients sent, without those that scripts ran inside.
    let sent: Int
    /// Commands of any kind, those inside scripts included.
    let all: Int
    /// Time of the server spent on what workers sent, in microseconds.
    let microseconds: Int
    /// What one run of the yardstick took, in microseconds; `nil` when it did not run.
    let yardstick: Double?

    /// Commands that a worker sends itself; all others of its commands run inside scripts.
    private static let workers = ["evalsha", "blmove", "lmove", "script|load"]

    /// Reads the counters and begins anew.
    static func take(from bed: TestBed) async throws -> RedisCost {
        let info = try await bed.redis.send(["INFO", "commandstats"]).text ?? ""
        _ = try await bed.redis.send(["CONFIG", "RESETSTAT"])
        var (sent, all, microseconds) = (0, 0, 0)
        var yardstick: Double?
        for line in info.split(whereSeparator: \.isNewline) {
            guard let (name, calls, time) = read(line) else { continue }
            // Ours: the questions asked here.
            guard !["info", "config|resetstat", "ping"].contains(name) else { continue }
            all += calls
            if name == "fcall", calls > 0 { yardstick = Double(time) / Double(calls) }
            guard workers.contains(name) else { continue }
            sent += calls
            microseconds += time
        }
        return RedisCost(
            sent: sent,
            all: all,
            microseconds: microseconds,
            yardstick: yardstick
        )
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

/// The smallest script that keeps a lease, run beside the workers: what a microsecond is worth
/// on this machine, at this moment.
///
/// It reads a field, asks for the time and moves a score: three commands, for which Redis 7.0 took
/// 5 µs on two cores of an EPYC (measured on 2026-11-22), where 60 µs a job was set as the target.
struct Yardstick {
    /// What it took there.
    static let microseconds = 5.0

    let bed: TestBed

    private static let library = """
        #!lua name=yardstick
        redis.register_function('keep', function(keys, arguments)
          if redis.call('HGET', keys[2], arguments[1]) ~= arguments[2] then return -1 end
          local time = redis.call('TIME')
          redis.call('ZADD', keys[1], 'XX', time[1] * 1000, arguments[1])
          return 1
        end)
        """

    /// Runs it now and then, as commands of workers come, until the task is cancelled.
    func run() async throws {
        _ = try await bed.redis.send(["FUNCTION", "LOAD", "REPLACE", .text(Self.library)])
        let (scores, fields) = (bed.key("yardstick:scores"), bed.key("yardstick:fields"))
        _ = try await bed.redis.send(["ZADD", .text(scores), 1, "ticket"])
        _ = try await bed.redis.send(["HSET", .text(fields), "ticket", "7"])
        try await untilCancelled(pausing: 1...9) {
            let command: [RedisArgument] = [
                "FCALL", "keep", 2, .text(scores), .text(fields), "ticket", "7",
            ]
            guard try await bed.redis.send(command).integer == 1 else {
                throw BenchFailure("the yardstick did not run")
            }
        }
    }
}

/// Repeats a step with pauses of so many milliseconds, until the task is cancelled.
func untilCancelled(
    pausing pause: ClosedRange<Int>,
    _ step: () async throws -> Void
) async throws {
    while !Task.isCancelled {
        do {
            try await step()
        } catch RedisError.cancelled {
            return
        }
        // A cancelled sleep is noticed above.
        try? await Task.sleep(for: .milliseconds(Int.random(in: pause)))
    }
}
