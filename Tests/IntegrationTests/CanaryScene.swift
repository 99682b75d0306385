import Crypto
import Files
import Foundation
import JSON
import Postgres
import PrivateServers
import Publishing
import Redis
import Sandbox
import Support
import Testing

/// Accounts, files, addresses and answers that are full of the word CANARY; job ids are not.
struct CanaryScene {
    static let clientSecret = "CANARY-client-secret/+7"
    static let settings = [
        "TIKTOK_CLIENT_KEY": "sandbox-client-key", "TIKTOK_CLIENT_SECRET": clientSecret,
        "LOG_LEVEL": "debug", "LEASE_SECONDS": "3",
    ]

    private let bed: TestBed
    private let video: TestVideo

    /// What becomes of each job.
    private enum Path: String, CaseIterable {
        case published, photo, draft, banned, unsafe, garbled, ended, doubted, chunk, missing, link
        case document

        var account: String { "CANARY-account-\(rawValue)" }
        var openID: String { "-000-\(account)" }
    }

    init(_ bed: TestBed) async throws {
        self.bed = bed
        video = try bed.video("CANARY-file.mp4", bytes: 200_000)
        for account in Path.allCases.map(\.account) + ["CANARY-account-killed"] {
            try await bed.connect(account) {
                $0.accessToken = "act.CANARY-access-\(account)"
                $0.refreshToken = "rft.CANARY-refresh-\(account)"
            }
        }
        for path in Path.allCases { spoil(path) }
    }

    // MARK: Acting

    /// What TikTok answers on that path.
    private func spoil(_ path: Path) {
        let words = "act.CANARY-access-\(path.account) of \(path.openID)"
        switch path {
        case .banned:
            let error = #"{"code":"spam_risk_user_banned_from_posting","message":"\#(words)","#
            fault(.videoInit, path, .body(status: 403, type: Self.json, text: Self.error(error)))
        case .unsafe:
            let data =
                #"{"publish_id":"p","upload_url":"https://evil.example/?upload_token=CANARY"}"#
            let text = #"{"data":\#(data),"error":{"code":"ok","log_id":"L1"}}"#
            fault(.videoInit, path, .body(status: 200, type: Self.json, text: text))
        case .garbled:
            fault(.videoInit, path, .body(status: 200, type: "text/html", text: "<b>\(words)"))
        case .ended:
            fault(.creatorInfo, path, .refuse(status: 401, code: "access_token_invalid"))
            let secrets = "rft.CANARY-refresh-\(path.account) \(Self.clientSecret)"
            let text = #"{"error":"invalid_grant","error_description":"\#(secrets)"}"#
            bed.sandbox.fault(.token, .body(status: 200, type: Self.json, text: text))
        case .doubted:
            fault(.contentInit, path, .replaced(status: 500, type: "text/html", text: words))
        case .chunk:
            fault(.upload, path, .body(status: 400, type: "text/plain", text: words))
        case .published, .photo, .draft, .missing, .link, .document: break
        }
    }

    private static let json = "application/json"

    private static func error(_ members: String) -> String {
        #"{"data":{},"error":\#(members)"log_id":"L2"}}"#
    }

    private func fault(
        _ endpoint: SandboxEndpoint,
        _ path: Path,
        _ action: SandboxFault.Action
    ) {
        bed.sandbox.fault(endpoint, action, openID: path.openID)
    }

    func pushAll() async throws {
        for path in Path.allCases { try await bed.push(job(path)) }
    }

    private func job(_ path: Path) -> JSONValue {
        var changes: [String: JSONValue] = [
            "title": .string("CANARY-caption Zürich/🚀 of \(path)"),
            "metadata": ["note": "CANARY-metadata"],
        ]
        let photo = (bed.settings["MEDIA_URL_PREFIX"] ?? "") + "one.webp?sig=CANARY-query%2F"
        switch path {
        case .photo, .doubted:
            changes["video"] = .null
            changes["photos"] = [.string(photo)]
            changes["description"] = "CANARY-description"
        case .draft: (changes["mode"], changes["privacy"]) = ("draft", .null)
        case .missing: changes["video"] = "CANARY-folder/CANARY-missing.mp4"
        case .link:
            changes["video"] = .string(photo.replacing("one.webp", with: "CANARY-none.mp4"))
        case .document: (changes["titel"], changes["privacy"]) = ("CANARY-value", "CANARY-word")
        case .published, .banned, .unsafe, .garbled, .ended, .chunk: break
        }
        return bed.job(path.rawValue, account: path.account, video: video.name, changes)
    }

    func ends(worker: RunningProgram) async throws {
        let codes: [Path: String] = [
            .banned: "spam_risk_user_banned_from_posting", .unsafe: "unsafe_upload_address",
            .ended: "account_reauthorise", .doubted: "init_unanswered", .chunk: "chunk_refused",
            .missing: "media_not_found", .link: "media_url_unavailable",
            .document: "document_invalid",
        ]
        for path in Path.allCases {
            let row = try await bed.row(path.rawValue, "ends or waits", worker: worker) {
                $0.status.isFinal || $0.waitingFor == "account_paused"
            }
            #expect(row.errorCode == codes[path], "\(path): \(row.json.encodedText)")
        }
    }

    /// A job whose upload hangs.
    ///
    /// - Returns: the address it is sent to.
    func pushHanging(worker: RunningProgram) async throws -> String {
        let account = "CANARY-account-killed"
        bed.sandbox.fault(.upload, .hangBefore, openID: "-000-\(account)")
        try await bed.push(bed.job("killed", account: account, video: video.name))
        try await waitUntil("the upload that hangs", state: { worker.err }) {
            bed.sandbox.journal().contains {
                $0.endpoint == .upload && $0.openID?.hasSuffix("killed") == true
            }
        }
        let rows = try await bed.database.query(
            "SELECT upload_url FROM publish_ledger WHERE job_id = 'killed'"
        )
        let sealed = try #require(try rows.first?.textIfAny("upload_url"))
        #expect(sealed.hasPrefix("gAAAA") && !sealed.contains("upload"))
        let address = try bed.fernet().openText(sealed).reveal()
        #expect(address.contains("upload_token="))
        return address
    }

    /// What the operators' commands print.
    func outputs() async throws -> [(name: String, text: String)] {
        let commands: [[String]] = [
            ["history"], ["history", "--json"], ["history", "banned"],
            ["history", "--json", "link"],
            ["dead", "list"], ["dead", "list", "--json"], ["jobs", "show", "ended"],
            ["jobs", "show", "doubted", "--json"], ["queues"], ["workers"], ["workers", "--json"],
            ["accounts", "list"], ["accounts", "show", "CANARY-account-ended"],
            ["accounts", "check"], ["limits", "CANARY-account-ended"], ["doctor"],
            ["doctor", "--json"], ["keys", "rotate", "--check"], ["dead", "retry", "document"],
        ]
        var outputs: [(String, String)] = []
        for command in commands {
            let result = try await bed.start(command).waitForExit()
            outputs.append((command.joined(separator: " "), result.description))
        }
        return outputs
    }

    // MARK: Judging

    /// What must come out nowhere.
    private func secrets() -> [String] {
        [
            "act.CANARY", "rft.CANARY", "CANARY-access", "CANARY-refresh", Self.clientSecret,
            bed.settings["CRYPTOGRAPHY_KEY"] ?? "", bed.servers.postgres.password,
            bed.servers.redis.password, "CANARY-query", "upload_token",
        ]
    }

    /// Of a log: nobody's data either, and no shape of a token.
    func expectNothing(
        in log: String,
        besides more: [String],
        _ place: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(!log.isEmpty)
        let shapes = ["act.", "rft.", "gAAAA", "upload_id", "Bearer", "evil.example"]
        for form in (["CANARY"] + secrets() + more).flatMap(Disguises.of) + shapes {
            #expect(!log.contains(form), "\(form) in \(place)", sourceLocation: sourceLocation)
        }
    }

    func expectNoSecret(
        in text: String,
        besides more: [String],
        _ place: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        for form in (secrets() + more).flatMap(Disguises.of) {
            #expect(!text.contains(form), "\(form) in \(place)", sourceLocation: sourceLocation)
        }
    }

    /// Tables and keys: tokens and addresses only sealed, captions only where they belong.
    func expectStoredSafely(besides more: [String]) async throws {
        for query in Self.tables {
            let rows = try await bed.database.query(query)
            #expect(!rows.isEmpty)
            for row in rows {
                expectNoSecret(in: try row.text("row"), besides: more, "a table")
            }
        }
        let captions = try await bed.database.query(
            """
            SELECT (to_jsonb(t) - 'title')::text AS row FROM publish_history t
            UNION ALL SELECT to_jsonb(t)::text FROM publish_events t
            """
        )
        for row in captions {
            let text = try row.text("row")
            #expect(!text.contains("CANARY-caption") && !text.contains("CANARY-description"))
            #expect(!text.contains("CANARY-value") && !text.contains("CANARY-word"))
        }
        // Job documents are there as upstream wrote them: their addresses are upstream's to keep.
        let values = try await bed.redis.send([
            "EVAL", .text(Self.everything), 0, .text(bed.key("*")),
        ])
        let text = Self.flat(values).joined(separator: "\n")
        #expect(text.contains("CANARY-caption"))
        for secret in (secrets() + more) where secret != "CANARY-query" {
            for form in Disguises.of(secret) { #expect(!text.contains(form), "\(form) in Redis") }
        }
    }

    private static let tables: [SQL] = [
        "SELECT to_jsonb(t)::text AS row FROM publish_history t",
        "SELECT to_jsonb(t)::text AS row FROM publish_events t",
        "SELECT to_jsonb(t)::text AS row FROM publish_ledger t",
        "SELECT to_jsonb(t)::text AS row FROM tiktok_accounts t",
    ]

    /// KEYS none; ARGV 1 pattern of keys; returns all that is in them.
    private static let everything = """
        local read = {
          string = {'GET'}, hash = {'HGETALL'}, list = {'LRANGE', 0, -1},
          zset = {'ZRANGE', 0, -1}, set = {'SMEMBERS'},
        }
        local all = {}
        for _, key in ipairs(redis.call('KEYS', ARGV[1])) do
          local command = read[redis.call('TYPE', key).ok]
          if command then
            all[#all + 1] = redis.call(command[1], key, unpack(command, 2))
          end
        end
        return all
        """

    private static func flat(_ value: RedisValue) -> [String] {
        if let items = value.array { return items.flatMap(flat) }
        return [value.bytes.map { String(decoding: $0, as: UTF8.self) } ?? value.text ?? ""]
    }
}
