"""An upstream app as one writes it for any Celery worker: nothing here knows who publishes."""

import os

from celery import Celery

QUEUE = os.environ["QUEUE"]

app = Celery(
    "upstream",
    broker=os.environ["BROKER_URL"],
    backend=os.environ["RESULT_BACKEND"],
)
app.conf.task_routes = {
    "publish_post_task": {"queue": QUEUE},
    "upstream.*": {"queue": QUEUE + ".upstream"},
}
app.conf.broker_connection_retry_on_startup = True


@app.task(name="publish_post_task")
def publish_post_task(**job):
    """Runs in another program; called with .delay(**job) or .apply_async(kwargs=job)."""
    raise NotImplementedError("a worker elsewhere publishes")


@app.task(name="upstream.note")
def note(*values, **named):
    """What comes after a post: a callback, a step of a chain, the body of a chord."""
    return {"values": list(values), "named": named}


@app.task(name="upstream.failed")
def failed(task_id):
    """What comes after a post that failed: link_error."""
    return task_id
