-- ── several instances of one key ────────────────────────────────────────────────────────────────────────────────
-- A journey may let somebody run through it several times at once. Each run has a place of its own, its slot, counted
-- from 0 and used again when it is free; what is remembered of entries is kept for each.
ALTER TABLE instances ADD COLUMN slot int NOT NULL DEFAULT 0;
DROP INDEX instances_live;
CREATE UNIQUE INDEX instances_live ON instances (profile_id, journey_id, correlation, slot);

ALTER TABLE enrolments
	ADD COLUMN slot int NOT NULL DEFAULT 0,
	ADD COLUMN entered_at timestamptz, -- own time of the entry of instance_id; of two merged people not always the last
	ADD COLUMN arm text CHECK (arm IN ('treated', 'control', 'global')), -- for good; null: there was no holdout
	ADD COLUMN held_out boolean NOT NULL DEFAULT false; -- the latest entry made no instance: instance_id is its number alone
UPDATE enrolments SET entered_at = last_entry;
ALTER TABLE enrolments
	ALTER COLUMN entered_at SET NOT NULL,
	DROP CONSTRAINT enrolments_pkey,
	ADD PRIMARY KEY (profile_id, journey_id, correlation, slot);

-- Of an entry that was held out: what those convert who got nothing.
ALTER TABLE conversions ADD COLUMN held_out boolean NOT NULL DEFAULT false;

-- ── capacity ────────────────────────────────────────────────────────────────────────────────────────────────────
-- One row for each journey with a capacity, locked by whoever lets people in.
CREATE TABLE paces (
	journey_id int PRIMARY KEY REFERENCES journeys,
	minute timestamptz NOT NULL,
	entered int NOT NULL,       -- in that minute
	inside int NOT NULL,        -- at most so many, counted at counted_at
	counted_at timestamptz NOT NULL
);
-- Why a candidate was put back; null: it was not.
ALTER TABLE candidates ADD COLUMN delayed text CHECK (delayed IN ('order', 'per_minute', 'inside'));

-- ── the end of a journey ────────────────────────────────────────────────────────────────────────────────────────
ALTER TABLE workflows ADD COLUMN evict_at timestamptz; -- whoever is inside then leaves; null: nobody has to, or they have

-- ── the public surface ──────────────────────────────────────────────────────────────────────────────────────────
-- One row for each slot. `arm`: the side of a holdout; `held_out`: the latest entry was one of a control group.
CREATE OR REPLACE VIEW report_entries AS
	SELECT j.key AS journey, en.profile_id AS profile, en.correlation, en.entries, en.first_entry, en.last_entry, en.last_exit, en.converted_at,
		en.slot, en.arm, en.held_out
	FROM enrolments en JOIN journeys j ON j.id = en.journey_id;

CREATE OR REPLACE VIEW report_conversions AS
	SELECT j.key AS journey, s.name AS goal, c.profile_id AS profile, c.instance_id AS instance, c.converted_at, c.first, c.value, c.currency,
		c.held_out
	FROM conversions c JOIN journeys j ON j.id = c.journey_id JOIN steps s ON s.id = c.step_id;
