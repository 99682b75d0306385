-- What cannot be followed now is put off, so that it keeps nothing else waiting.
ALTER TABLE publish_webhooks ADD COLUMN tries int NOT NULL DEFAULT 0;
ALTER TABLE publish_webhooks ADD COLUMN try_after timestamptz;

COMMENT ON COLUMN publish_webhooks.tries IS 'how often it could not be followed';
