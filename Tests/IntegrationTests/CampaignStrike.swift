/// One blow, and how long until it is made good.
struct CampaignStrike: Sendable {
    let kind: Kind
    /// Which worker, where it is one's.
    let worker: Int
    /// From the blow to the restart, in milliseconds.
    let pause: Int

    enum Kind: String, Sendable, CaseIterable {
        case killWorker, killRedis, killPostgres
        /// SIGSTOP until its leases are over, then SIGCONT.
        case freezeWorker
        /// SIGTERM: it must hand back what it has, and exit with 0.
        case stopWorker

        var isKill: Bool { self != .freezeWorker && self != .stopWorker }
    }

    /// Of every six kills one hits Redis and one PostgreSQL.
    static func plan(
        _ size: CampaignSize,
        using random: inout CampaignRandom
    ) -> [CampaignStrike] {
        let kills = (0..<size.kills).map { number -> Kind in
            switch number % 6 {
            case 2: .killRedis
            case 5: .killPostgres
            default: .killWorker
            }
        }
        let others = (0..<size.kills / 3).map {
            $0.isMultiple(of: 2) ? Kind.freezeWorker : .stopWorker
        }
        return (kills + others).shuffled(using: &random).map { kind in
            CampaignStrike(
                kind: kind,
                worker: Int.random(in: 0..<size.workers, using: &random),
                pause: Int.random(in: 0...3000, using: &random)
            )
        }
    }
}
