-- Partitions by month: made ahead and dropped under a lock that nobody waits for longer than a moment.
--
-- To attach or drop a partition, Postgres wants its parent for itself, and while it waits for transactions that use the
-- parent, every new one waits behind it. So these give up after 200 ms, and the janitor tries again. Not DETACH
-- CONCURRENTLY: Postgres refuses it where there is a default partition, and it cannot run inside a transaction.

ALTER FUNCTION make_month(text, date) SET lock_timeout = '200ms';

-- Dropping is unlinking files, which Postgres does after it has released the lock: it takes as long for a billion rows.
CREATE FUNCTION drop_month(parent text, month date) RETURNS boolean LANGUAGE plpgsql SET lock_timeout = '200ms' AS $$
DECLARE
	child text := format('%s_%s', parent, to_char(month, 'YYYY_MM'));
BEGIN
	IF to_regclass(child) IS NULL THEN
		RETURN false;
	END IF;
	EXECUTE format('DROP TABLE %I', child);
	RETURN true;
END $$;

-- Refusals come in the order of their days, so a summary of a few pages finds the old ones.
CREATE INDEX refusals_day ON refusals USING brin (day) WITH (pages_per_range = 16, autosummarize = on);

-- ── what each table's life asks of autovacuum ─────────────────────────────────────────────────────────────────────
-- Every candidate is inserted, claimed and deleted within moments, and the next claim walks over what it left behind.
ALTER TABLE candidates SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0);
-- A row or two for each batch, rewritten at each renewal of its lease: small for ever, if it is swept often.
ALTER TABLE claims SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_cost_delay = 0);
-- Exits, entries and conversions change no column that an index knows. With room on its page the new version stays
-- there, and no index hears of it. The same for attributes.
ALTER TABLE enrolments SET (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.05);
ALTER TABLE profiles SET (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.05);
-- Nothing changes after its day; a thirtieth goes each day, and a fifth of a big table is too late to make room.
ALTER TABLE seen SET (autovacuum_vacuum_scale_factor = 0.02);
-- From claimed to sent leaves a dead row for each message.
ALTER TABLE deliveries SET (autovacuum_vacuum_scale_factor = 0.05);
