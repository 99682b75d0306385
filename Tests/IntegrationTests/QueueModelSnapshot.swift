import Redis

/// Everything that one database of a Redis holds, read in one atomic step.
struct QueueModelSnapshot {
    private(set) var lists: [String: [String]] = [:]
    private(set) var sets: [String: [String]] = [:]
    private(set) var ordered: [String: [String: Int64]] = [:]
    private(set) var hashes: [String: [String: String]] = [:]
    private(set) var texts: [String: String] = [:]
    private(set) var keys: [String] = []

    init(_ answer: RedisValue) {
        for entry in answer.array ?? [] {
            let parts = entry.array ?? []
            guard let key = parts[0].text, let type = parts[1].text else { continue }
            keys.append(key)
            let values = (parts[2].array ?? []).map { value in
                String(decoding: value.bytes ?? [], as: UTF8.self)
            }
            switch type {
            case "list": lists[key] = values
            case "set": sets[key] = values
            case "zset":
                ordered[key] = Self.pairs(values).mapValues { Int64(Double($0) ?? -1) }
            case "hash": hashes[key] = Self.pairs(values)
            default: texts[key] = values.first
            }
        }
    }

    private static func pairs(_ values: [String]) -> [String: String] {
        var pairs: [String: String] = [:]
        for index in stride(from: 0, to: values.count - 1, by: 2) {
            pairs[values[index]] = values[index + 1]
        }
        return pairs
    }

    /// Every key that begins so, without the beginning, with what `find` gives for it.
    func all<Value>(_ values: [String: Value], _ beginning: String) -> [String: Value] {
        var found: [String: Value] = [:]
        for (key, value) in values where key.hasPrefix(beginning) {
            found[String(key.dropFirst(beginning.count))] = value
        }
        return found
    }

    /// Answers {key, type, contents} for each key that is not the model's own.
    static let script = """
        local answer = {}
        for _, key in ipairs(redis.call('KEYS', '*')) do
          if string.sub(key, 1, 6) ~= 'model:' then
            local type = redis.call('TYPE', key).ok
            local values
            if type == 'list' then values = redis.call('LRANGE', key, 0, -1)
            elseif type == 'set' then values = redis.call('SMEMBERS', key)
            elseif type == 'zset' then values = redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')
            elseif type == 'hash' then values = redis.call('HGETALL', key)
            else values = {redis.call('GET', key)} end
            answer[#answer + 1] = {key, type, values}
          end
        end
        return answer
        """

    /// Answers a digest of all that is not the model's own.
    ///
    /// Redis keeps hashes and sets in any order, which a mere look may change.
    static let digest = """
        local keys = redis.call('KEYS', '*')
        table.sort(keys)
        local parts = {}
        for _, key in ipairs(keys) do
          if string.sub(key, 1, 6) ~= 'model:' then
            local type = redis.call('TYPE', key).ok
            local values = {}
            if type == 'set' then
              values = redis.call('SMEMBERS', key)
              table.sort(values)
            elseif type == 'hash' then
              local all = redis.call('HGETALL', key)
              for i = 1, #all, 2 do values[#values + 1] = all[i] .. '=' .. all[i + 1] end
              table.sort(values)
            else values = {redis.call('DUMP', key)} end
            parts[#parts + 1] = key .. ':' .. table.concat(values, ',')
          end
        end
        return redis.sha1hex(table.concat(parts, ';'))
        """
}
