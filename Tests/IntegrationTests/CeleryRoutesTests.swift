import Foundation
import JSON
import Publishing
import Redis
import Sandbox
import Support
import Testing

/// Where what follows a task goes when its message does not say so.
@Suite(.timeLimit(.minutes(10)))
struct CeleryRoutesTests {
    @Test(.needs(.newest))
    func `callbacks reach the worker of the app's routes and of its default queue`() async throws {
        try await TestBed.runTasks { bed in
            try await bed.connect("mira")
            let video = try bed.video("a.mp4", bytes: 300_000)
            let worker = try bed.startWorker(environment: [
                "CELERY_DEFAULT_QUEUE": bed.queue + ".usual",
                "CELERY_ROUTES": "upstream.n?te*=nobody,upstream.note=\(bed.queue).notes",
            ])
            let helper = try await bed.startPython([
                "-m", "celery", "-A", "upstream", "worker", "-P", "solo", "-n", "helper@here",
                "-Q", "\(bed.queue).notes,\(bed.queue).usual", "-l", "WARNING",
            ])

            let said = try await bed.script(
                """
                job = dict(account="mira", video=sys.argv[1], title="x", privacy="public")
                links = [note.s("routed").set(task_id="n"), failed.s().set(task_id="f")]
                publish_post_task.apply_async(kwargs=job, link=links).get(timeout=60)
                for task in "n", "f":
                    say(app.AsyncResult(task).get(timeout=60))
                """,
                video.name
            )

            #expect(said.first?["values"]?.array?.last == "routed", "\(helper.err)")
            #expect(said.last?["status"] == "published")
            _ = try await helper.drain()
            try await bed.expectDrains(worker)
        }
    }

    /// What is the same for Celery must be the same here.
    @Test(.needs(.newest))
    func `every combination of options leads to the list that Celery sends to`() async throws {
        try await TestBed.runTasks { bed in
            let video = try bed.video("a.mp4", bytes: 1000)
            let worker = try bed.startWorker(environment: [
                "CELERY_DEFAULT_QUEUE": "usual", "CELERY_ROUTES": "upstream.note=notes",
            ])
            let said = try await bed.script(
                """
                app.conf.task_default_queue = "usual"
                app.conf.task_routes = {"upstream.note": {"queue": "notes"}}
                some = [{}, {"queue": "q"}, {"routing_key": "k"}, {"exchange": "e"},
                    {"exchange": "", "routing_key": "k"}, {"queue": "q", "routing_key": "k"},
                    {"queue": "q", "exchange": "e"}]
                links = [task.s().set(**options) for task in (note, failed) for options in some]
                for link in links:
                    link.apply_async((1,))
                with app.connection_for_read() as connection:
                    client = connection.default_channel.client
                    lists = ["usual", "notes", "q", "k", "e", "celery"]
                    say({name: client.llen(name) for name in lists})
                    client.delete(*lists)
                app.send_task("publish_post_task", kwargs=dict(
                    account="nobody", video=sys.argv[1], title="x", privacy="public"),
                    link_error=links, queue=QUEUE, task_id="t-1")
                """,
                video.name
            )
            try await bed.awaitDead(1)

            let theirs = try #require(said.first?.object)
            #expect(theirs["notes"] == 4 && theirs["usual"] == 4 && theirs["q"] == 6, "\(theirs)")
            for (list, count) in theirs {
                let ours = try await bed.redis.send(["LLEN", .text(list)]).integer
                #expect(ours == count.integer, "\(list): \(worker.err)")
            }
            try await bed.expectDrains(worker)
        }
    }
}
