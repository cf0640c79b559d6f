-- ── rows about people refer to what is never deleted ────────────────────────────────────────────────────────────
-- Journeys, steps and condition sets stay for ever, and their ids come from the rows themselves. Asking for each of them
-- again costs Postgres 4 µs for each row and column: 12 for somebody who enters, 8 for a step to another State, and a
-- lock on one row that all share.
ALTER TABLE candidates DROP CONSTRAINT candidates_step_id_fkey, DROP CONSTRAINT candidates_journey_id_fkey;
ALTER TABLE instances DROP CONSTRAINT instances_journey_id_fkey, DROP CONSTRAINT instances_step_id_fkey, DROP CONSTRAINT instances_set_id_fkey;
ALTER TABLE enrolments DROP CONSTRAINT enrolments_journey_id_fkey;
ALTER TABLE finished DROP CONSTRAINT finished_journey_id_fkey, DROP CONSTRAINT finished_step_id_fkey;
ALTER TABLE conversions DROP CONSTRAINT conversions_journey_id_fkey, DROP CONSTRAINT conversions_step_id_fkey;
ALTER TABLE deliveries DROP CONSTRAINT deliveries_journey_id_fkey, DROP CONSTRAINT deliveries_step_id_fkey;
ALTER TABLE timeouts DROP CONSTRAINT timeouts_journey_id_fkey, DROP CONSTRAINT timeouts_step_id_fkey, DROP CONSTRAINT timeouts_set_id_fkey;
ALTER TABLE acts DROP CONSTRAINT acts_journey_id_fkey;
