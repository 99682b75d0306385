-- Posts whose media TikTok fetches itself: their init posts, so it is noted before it is sent.
ALTER TABLE publish_ledger ADD COLUMN init_started_at timestamptz;

COMMENT ON COLUMN publish_ledger.init_started_at IS
    'an init that posts by itself was about to be sent; without a publish_id nobody knows whether '
    'it arrived, and it is never sent again';
