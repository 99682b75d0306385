internal import Files
internal import FoundationEssentials
internal import HTTP
internal import JSON
internal import Postgres
internal import Publishing
internal import Redis
internal import TikTok

extension Command {
    static let doctor = Command(
        name: "doctor",
        synopsis: "[--json]",
        summary: "checks settings, servers, media folder and keys; one line each",
        help: """
            Checks every setting, Redis (version, persistence, eviction, memory), PostgreSQL and its
            schema, the way to TikTok, the clocks, the media folder, the keys and the address for
            webhooks. Each line that is not ok says the remedy. Exit 0 when nothing is wrong;
            warnings do not count.
            """,
        flags: ["--json"],
        run: { arguments, console in
            let settings = try Environment.settings(arguments, console)
            let assembly = Assembly(settings)
            defer { assembly.stop() }
            let findings = await Doctor(assembly: assembly).examine()
            for finding in findings {
                if arguments.has("--json") {
                    console.json(finding.json)
                } else {
                    console.out(finding.text)
                }
            }
            return findings.contains { $0.verdict == .wrong } ? .failed : .done
        }
    )
}

/// Looks at everything a worker needs.
struct Doctor {
    let assembly: Assembly

    struct Finding {
        enum Verdict: String {
            case fine = "ok"
            case warning
            case wrong
        }

        let subject: String
        let verdict: Verdict
        let words: String

        var text: String {
            "\(verdict.rawValue.padded(to: 8))\(subject.padded(to: 14))\(words)".printable
        }

        var json: JSONValue {
            [
                "subject": .string(subject), "verdict": .string(verdict.rawValue),
                "text": .string(words),
            ]
        }
    }

    /// Clocks further apart than this make `publish_at` and token ends wrong.
    private static let clockSkewMax = 5.0

    func examine() async -> [Finding] {
        var findings = [Finding(subject: "settings", verdict: .fine, words: "all are allowed")]
        findings += await redis()
        findings += await postgres()
        findings.append(await tiktok())
        findings.append(media())
        findings.append(await webhooks())
        return findings
    }

    // MARK: Redis

    private func redis() async -> [Finding] {
        do {
            let info = RedisInfo(try await assembly.redis.send(["INFO"]).text ?? "")
            let time = try await assembly.redis.send(["TIME"]).array?.first?.integer
            return redis(info) + [clock("redis clock", time.map { Double($0) })]
        } catch {
            return [
                Finding(
                    subject: "redis",
                    verdict: .wrong,
                    words: "\(error); check REDIS_URL and the server"
                )
            ]
        }
    }

    private func redis(_ info: RedisInfo) -> [Finding] {
        let risks = RedisRisk.find(in: info)
        return RedisRisk.Subject.allCases.flatMap { subject -> [Finding] in
            let found = risks.filter { $0.subject == subject }
            guard found.isEmpty else {
                return found.map { risk in
                    Finding(
                        subject: subject.rawValue,
                        verdict: risk.isFatal ? .wrong : .warning,
                        words: "\(risk.words); \(risk.remedy)"
                    )
                }
            }
            return [Finding(subject: subject.rawValue, verdict: .fine, words: fine(subject, info))]
        }
    }

    private func fine(_ subject: RedisRisk.Subject, _ info: RedisInfo) -> String {
        switch subject {
        case .version: "version \(info["redis_version"] ?? "unknown")"
        case .persistence: "on"
        case .memory: "\(info["used_memory_human"] ?? "?"), noeviction"
        }
    }

    private func clock(_ subject: String, _ seconds: Double?) -> Finding {
        let skew = seconds.map { abs(Date.now.timeIntervalSince1970 - $0) } ?? .infinity
        return skew <= Self.clockSkewMax
            ? Finding(subject: subject, verdict: .fine, words: "agrees with this machine's")
            : Finding(
                subject: subject,
                verdict: .warning,
                words: "is \(skew) s away from this machine's; run a time service on both"
            )
    }

    // MARK: PostgreSQL

    private func postgres() async -> [Finding] {
        do {
            let version =
                try await assembly.database.query("SHOW server_version").first?
                .text("server_version") ?? "unknown"
            let found = [Finding(subject: "postgres", verdict: .fine, words: "version \(version)")]
            let schema = try await schema()
            return found + [schema] + (schema.verdict == .fine ? try await accounts() : [])
        } catch {
            return [
                Finding(
                    subject: "postgres",
                    verdict: .wrong,
                    words: "\(error); check DATABASE_URL and the server"
                )
            ]
        }
    }

    private func schema() async throws(PostgresError) -> Finding {
        let migrator = Migrator(database: assembly.database, schema: assembly.settings.schema)
        let version = try await migrator.version()
        return version >= Migrator.current
            ? Finding(subject: "schema", verdict: .fine, words: "version \(version)")
            : Finding(
                subject: "schema",
                verdict: .wrong,
                words: "version \(version) of \(Migrator.current); run `tiktok-publisher migrate`"
            )
    }

    private func accounts() async throws(PostgresError) -> [Finding] {
        let listed = try await assembly.accounts.all()
        let all = listed.compactMap(\.account)
        return [keys(all), connections(all, unreadable: listed.count - all.count)]
    }

    private func keys(_ all: [Account]) -> Finding {
        let sealed = all.filter { $0.sealedAccessToken != nil || $0.hasRefreshToken }
        let closed = sealed.filter { !assembly.accounts.opens($0) }
        return closed.isEmpty
            ? Finding(
                subject: "keys",
                verdict: .fine,
                words: "open the tokens of \(sealed.count) accounts"
            )
            : Finding(
                subject: "keys",
                verdict: .wrong,
                words: "do not open the tokens of \(closed.count) of \(sealed.count) accounts; "
                    + "add the missing key to CRYPTOGRAPHY_KEY"
            )
    }

    /// Accounts that need somebody are no fault of the installation.
    private func connections(_ all: [Account], unreadable: Int) -> Finding {
        let canRefresh = assembly.settings.client != nil
        let needy = all.count { account in
            let opens = assembly.accounts.opens(account)
            return !AccountReview(account, opens: opens, canRefresh: canRefresh).findings.isEmpty
        }
        return needy + unreadable == 0
            ? Finding(subject: "accounts", verdict: .fine, words: "none needs anybody")
            : Finding(
                subject: "accounts",
                verdict: .warning,
                words: "\(needy + unreadable) need somebody, now or soon; "
                    + "run `tiktok-publisher accounts check`"
            )
    }

    // MARK: TikTok and media

    /// Any answer will do: without a token it can only be a refusal.
    private func tiktok() async -> Finding {
        let client = HTTPClient(on: assembly.loop)
        let address = assembly.settings.api.text
        var request = HTTPRequest("GET", address + "/")
        request.allowsPlainHTTP = address.hasPrefix("http:")
        request.limits.total = .seconds(10)
        do {
            let status = try await client.send(request).status
            return Finding(
                subject: "tiktok",
                verdict: .fine,
                words: "\(address) answers (\(status))"
            )
        } catch {
            return Finding(
                subject: "tiktok",
                verdict: .wrong,
                words: "\(address): \(error); check the network and TIKTOK_API_URL"
            )
        }
    }

    private func media() -> Finding {
        assembly.settings.mediaRoot == nil
            ? Finding(
                subject: "media",
                verdict: .warning,
                words: "MEDIA_ROOT is not set: jobs that name files are refused"
            )
            : Finding(subject: "media", verdict: .fine, words: "the folder opens")
    }
}
