import Foundation
import JSON
import Processes
import Publishing
import Sandbox
import Support
import Testing

/// Celery's own clients, with this program where their worker was.
@Suite(.timeLimit(.minutes(15)))
struct CeleryClientsTests {
    /// In a database of its own: what a signature does not route goes to a list that all share.
    private static func run(_ body: (TestBed, RunningProgram) async throws -> Void) async throws {
        try await TestBed.runTasks { bed in
            for number in 0...7 { try await bed.connect("a\(number)") }
            _ = try bed.video("a.mp4", bytes: 300_000)
            let worker = try bed.startWorker()
            try await body(bed, worker)
            bed.expectNoViolation()
            try await bed.expectDrains(worker)
        }
    }

    /// A job of which nothing is special, in Python.
    private static let job = """
        def job(number, **more):
            usual = dict(account=f"a{number}", video="a.mp4", privacy="public")
            return dict(usual, title=f"Post {number}", **more)

        nobody = dict(job(0), account="nobody")


        """

    @Test(.needs(.newest, .middle, .oldest), arguments: CeleryRelease.allCases)
    func `a caller gets what was published, or why not`(release: CeleryRelease) async throws {
        try await Self.run { bed, worker in
            let said = try await bed.script(
                Self.job + """
                    from celery.exceptions import NotRegistered
                    seen = []
                    result = publish_post_task.delay(**job(1))
                    value = result.get(timeout=60, on_message=lambda m: seen.append(m["status"]))
                    say({"id": result.id, "value": value, "state": result.state, "seen": seen})
                    few = {"account": "mira"}
                    bad = app.send_task("publish_post_task", kwargs=few, queue=QUEUE)
                    try:
                        bad.get(timeout=60)
                    except Exception as error:
                        say({"type": type(error).__name__, "args": error.args, "state": bad.state})
                    other = app.send_task("send_mail", queue=QUEUE)
                    try:
                        other.get(timeout=60)
                    except NotRegistered as error:
                        say({"args": error.args})
                    """,
                with: release
            )

            #expect(said.count == 3)
            let row = try await bed.end(of: said[0]["id"]?.string ?? "", worker: worker)
            #expect(said[0]["state"] == "SUCCESS" && row.status == .published)
            #expect(said[0]["value"]?["publish_id"]?.string == row.publishID)
            #expect(said[0]["value"]?["post_ids"] == .array(row.postIDs.map { .string($0) }))
            #expect(said[0]["seen"]?.array?.last == "SUCCESS")
            #expect(said[1]["type"] == "PublishFailed" && said[1]["state"] == "FAILURE")
            let arguments = said[1]["args"]?.array ?? []
            #expect(arguments.first == "document_invalid" && arguments.count == 4)
            #expect(arguments[1].string?.contains("video: exactly one of") == true)
            #expect(arguments[2] == "upstream")
            #expect(said[2]["args"]?.array?.first == "send_mail")
        }
    }

    @Test(.needs(.newest))
    func `countdown, eta, expires, priority and compression mean what they say`() async throws {
        try await Self.run { bed, worker in
            let said = try await bed.script(
                Self.job + """
                    from datetime import datetime, timedelta, timezone
                    from celery.exceptions import TaskRevokedError
                    now = datetime.now(timezone.utc)
                    soon = now + timedelta(seconds=2)
                    send = publish_post_task.apply_async
                    results = [
                        send(kwargs=job(1), countdown=2),
                        send(kwargs=job(2), eta=soon),
                        send(kwargs=job(3), priority=9),
                        app.send_task(
                            "publish_post_task", (job(4),), queue=QUEUE, compression="zlib"
                        ),
                        send(kwargs=job(5, publish_at=soon)),
                    ]
                    say([result.get(timeout=60)["status"] for result in results])
                    late = send(kwargs=job(6), expires=now - timedelta(seconds=9))
                    try:
                        late.get(timeout=60)
                    except TaskRevokedError as error:
                        say({"args": error.args, "state": late.state})
                    quiet = send(kwargs=job(7), ignore_result=True)
                    say({"id": quiet.id})
                    """
            )

            #expect(said.count == 3)
            #expect(said[0] == .array([JSONValue](repeating: "published", count: 5)))
            #expect(said[1] == ["args": ["expired"], "state": "REVOKED"])
            let quiet = said[2]["id"]?.string ?? ""
            #expect(try await bed.end(of: quiet, worker: worker).status == .published)
            try await bed.expectNothingLeft(worker: worker)
            #expect(try await bed.result(quiet) == nil)
        }
    }

    private static let workflows = """
        from celery import chain, chord, group
        post = publish_post_task

        def get(workflow, **options):
            return workflow.apply_async(**options).get(timeout=90)

        say(get(chain(post.s(**job(1)), note.s("after"), note.s("end"))))
        linked = note.s("link").set(task_id="linked")
        post.apply_async(kwargs=job(2), link=linked).get(timeout=90)
        say(app.AsyncResult("linked").get(timeout=90))
        told = failed.s().set(task_id="told")
        broken = chain(post.s(**nobody), note.s()).apply_async(link_error=told)
        try:
            broken.get(timeout=90)
        except Exception as error:
            name = type(error).__name__
            say({"type": name, "code": error.args[0], "first": broken.parent.id})
        say(app.AsyncResult("told").get(timeout=90))
        say(get(group(post.s(**job(3)), post.s(**job(4)))))
        header = [post.s(**job(5)), note.s("x"), post.s(**job(6))]
        say(get(chord(header, note.s("body"))))
        lost = note.s().set(task_id="lost")
        chord([post.s(**nobody), note.s("x")], lost).apply_async()
        try:
            app.AsyncResult("lost").get(timeout=90)
        except Exception as error:
            say({"type": type(error).__name__, "text": str(error)})
        pair = group(note.s("a"), note.s("b"))
        say(get(chain(post.s(**job(7)), pair, note.s("sum"))))
        """

    @Test(.needs(.newest, .oldest), arguments: [CeleryRelease.newest, .oldest])
    func `workflows go on as with a worker of Celery's`(release: CeleryRelease) async throws {
        try await Self.run { bed, worker in
            let helper = try await bed.startPython(
                [
                    "-m", "celery", "-A", "upstream", "worker", "-P", "solo", "-n", "helper@here",
                    "-Q", "celery,\(bed.followers)", "-l", "WARNING",
                ],
                with: release
            )
            let said = try await bed.script(
                Self.job + Self.workflows,
                with: release
            )

            #expect(said.count == 8, "\(said)\n\(helper.err)\n\(worker.err)")
            guard said.count == 8 else { return }
            // The end has the result of the step before, and that the post's.
            let after = said[0]["values"]?.array
            #expect(after?.last == "end" && after?.first?["values"]?.array?.last == "after")
            #expect(
                after?.first?["values"]?.array?.first?["status"] == "published"
            )
            #expect(said[1]["values"]?.array?.first?["status"] == "published")
            #expect(said[2]["type"] == "PublishFailed" && said[2]["code"] == "account_unknown")
            #expect(said[3] == said[2]["first"])
            #expect(said[4].array?.map { $0["status"] } == ["published", "published"])
            let parts = said[5]["values"]?.array?.first?.array ?? []
            #expect(parts.count == 3 && parts[0]["status"] == "published")
            #expect(parts[1]["values"] == ["x"] && parts[2]["status"] == "published")
            #expect(said[6]["type"] == "ChordError")
            #expect(said[6]["text"]?.string?.contains("PublishFailed('account_unknown'") == true)
            #expect(said[7]["values"]?.array?.first?.array?.count == 2, "\(said[7])")
            _ = try await helper.drain()
        }
    }

    @Test(.needs(.newest))
    func `a task that is revoked before its time is never posted`() async throws {
        try await Self.run { bed, worker in
            // A worker of Celery's keeps the state of what is revoked, whoever was to run it.
            let helper = try await bed.startPython(
                [
                    "-m", "celery", "-A", "upstream", "worker", "-P", "solo", "-n", "helper@here",
                    "-Q", bed.followers, "-l", "INFO",
                ]
            )
            try await waitUntil("a helper", state: { helper.err + helper.out }) {
                (helper.err + helper.out).contains("ready.")
            }
            let said = try await bed.script(
                Self.job + """
                    from celery.exceptions import TaskRevokedError
                    result = publish_post_task.apply_async(kwargs=job(1), countdown=4)
                    result.revoke()
                    try:
                        result.get(timeout=60)
                    except TaskRevokedError as error:
                        say({"id": result.id, "args": error.args})
                    """
            )

            let id = try #require(said.first?["id"]?.string)
            #expect(try await bed.end(of: id, worker: worker).status == .cancelled)
            #expect(bed.sandbox.report().posts.isEmpty)
            _ = try await helper.drain()
        }
    }
}
