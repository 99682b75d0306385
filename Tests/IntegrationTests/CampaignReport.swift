import Foundation
import JSON
import Postgres
import Publishing
import Sandbox
import Support

/// What a campaign says to people.
struct CampaignReport: Sendable {
    let plan: CampaignPlan
    let facts: CampaignFacts
    let findings: [CampaignFinding]
    let bed: TestBed

    private static let detailsMax = 8

    static func say(_ text: String) {
        FileHandle.standardError.write(Data("campaign: \(text)\n".utf8))
    }

    func summary(strikes: [CampaignStrike.Kind: Int], days: Int) async throws -> String {
        let kinds = CampaignStrike.Kind.allCases.map { "\($0) \(strikes[$0] ?? 0)" }
        let journal = bed.sandbox.journal()
        let counts = CampaignFinding.Kind.allCases.map { kind in
            "\(kind.rawValue) \(findings.count { $0.kind == kind })"
        }
        let ends = Dictionary(grouping: facts.rows.values, by: \.status).mapValues(\.count)
        return """
            seed \(plan.size.seed) ended
              jobs \(plan.jobs.count), documents \(plan.pushes.count), accounts \
            \(plan.accounts.count), posts out \(facts.posts.count(where: \.isDelivered)), \
            days \(days + 1)
              \(kinds.joined(separator: ", "))
              requests \(journal.count), spoilt \(journal.count { $0.fault != nil })
              \(try await events())
              \(ends.sorted { $0.key < $1.key }.map { "\($0) \($1)" }.joined(separator: ", "))
              \(counts.joined(separator: ", "))
            """
    }

    /// How much the strikes have met: jobs that were taken over, uploads that went on elsewhere.
    private func events() async throws -> String {
        let rows = try await bed.database.query(
            "SELECT event, count(*) AS times FROM publish_events GROUP BY event ORDER BY event"
        )
        let events = try rows.map { "\(try $0.text("event")) \(try $0.int("times"))" }
        let recovered = logs().flatMap(\.lines).compactMap { line in
            line.firstMatch(of: /jobs\.recovered count=(\d+)/).flatMap { Int($0.1) }
        }
        return "events: \(events.joined(separator: ", ")); recovered \(recovered.reduce(0, +))"
    }

    private func logs() -> [(name: String, lines: [Substring])] {
        // A folder that cannot be read has no logs to show.
        let names = (try? FileManager.default.contentsOfDirectory(atPath: bed.folder)) ?? []
        return names.filter { $0.hasSuffix(".err") }.map { name in
            let text = try? String(contentsOfFile: "\(bed.folder)/\(name)", encoding: .utf8)
            return (name, (text ?? "").split(separator: "\n"))
        }
    }

    /// Rows, events, requests and log lines of the first findings.
    func details() async throws -> String {
        var parts: [String] = []
        for finding in findings.prefix(Self.detailsMax) {
            parts.append("== \(finding)")
            if let job = finding.job { parts.append(try await details(ofJob: job)) }
            if let account = account(of: finding) { parts.append(details(ofAccount: account)) }
        }
        return parts.joined(separator: "\n")
    }

    private func account(of finding: CampaignFinding) -> String? {
        finding.account ?? plan.jobs.first { $0.id == finding.job }?.account
    }

    private func details(ofJob job: String) async throws -> String {
        let row = try await bed.row(job)?.json.encodedText ?? "no row"
        let events = try await bed.reader.events(of: job).map { "  \($0.json.encodedText)" }
        let posts = bed.sandbox.report().posts.filter { $0.title == TestBed.title(of: job) }
            .map { "  \($0.publishID) \($0.status) \($0.bytes) created \($0.createdAt)" }
        return
            (["row: \(row)", "events:"] + events + ["posts:"] + posts + ["logs:"]
            + logLines(naming: job)).joined(separator: "\n")
    }

    private func details(ofAccount account: String) -> String {
        let entries = bed.sandbox.journal().filter {
            $0.openID == account || $0.openID == "-000-\(account)"
        }
        let lines = entries.suffix(120).map { entry in
            "  \(entry.beganAt) \(entry.at) \(entry.endpoint) \(entry.status) \(entry.code)"
                + " \(entry.detail) \(entry.publishID ?? "") \(entry.fault ?? "")"
        }
        return (["requests:"] + lines).joined(separator: "\n")
    }

    private func logLines(naming job: String) -> [String] {
        logs().flatMap { name, lines in
            lines.filter { $0.contains("\(job) ") || $0.hasSuffix(job) }
                .suffix(20).map { "  \(name): \($0)" }
        }
    }
}
