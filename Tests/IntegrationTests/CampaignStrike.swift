/// One blow, and how long until it is made good.
struct CampaignStrike: Sendable {
    let kind: Kind
    /// Which worker, where it is one's.
    let worker: Int
    /// From the blow to the restart, in milliseconds.
    let pause: Int

    enum Kind: String, Sendable, CaseIterable {
        case killWorker, killRedis, killPostgres
        /// Every worker and both servers at once, as when the power goes.
        case killAll
        /// SIGSTOP until leases are over, then SIGCONT.
        case freezeWorker, freezeRedis, freezePostgres
        /// SIGTERM: it must hand back what it has, and exit with 0.
        case stopWorker

        var isKill: Bool { Self.kills.contains(self) }

        /// Out of ten kills.
        static let kills: [Kind] =
            [.killWorker, .killRedis, .killWorker, .killPostgres, .killWorker, .killAll]
            + [Kind](repeating: .killWorker, count: 4)
        /// Out of four strikes that kill nobody.
        static let others: [Kind] = [.freezeWorker, .stopWorker, .freezeRedis, .freezePostgres]
    }

    static func plan(
        _ size: CampaignSize,
        using random: inout CampaignRandom
    ) -> [CampaignStrike] {
        let kills = (0..<size.kills).map { Kind.kills[$0 % Kind.kills.count] }
        let others = (0..<size.kills / 3).map { Kind.others[$0 % Kind.others.count] }
        return (kills + others).shuffled(using: &random).map { kind in
            CampaignStrike(
                kind: kind,
                worker: Int.random(in: 0..<size.workers, using: &random),
                pause: Int.random(in: 0...3000, using: &random)
            )
        }
    }
}
