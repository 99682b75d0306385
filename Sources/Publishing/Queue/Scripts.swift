internal import Redis

/// The scripts as Redis runs them: each behind the keys it names and the common parts it needs.
struct Scripts: Sendable {
    let claim: RedisScript
    let beat: RedisScript
    let recover: RedisScript
    let settle: RedisScript
    let survive: RedisScript
    let raiseFence: RedisScript
    let cancel: RedisScript
    let pause: RedisScript
    let revive: RedisScript
    let purge: RedisScript
    let admit: RedisScript
    let call: RedisScript
    let limits: RedisScript
    let tally: RedisScript
    let find: RedisScript
    let unseen: RedisScript
    let hint: RedisScript
    let follow: RedisScript
    let wake: RedisScript
    let wakeAskers: RedisScript
    let envelope: RedisScript

    /// - Parameter edit: changes the text of the script with that name; for tests, which run the
    ///   scripts by a clock of their own, or with a guard taken out.
    init(
        _ keys: QueueKeys,
        editedBy edit: (_ name: String, _ source: String) -> String = { $1 }
    ) {
        func script(
            _ name: String,
            _ body: [UInt8],
            with parts: [[UInt8]] = []
        ) -> RedisScript {
            let bytes = PackageResources.prelude_lua + parts.joined() + body
            let text = String(decoding: bytes, as: UTF8.self)
            let source = Self.flags + keys.luaConstants(of: text) + text
            return RedisScript(name: name, source: edit(name, source))
        }
        let (ready, slots) = (PackageResources.ready_lua, PackageResources.slots_lua)
        let calls = PackageResources.calls_lua
        claim = script("claim", PackageResources.claim_lua, with: [calls])
        beat = script("beat", PackageResources.beat_lua)
        recover = script("recover", PackageResources.recover_lua, with: [ready])
        settle = script("settle", PackageResources.settle_lua, with: [ready, slots])
        survive = script("survive", PackageResources.survive_lua, with: [ready])
        raiseFence = script("raise_fence", PackageResources.raise_fence_lua)
        cancel = script("cancel", PackageResources.cancel_lua, with: [ready])
        pause = script("pause", PackageResources.pause_lua, with: [ready, slots])
        revive = script("revive", PackageResources.revive_lua, with: [ready])
        purge = script("purge", PackageResources.purge_lua)
        admit = script("admit", PackageResources.admit_lua, with: [calls])
        call = script("call", PackageResources.call_lua, with: [calls])
        limits = script("limits", PackageResources.limits_lua, with: [calls])
        tally = script("tally", PackageResources.tally_lua)
        find = script("find", PackageResources.find_lua)
        unseen = script("unseen", PackageResources.unseen_lua)
        hint = script("hint", PackageResources.hint_lua, with: [ready])
        follow = script("follow", PackageResources.follow_lua)
        wake = script("wake", PackageResources.wake_lua, with: [ready, slots])
        envelope = script("envelope", PackageResources.envelope_lua)
        wakeAskers = script("wake_askers", PackageResources.wake_askers_lua, with: [ready])
    }

    /// Lets the scripts run when Redis is full (Redis 7.0 or newer): a queue that is full must
    /// still be able to finish jobs.
    private static let flags = "#!lua flags=allow-oom\n"

    var all: [RedisScript] {
        [
            claim, beat, recover, settle, survive, raiseFence, cancel, pause, revive, purge,
            admit, call, limits, tally, find, unseen, hint, follow, wake, wakeAskers,
            envelope,
        ]
    }
}
