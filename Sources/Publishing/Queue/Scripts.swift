internal import Redis

/// The scripts as Redis runs them: each behind the keys and the common prelude.
struct Scripts: Sendable {
    let claim: RedisScript
    let beat: RedisScript
    let recover: RedisScript
    let settle: RedisScript
    let survive: RedisScript
    let raiseFence: RedisScript
    let cancel: RedisScript
    let resume: RedisScript
    let revive: RedisScript
    let purge: RedisScript
    let admit: RedisScript
    let call: RedisScript
    let limits: RedisScript

    init(_ keys: QueueKeys) {
        func script(_ name: String, _ body: [UInt8]) -> RedisScript {
            let prelude = String(decoding: PackageResources.prelude_lua, as: UTF8.self)
            let body = String(decoding: body, as: UTF8.self)
            return RedisScript(
                name: name,
                source: Self.flags + keys.luaConstants + prelude + body
            )
        }
        claim = script("claim", PackageResources.claim_lua)
        beat = script("beat", PackageResources.beat_lua)
        recover = script("recover", PackageResources.recover_lua)
        settle = script("settle", PackageResources.settle_lua)
        survive = script("survive", PackageResources.survive_lua)
        raiseFence = script("raise_fence", PackageResources.raise_fence_lua)
        cancel = script("cancel", PackageResources.cancel_lua)
        resume = script("resume", PackageResources.resume_lua)
        revive = script("revive", PackageResources.revive_lua)
        purge = script("purge", PackageResources.purge_lua)
        admit = script("admit", PackageResources.admit_lua)
        call = script("call", PackageResources.call_lua)
        limits = script("limits", PackageResources.limits_lua)
    }

    /// Lets the scripts run when Redis is full (Redis 7.0 or newer): a queue that is full must
    /// still be able to finish jobs.
    private static let flags = "#!lua flags=allow-oom\n"

    var all: [RedisScript] {
        [
            claim, beat, recover, settle, survive, raiseFence, cancel, resume, revive, purge,
            admit, call, limits,
        ]
    }
}
