-- People to whom something happened, or who were written to: they are looked at anew for the segments that journeys listen
-- to. Rows are only added and taken away: a key over profiles would let intake wait for whoever looks.
CREATE TABLE touched (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	profile_id bigint NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0);
-- What may change who is in a segment: names of events; empty: a write to a profile.
ALTER TABLE segments ADD COLUMN touched_by text[] NOT NULL DEFAULT '{}';

-- The segment with whose people an Entry Trigger has begun, so that it does so once.
ALTER TABLE steps ADD COLUMN began_with text;
CREATE INDEX steps_segment ON steps (id) WHERE config ? 'segment';
