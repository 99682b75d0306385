import Foundation
import HTTP
import JSON
import Postgres
import Processes
import Publishing
import Redis
import Sandbox
import Support
import Testing

/// Webhooks that cannot be followed: told, put off, given up after days, and in nobody's way.
@Suite(.timeLimit(.minutes(10)))
struct WebhookFaultTests {
    @Test func `notes that PostgreSQL refuses are put off and keep no other waiting`() async throws
    {
        try await TestBed.run(TestBed.webhooks) { bed in
            try await bed.connect("mira")
            let worker = try bed.startWorker()
            let video = try bed.video("a.mp4", bytes: 100_000)
            for job in ["good", "poison"] {
                try await bed.push(bed.job(job, account: "mira", video: video.name))
            }
            let ends = try await bed.ends(of: ["good", "poison"], worker: worker)
            let (good, poison) = try (#require(ends[0].publishID), #require(ends[1].publishID))
            try await bed.poison()
            // More than are followed at once, and older.
            try await bed.leave(150, about: poison)

            try await WebhookCaller.run(to: worker) { caller in
                let word = WebhookCaller.post("complete", good)
                try await caller.send(word)
                try await waitUntil("the good note to be followed", state: { worker.err }) {
                    try await bed.notes(areOpen: true) == 150
                }
                #expect(try await bed.news(of: "good") == ["complete"])
                #expect(try await bed.news(of: "poison").isEmpty)
                try await waitUntil("the rest to be put off", state: { worker.err }) {
                    try await bed.putOff() == 150
                }
                let line = "webhook.unfollowed"
                #expect(try await worker.hasLines(1, with: line, "error=", "poisoned", "remedy="))
                #expect(worker.lines(with: "webhook.stuck").isEmpty)
                // The same word again changes nothing, and makes the worker look.
                try await bed.mend(worker) { try await caller.send(word) }
            }
            try await bed.expectDrains(worker)
        }
    }

    @Test func `what keeps all of them from being followed is told once, and mended goes on`()
        async throws
    {
        try await TestBed.run(TestBed.webhooks) { bed in
            let worker = try bed.startWorker()
            try await WebhookCaller.run(to: worker) { caller in
                try await bed.database.execute("ALTER TABLE publish_webhooks RENAME TO hidden")
                #expect(
                    try await caller.send(WebhookCaller.post("complete", "v_pub_file~v2-1.1"))
                        .status == 503
                )
                for event in ["webhook.stuck", "webhook.refused"] {
                    try await waitUntil("\(event) in the log", state: { worker.err }) {
                        !worker.lines(with: event).isEmpty
                    }
                }

                try await bed.database.execute("ALTER TABLE hidden RENAME TO publish_webhooks")
                try await caller.send(WebhookCaller.post("complete", "v_pub_file~v2-1.1"))
                try await bed.newsAreFollowed(1, worker)
            }
            // Each side says so once: what posts did, and what consents did.
            let stuck = worker.lines(with: "webhook.stuck", "error=", "remedy=").count
            #expect((1...2).contains(stuck), "\(worker.err)")
            #expect(!worker.lines(with: "webhook.refused", "unkept", "42P01").isEmpty)
            try await bed.expectDrains(worker)
        }
    }
}

extension TestBed {
    /// PostgreSQL refuses whatever is to be said of webhooks about the job of that name.
    fileprivate func poison() async throws {
        try await database.execute(
            """
            CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION 'poisoned'; END $$
            """
        )
        try await database.execute(
            """
            CREATE TRIGGER poison BEFORE INSERT ON publish_events FOR EACH ROW
            WHEN (NEW.job_id = 'poison' AND NEW.event = 'webhook') EXECUTE FUNCTION refuse()
            """
        )
    }

    /// Notes of another worker's, which has been gone for an hour.
    fileprivate func leave(_ count: Int, about publishID: String) async throws {
        try await database.execute(
            """
            INSERT INTO publish_webhooks (
                subject, event, post_id, open_id, said_at, received_at, worker)
            SELECT \(publishID), 'complete', number::text, '-000-mira', now(),
                now() - interval '1 hour', 'gone'
            FROM generate_series(1, \(count)::int) AS number
            """
        )
    }

    /// What is days old is given up, and the rest is followed once it can be.
    fileprivate func mend(
        _ worker: RunningProgram,
        _ poke: () async throws -> HTTPResponse
    ) async throws {
        try await database.execute(
            """
            UPDATE publish_webhooks SET try_after = now(), received_at = now() - interval '4 days'
            WHERE followed_at IS NULL AND post_id::int <= 3
            """
        )
        #expect(try await poke().status == 200)
        try await waitUntil("some to be given up", state: { worker.err }) {
            try await notes(areOpen: true) == 147
        }
        #expect(try await worker.hasLines(1, with: "webhook.given_up", "complete"))
        try await database.execute("DROP TRIGGER poison ON publish_events")
        try await database.execute("UPDATE publish_webhooks SET try_after = now()")
        #expect(try await poke().status == 200)
        try await newsAreFollowed(151, worker)
        #expect(try await news(of: "poison").count == 150)
    }

    fileprivate func putOff() async throws -> Int {
        let rows = try await database.query(
            "SELECT count(*) AS notes FROM publish_webhooks WHERE tries > 0 AND try_after > now()"
        )
        return try rows.first?.int("notes") ?? 0
    }
}
