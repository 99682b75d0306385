-- What workers need to agree on who refreshes an account's tokens: never read by dashboards, and
-- an upstream app that writes tiktok_accounts leaves these columns alone.
ALTER TABLE tiktok_accounts
    ADD COLUMN refresh_lease       text,
    ADD COLUMN refresh_lease_until timestamptz,
    ADD COLUMN refreshed_at        timestamptz,
    ADD COLUMN refresh_failure     text,
    ADD COLUMN refresh_failures    int NOT NULL DEFAULT 0,
    ADD COLUMN refresh_retry_at    timestamptz,
    ADD COLUMN refresh_warned_at   timestamptz;

COMMENT ON COLUMN tiktok_accounts.refresh_lease IS 'the one refresh under way, by a random name';
COMMENT ON COLUMN tiktok_accounts.refreshed_at IS 'when TikTok handed out the stored tokens';
COMMENT ON COLUMN tiktok_accounts.refresh_failure IS 'code of the last refresh, if it failed';
COMMENT ON COLUMN tiktok_accounts.refresh_retry_at IS 'no refresh is tried before';
