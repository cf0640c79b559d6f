-- A condition may ask for several events within a time, or decide only when the time is up.
ALTER TABLE conditions ADD COLUMN times int NOT NULL DEFAULT 1;
ALTER TABLE conditions ADD COLUMN within text; -- of the last event: an interval, or 'day' for its calendar day; null: the whole wait
ALTER TABLE conditions DROP CONSTRAINT conditions_effect_check;
ALTER TABLE conditions ADD CONSTRAINT conditions_effect_check CHECK (effect IN ('wake', 'reset', 'rank'));

-- The calendar day in a zone. Zones are checked before they are stored, but by another copy of the time zone database:
-- one that Postgres does not know must not stop everybody's events, and counts as UTC.
CREATE FUNCTION local_day(at timestamptz, zone text) RETURNS date LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN (at AT TIME ZONE zone)::date;
EXCEPTION WHEN invalid_parameter_value THEN
	RETURN (at AT TIME ZONE 'UTC')::date;
END $$;

-- Waits for events whose timeout was claimed: what they listened to, as in `instances`, to tell which events came too late.
-- Kept for as long as events may come late.
CREATE TABLE timeouts (
	profile_id bigint NOT NULL,
	journey_id int NOT NULL REFERENCES journeys,
	step_id int NOT NULL REFERENCES steps,
	instance_id bigint NOT NULL,
	set_id int NOT NULL REFERENCES condition_sets,
	correlation text NOT NULL,
	after_arrival boolean NOT NULL,
	since timestamptz NOT NULL,
	due_at timestamptz NOT NULL,
	parked_at timestamptz NOT NULL,
	event_id bigint,
	vars jsonb,
	claimed_at timestamptz NOT NULL
);
CREATE INDEX timeouts_profile ON timeouts (profile_id);
CREATE INDEX timeouts_age ON timeouts (claimed_at);
