-- ── entry by the calendar ───────────────────────────────────────────────────────────────────────────────────────
-- One date of a schedule, for everyone or for the people of one time zone: a cursor that goes through the profiles.
CREATE TABLE runs (
	id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	step_id int NOT NULL REFERENCES steps,
	journey_id int NOT NULL REFERENCES journeys,
	scheduled_for date NOT NULL,    -- by the calendar of the zone
	people text NOT NULL,           -- '*' everyone; '' who has no zone of their own; else who has this one
	zone text NOT NULL,             -- by whose clock
	at timestamptz NOT NULL,        -- when it was due
	state text NOT NULL CHECK (state IN ('open', 'done', 'missed')),
	rule jsonb,                     -- the audience; null: everyone
	canvas text,                    -- hash of the canvas that the workflow ran last
	cursor bigint NOT NULL DEFAULT 0, -- the last profile looked at
	examined bigint NOT NULL DEFAULT 0,
	selected bigint NOT NULL DEFAULT 0,
	next_page_at timestamptz NOT NULL,
	ended_at timestamptz,
	CHECK ((state = 'open') = (ended_at IS NULL)),
	UNIQUE (journey_id, scheduled_for, people)
);
CREATE INDEX runs_open ON runs (next_page_at) WHERE state = 'open';
CREATE INDEX runs_due ON runs (at);

-- Up to when the runs of a schedule have been made; null: the step has no schedule.
ALTER TABLE steps ADD COLUMN planned_until timestamptz;

-- A candidate comes from an event or from a run; the latter brings its own moment.
ALTER TABLE candidates ALTER COLUMN event_id DROP NOT NULL, ALTER COLUMN event_received_at DROP NOT NULL,
	ADD COLUMN run_id int, ADD COLUMN occurred_at timestamptz,
	ADD CHECK ((event_id IS NULL) = (run_id IS NOT NULL)), ADD CHECK ((run_id IS NULL) = (occurred_at IS NULL));
-- Of the latest entry, if a schedule made it: nobody enters twice for one date, even if their zone changes.
ALTER TABLE enrolments ADD COLUMN scheduled_for date;

-- Which zones there are, and who is in one: for schedules that go by each profile's own.
CREATE INDEX profiles_zone ON profiles (zone, id) WHERE merged_into IS NULL;

CREATE VIEW report_runs AS
	SELECT r.id AS run, j.key AS journey, s.name AS step, r.scheduled_for, r.zone, r.people, r.at AS due_at, r.state, r.examined, r.selected, r.ended_at
	FROM runs r JOIN journeys j ON j.id = r.journey_id JOIN steps s ON s.id = r.step_id;
