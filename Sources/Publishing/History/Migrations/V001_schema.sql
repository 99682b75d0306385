-- One row a job: what dashboards read. Times are UTC instants.
CREATE TABLE publish_history (
    job_id          text PRIMARY KEY,
    account         text NOT NULL,
    open_id         text,
    kind            text NOT NULL CHECK (kind IN ('video', 'photo')),
    mode            text NOT NULL CHECK (mode IN ('direct', 'draft')),
    status          text NOT NULL CHECK (status IN (
                        'waiting', 'preparing', 'uploading', 'processing', 'published', 'delivered',
                        'failed', 'in_doubt', 'rejected', 'expired', 'cancelled')),
    title           text,
    privacy         text,
    attempt         int NOT NULL DEFAULT 1,
    publish_id      text,
    post_ids        text[] NOT NULL DEFAULT '{}',
    share_url       text,
    error_code      text,
    error_owner     text CHECK (error_owner IN ('creator', 'operator', 'upstream', 'tiktok')),
    error_message   text,
    error_action    text,
    log_id          text,
    next_attempt_at timestamptz,
    waiting_for     text CHECK (waiting_for IN (
                        'schedule', 'daily_limit', 'draft_limit', 'rate_limit', 'account_busy',
                        'account_paused', 'backoff', 'tiktok')),
    media_bytes     bigint,
    media_sha256    text,
    uploaded_bytes  bigint,
    queue           text,
    source          text NOT NULL CHECK (source IN ('json', 'celery')),
    worker          text,
    metadata        jsonb,
    received_at     timestamptz NOT NULL,
    started_at      timestamptz,
    uploaded_at     timestamptz,
    finished_at     timestamptz,
    updated_at      timestamptz NOT NULL DEFAULT now(),
    fence           bigint NOT NULL
);

CREATE INDEX publish_history_account ON publish_history (account, received_at DESC);
CREATE INDEX publish_history_status ON publish_history (status, updated_at DESC);
CREATE INDEX publish_history_received ON publish_history (received_at DESC);
CREATE INDEX publish_history_fence ON publish_history (fence);

-- What happened to each job, in order; rows are only ever added.
CREATE TABLE publish_events (
    id      bigserial PRIMARY KEY,
    job_id  text NOT NULL,
    at      timestamptz NOT NULL DEFAULT now(),
    event   text NOT NULL,
    attempt int NOT NULL,
    worker  text,
    detail  jsonb
);

CREATE INDEX publish_events_job ON publish_events (job_id, id);

-- What another worker needs to go on with a post: never read by dashboards.
CREATE TABLE publish_ledger (
    job_id             text PRIMARY KEY REFERENCES publish_history ON DELETE CASCADE,
    ticket             text NOT NULL,
    publish_id         text,
    upload_url         text,
    upload_expires_at  timestamptz,
    chunk_bytes        bigint,
    chunk_count        int,
    source_bytes       bigint,
    source_modified_ns bigint,
    source_inode       text,
    sent_bytes         bigint NOT NULL DEFAULT 0,
    verdict_deadline   timestamptz
);

COMMENT ON COLUMN publish_ledger.upload_url IS 'a Fernet token under CRYPTOGRAPHY_KEY';

-- Connected accounts. An upstream app may write this table itself.
CREATE TABLE tiktok_accounts (
    account            text PRIMARY KEY,
    open_id            text,
    username           text,
    status             text NOT NULL DEFAULT 'active'
                       CHECK (status IN ('active', 'reauthorise', 'revoked')),
    status_reason      text,
    scopes             text[] NOT NULL DEFAULT '{}',
    access_token       text,
    refresh_token      text,
    access_expires_at  timestamptz,
    refresh_expires_at timestamptz,
    daily_post_limit   int CHECK (daily_post_limit >= 0),
    token_version      bigint NOT NULL DEFAULT 1,
    created_at         timestamptz NOT NULL DEFAULT now(),
    updated_at         timestamptz NOT NULL DEFAULT now()
);

COMMENT ON COLUMN tiktok_accounts.access_token IS 'a Fernet token under CRYPTOGRAPHY_KEY';
COMMENT ON COLUMN tiktok_accounts.refresh_token IS 'a Fernet token under CRYPTOGRAPHY_KEY';

CREATE VIEW publish_daily AS
SELECT (received_at AT TIME ZONE 'UTC')::date AS day,
       account,
       count(*) FILTER (WHERE status IN ('published', 'delivered')) AS published,
       count(*) FILTER (WHERE status IN ('failed', 'rejected', 'expired')) AS failed,
       count(*) FILTER (
           WHERE status IN ('waiting', 'preparing', 'uploading', 'processing')) AS waiting,
       count(*) FILTER (WHERE status = 'in_doubt') AS in_doubt,
       coalesce(sum(uploaded_bytes), 0)::bigint AS bytes
FROM publish_history
GROUP BY 1, 2;

CREATE VIEW publish_failures AS
SELECT error_code AS code,
       error_owner AS owner,
       error_action AS action,
       count(*) AS count,
       max(finished_at) AS last
FROM publish_history
WHERE status IN ('failed', 'rejected', 'in_doubt') AND error_code IS NOT NULL
GROUP BY 1, 2, 3;

CREATE VIEW account_health AS
SELECT a.account,
       a.status,
       (SELECT count(*) FROM publish_history h
         WHERE h.account = a.account AND h.mode = 'direct' AND h.status = 'published'
           AND h.finished_at > now() - interval '24 hours') AS posts_24h,
       a.daily_post_limit AS cap,
       a.refresh_expires_at AS token_ends,
       (SELECT h.error_code FROM publish_history h
         WHERE h.account = a.account AND h.error_code IS NOT NULL
         ORDER BY h.updated_at DESC LIMIT 1) AS last_error
FROM tiktok_accounts a;
