internal import Redis

/// The scripts as Redis runs them: each behind the common prelude.
enum Scripts {
    static let claim = script("claim", PackageResources.claim_lua)
    static let admit = script("admit", PackageResources.admit_lua)
    static let beat = script("beat", PackageResources.beat_lua)
    static let recover = script("recover", PackageResources.recover_lua)
    static let settle = script("settle", PackageResources.settle_lua)
    static let raiseFence = script("raise_fence", PackageResources.raise_fence_lua)

    private static func script(_ name: String, _ body: [UInt8]) -> RedisScript {
        RedisScript(
            name: name,
            source: String(decoding: PackageResources.prelude_lua + body, as: UTF8.self)
        )
    }
}
