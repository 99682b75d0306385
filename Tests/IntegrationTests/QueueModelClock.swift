@testable import Publishing

/// A clock that the test sets, in place of Redis's own: the scripts run as they are, behind a
/// `redis` that tells this time, and that keeps the ends of keys by it.
enum QueueModelClock {
    /// The time, ms since 1970.
    static let key = "model:clock"
    /// ZSET: key → when it ends, ms.
    static let ends = "model:ends"
    /// Counts, so that a seed always gives the same tickets and the same jitter.
    static let count = "model:count"

    /// Puts the clock into a script, behind its first line, which must stay the first.
    static func put(into source: String, of name: String) -> String {
        let lines = source.split(separator: "\n", maxSplits: 1)
        return "\(lines[0])\n" + redis + (nothingAtRandom[name] ?? "") + lines[1]
    }

    /// What the program draws at random and hands to a script.
    private static let nothingAtRandom = [
        "claim": "ARGV[6] = 'ticket-' .. server.call('INCR', '\(count)')\n",
        "admit": "ARGV[9] = tostring(server.call('INCR', '\(count)') * 397 % 1000)\n",
    ]

    private static let redis = """
        local server = redis
        local function model_now() return tonumber(server.call('GET', '\(key)')) end
        local function set_end(key, time) server.call('ZADD', '\(ends)', time, key) end
        local commands = {}
        function commands.TIME()
          local now = model_now()
          return {tostring(math.floor(now / 1000)), tostring(now % 1000 * 1000)}
        end
        function commands.PTTL(key)
          local time = server.call('ZSCORE', '\(ends)', key)
          if time then return tonumber(time) - model_now() end
          return server.call('PTTL', key)
        end
        function commands.PEXPIRE(key, time)
          if server.call('EXISTS', key) == 1 then set_end(key, model_now() + tonumber(time)) end
        end
        function commands.SET(key, value, ...)
          local options, plain, time = {...}, {}, nil
          local i = 1
          while i <= #options do
            if options[i] == 'PXAT' then
              time = options[i + 1]
              i = i + 2
            else
              plain[#plain + 1] = options[i]
              i = i + 1
            end
          end
          local answer = server.call('SET', key, value, unpack(plain))
          if time then set_end(key, time) elseif #plain == 0 then
            server.call('ZREM', '\(ends)', key)
          end
          return answer
        end
        local removes = {DEL = true, UNLINK = true, ZREM = true, ZREMRANGEBYSCORE = true}
        local redis = {call = function(name, ...)
          if commands[name] then return commands[name](...) end
          local answer = server.call(name, ...)
          if removes[name] then
            for i, key in ipairs({...}) do
              if i == 1 or name == 'DEL' then
                if server.call('EXISTS', key) == 0 then server.call('ZREM', '\(ends)', key) end
              end
            end
          end
          return answer
        end, pcall = server.pcall}

        """

    /// Sets the clock (ARGV 1, ms) and ends the keys whose time is over.
    static let advance = """
        redis.call('SET', '\(key)', ARGV[1])
        for _, key in ipairs(redis.call('ZRANGEBYSCORE', '\(ends)', '-inf', '(' .. ARGV[1])) do
          redis.call('DEL', key)
          redis.call('ZREM', '\(ends)', key)
        end
        return 1
        """
}
