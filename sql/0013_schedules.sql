-- Schedules that people edit, take away and bring back.


-- The first edit keeps what it replaces.  A job that was taken away is not
-- enabled either, so that no worker looks at it.

ALTER TABLE schedules
    ADD default_cron text,
    ADD default_timezone text,
    ADD is_deleted boolean NOT NULL DEFAULT false,
    ADD CHECK (NOT (is_deleted AND is_enabled));

COMMENT ON COLUMN schedules.default_cron IS
    'of a schedule that was edited: its expression before that';
