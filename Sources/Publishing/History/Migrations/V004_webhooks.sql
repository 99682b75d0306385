-- What TikTok's webhooks have said, each thing once, however often it is sent. Dashboards find it
-- among the events of the job. A row outlives the time in which it could be sent again.
CREATE TABLE publish_webhooks (
    id          bigserial PRIMARY KEY,
    subject     text NOT NULL,
    event       text NOT NULL,
    post_id     text NOT NULL DEFAULT '',
    open_id     text NOT NULL,
    reason      text,
    is_draft    boolean,
    said_at     timestamptz NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    worker      text NOT NULL,
    job_id      text,
    followed_at timestamptz,
    UNIQUE (subject, event, post_id)
);

COMMENT ON COLUMN publish_webhooks.subject IS
    'a publish_id; of a consent that ended, the open_id and when';
COMMENT ON COLUMN publish_webhooks.followed_at IS 'when what follows from it was done';

CREATE INDEX publish_webhooks_open ON publish_webhooks (received_at) WHERE followed_at IS NULL;
CREATE INDEX publish_webhooks_strange ON publish_webhooks (open_id) WHERE job_id IS NULL;
CREATE INDEX publish_webhooks_received ON publish_webhooks (received_at);
CREATE INDEX publish_history_publish_id ON publish_history (publish_id)
    WHERE publish_id IS NOT NULL;
