-- The words are those of lib/README.md. Unqualified names: the migrator sets search_path to the store's schema.

-- ── people ──────────────────────────────────────────────────────────────────────────────────────────────────────
CREATE TABLE profiles (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	attributes jsonb NOT NULL DEFAULT '{}',
	attribute_times jsonb NOT NULL DEFAULT '{}', -- attribute → epoch milliseconds of the write that set it
	tags text[] NOT NULL DEFAULT '{}',
	consent jsonb NOT NULL DEFAULT '{}',         -- channel → {"state": "granted" | "denied", "at": epoch milliseconds}
	email text,
	phone text,
	locale text,
	zone text,
	created_at timestamptz NOT NULL,
	updated_at timestamptz NOT NULL,
	merged_into bigint
);
-- Asked by every intake, and hardly anybody is in it.
CREATE INDEX profiles_merged ON profiles (id) WHERE merged_into IS NOT NULL;

CREATE TABLE identities (
	kind text NOT NULL CHECK (kind IN ('user_id', 'anonymous_id', 'email', 'phone', 'device')),
	value text NOT NULL,
	profile_id bigint NOT NULL,
	created_at timestamptz NOT NULL,
	PRIMARY KEY (kind, value)
);
CREATE INDEX identities_profile ON identities (profile_id, kind);

-- ── events ──────────────────────────────────────────────────────────────────────────────────────────────────────
CREATE SEQUENCE event_ids;
CREATE TABLE events (
	id bigint NOT NULL DEFAULT nextval('event_ids'),
	profile_id bigint NOT NULL,
	name text NOT NULL,
	properties jsonb NOT NULL,
	occurred_at timestamptz NOT NULL, -- own time
	received_at timestamptz NOT NULL, -- arrival time
	message_id text,
	PRIMARY KEY (id, received_at)
) PARTITION BY RANGE (received_at);
CREATE INDEX events_profile ON events (profile_id, name, occurred_at);
-- Arrival follows the order on disk, so a few pages of summary find what a listener missed.
CREATE INDEX events_arrival ON events USING brin (received_at) WITH (pages_per_range = 16, autosummarize = on);
CREATE TABLE events_other PARTITION OF events DEFAULT;

-- Uniqueness cannot cross partitions, so message ids are remembered here, hashed to a fixed width.
CREATE TABLE seen (
	message uuid PRIMARY KEY,
	received_at timestamptz NOT NULL
);
CREATE INDEX seen_age ON seen (received_at);

CREATE TABLE rejected (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	received_at timestamptz NOT NULL,
	source text NOT NULL,
	position int NOT NULL,
	reason text NOT NULL,
	body text NOT NULL
);
CREATE INDEX rejected_age ON rejected (received_at);

-- ── the canvas, as far as the engine matches on it ──────────────────────────────────────────────────────────────
CREATE TABLE journeys (
	id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	key text NOT NULL UNIQUE,
	name text NOT NULL,
	zone text NOT NULL DEFAULT 'UTC',
	correlation text[], -- path of the property that tells a profile's instances apart
	created_at timestamptz NOT NULL
);

CREATE TABLE workflows (
	id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	host text NOT NULL,        -- n8n instance id
	workflow_id text NOT NULL, -- n8n workflow id
	journey_id int REFERENCES journeys,
	seen_at timestamptz NOT NULL,
	UNIQUE (workflow_id, host)
);

CREATE TABLE canvases (
	workflow int NOT NULL REFERENCES workflows,
	hash text NOT NULL,
	canvas jsonb NOT NULL, -- {nodes, connections}, without credentials
	seen_at timestamptz NOT NULL,
	PRIMARY KEY (workflow, hash)
);

-- What is listened to: immutable, shared by everyone who waits for the same.
CREATE TABLE condition_sets (
	id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	hash text NOT NULL UNIQUE,
	timer jsonb -- {amount, unit}: what a `reset` condition starts again
);
CREATE TABLE conditions (
	set_id int NOT NULL REFERENCES condition_sets,
	ordinal int NOT NULL,
	output text NOT NULL,
	event text NOT NULL,
	filter jsonpath,
	correlation text[], -- where this event carries the instance's correlation; null: where the journey's entry event does
	effect text NOT NULL CHECK (effect IN ('wake', 'reset')),
	PRIMARY KEY (set_id, ordinal)
);
CREATE INDEX conditions_event ON conditions (event, set_id);

CREATE TABLE steps (
	id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	workflow int NOT NULL REFERENCES workflows,
	node_id text NOT NULL,
	kind text NOT NULL CHECK (kind IN ('entry', 'audience', 'state', 'branch', 'action', 'goal')),
	name text NOT NULL,
	set_id int REFERENCES condition_sets, -- entry, goal: what it listens to
	config jsonb NOT NULL DEFAULT '{}',
	state text NOT NULL CHECK (state IN ('on', 'off')),
	off_since timestamptz,
	registered_at timestamptz NOT NULL, -- when a trigger last said that it listens
	CHECK ((state = 'off') = (off_since IS NOT NULL)),
	UNIQUE (workflow, node_id)
);
CREATE INDEX steps_set ON steps (set_id) WHERE set_id IS NOT NULL;

-- ── people in journeys ──────────────────────────────────────────────────────────────────────────────────────────
-- A claim is one batch in flight: whoever names its token may write, until the lease ends.
CREATE TABLE claims (
	token uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	step_id int NOT NULL REFERENCES steps,
	execution text, -- set by the start; null while n8n has not begun
	lease_until timestamptz NOT NULL
);
CREATE INDEX claims_lease ON claims (lease_until);

CREATE TABLE candidates (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	step_id int NOT NULL REFERENCES steps,
	journey_id int NOT NULL REFERENCES journeys,
	profile_id bigint NOT NULL,
	event_id bigint NOT NULL,
	event_received_at timestamptz NOT NULL,
	due_at timestamptz NOT NULL,
	attempts smallint NOT NULL DEFAULT 0,
	token uuid,
	UNIQUE (event_id, journey_id)
);
CREATE INDEX candidates_due ON candidates (step_id, attempts, due_at) WHERE token IS NULL;
CREATE INDEX candidates_token ON candidates (token) WHERE token IS NOT NULL;
CREATE INDEX candidates_profile ON candidates (profile_id);

CREATE TABLE instances (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	profile_id bigint NOT NULL,
	journey_id int NOT NULL REFERENCES journeys,
	step_id int NOT NULL REFERENCES steps,
	set_id int REFERENCES condition_sets,
	visit int NOT NULL DEFAULT 0,
	attempts smallint NOT NULL DEFAULT 0,
	losses smallint NOT NULL DEFAULT 0, -- lease expiries, counted apart from errors
	resets smallint NOT NULL DEFAULT 0,
	status text NOT NULL CHECK (status IN ('waiting', 'running')),
	expires boolean NOT NULL DEFAULT false, -- due_at is the journey's own limit, not a timer
	after_arrival boolean NOT NULL DEFAULT false, -- listens to arrivals after parked_at only
	correlation text NOT NULL DEFAULT '',
	wake text CHECK (wake IN ('time', 'event', 'goal', 'batch', 'entry')), -- null: nothing has happened yet
	output text,        -- hidden id of the output the wake chose
	end_reason text,    -- what `done` will say, decided before the end
	token uuid,
	due_at timestamptz NOT NULL,
	since timestamptz NOT NULL,     -- own time from which events count
	parked_at timestamptz NOT NULL,
	left_at timestamptz NOT NULL,   -- logical moment of leaving the previous State
	entered_at timestamptz NOT NULL, -- own time of the entry event
	event_id bigint,                -- the event that admitted or last woke it
	event_received_at timestamptz,
	vars jsonb,
	context jsonb NOT NULL DEFAULT '{}',
	error text,
	CHECK ((status = 'running') = (token IS NOT NULL))
) WITH (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0); -- every step leaves a dead row
CREATE UNIQUE INDEX instances_live ON instances (profile_id, journey_id, correlation);
CREATE INDEX instances_due ON instances (step_id, attempts, due_at) WHERE status = 'waiting' AND NOT expires;
CREATE INDEX instances_limit ON instances (due_at) WHERE status = 'waiting' AND expires;
CREATE INDEX instances_token ON instances (token) WHERE token IS NOT NULL;

-- The outcome of an instance; leaves the hot table.
CREATE TABLE finished (
	id bigint PRIMARY KEY, -- the instance's
	profile_id bigint NOT NULL,
	journey_id int NOT NULL REFERENCES journeys,
	step_id int NOT NULL REFERENCES steps,
	correlation text NOT NULL,
	status text NOT NULL CHECK (status IN ('done', 'failed')),
	reason text NOT NULL,
	error text,
	entered_at timestamptz NOT NULL,
	ended_at timestamptz NOT NULL,
	visit int NOT NULL,
	context jsonb NOT NULL
);
CREATE INDEX finished_profile ON finished (profile_id, journey_id);
CREATE INDEX finished_ended ON finished (journey_id, ended_at);

-- Answers *once* and every cap for ever: retention never drops it.
CREATE TABLE enrolments (
	profile_id bigint NOT NULL,
	journey_id int NOT NULL REFERENCES journeys,
	correlation text NOT NULL,
	instance_id bigint NOT NULL,      -- the latest
	entry_event_id bigint,            -- of the latest
	entries int NOT NULL,
	entry_times timestamptz[] NOT NULL, -- within the longest period asked for, newest last
	first_entry timestamptz NOT NULL,
	last_entry timestamptz NOT NULL,
	last_exit timestamptz,
	converted_at timestamptz,
	PRIMARY KEY (profile_id, journey_id, correlation)
);

CREATE TABLE conversions (
	profile_id bigint NOT NULL,
	journey_id int NOT NULL REFERENCES journeys,
	step_id int NOT NULL REFERENCES steps,
	instance_id bigint NOT NULL,
	event_id bigint NOT NULL,
	converted_at timestamptz NOT NULL, -- own time of the event
	first boolean NOT NULL,            -- the profile's first in this journey
	value numeric,
	currency text,
	PRIMARY KEY (profile_id, step_id, instance_id)
);
CREATE INDEX conversions_profile ON conversions (profile_id, journey_id);
CREATE INDEX conversions_journey ON conversions (journey_id, converted_at);

-- ── messages ────────────────────────────────────────────────────────────────────────────────────────────────────
CREATE TABLE deliveries (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	profile_id bigint NOT NULL,
	journey_id int NOT NULL REFERENCES journeys,
	step_id int NOT NULL REFERENCES steps,
	instance_id bigint NOT NULL,
	visit int NOT NULL,
	key uuid NOT NULL DEFAULT gen_random_uuid(), -- idempotencyKey
	channel text NOT NULL,
	class text NOT NULL CHECK (class IN ('marketing', 'transactional')),
	status text NOT NULL CHECK (status IN ('claimed', 'sent', 'failed', 'unknown')),
	execution text NOT NULL,
	token uuid NOT NULL,
	claimed_at timestamptz NOT NULL,
	settled_at timestamptz,
	provider_id text,
	error text,
	CHECK ((status = 'claimed') = (settled_at IS NULL))
);
CREATE UNIQUE INDEX deliveries_wish ON deliveries (instance_id, step_id, visit);
CREATE UNIQUE INDEX deliveries_key ON deliveries (key);
CREATE INDEX deliveries_profile ON deliveries (profile_id, channel, claimed_at);
CREATE INDEX deliveries_open ON deliveries (token) WHERE status = 'claimed';
CREATE INDEX deliveries_unknown ON deliveries (journey_id, id) WHERE status = 'unknown';
CREATE INDEX deliveries_provider ON deliveries (provider_id) WHERE provider_id IS NOT NULL;

CREATE TABLE engagements (
	delivery_id bigint NOT NULL REFERENCES deliveries,
	kind text NOT NULL CHECK (kind IN ('delivered', 'opened', 'clicked', 'bounced', 'complained', 'unsubscribed')),
	at timestamptz NOT NULL,
	profile_id bigint NOT NULL,
	detail jsonb NOT NULL DEFAULT '{}',
	PRIMARY KEY (delivery_id, kind, at)
);
CREATE INDEX engagements_profile ON engagements (profile_id, kind, at);

-- ── what was decided ────────────────────────────────────────────────────────────────────────────────────────────
CREATE SEQUENCE journal_ids;
CREATE TABLE journal (
	id bigint NOT NULL DEFAULT nextval('journal_ids'),
	at timestamptz NOT NULL,
	due_at timestamptz,
	kind text NOT NULL,
	journey_id int NOT NULL,
	step_id int,
	profile_id bigint NOT NULL,
	instance_id bigint,
	reason text,
	detail jsonb,
	PRIMARY KEY (id, at)
) PARTITION BY RANGE (at);
CREATE INDEX journal_profile ON journal (profile_id, journey_id, at);
CREATE TABLE journal_other PARTITION OF journal DEFAULT;

-- One row per person, journey, reason and day, or refusals would outgrow everything else.
CREATE TABLE refusals (
	profile_id bigint NOT NULL,
	journey_id int NOT NULL REFERENCES journeys,
	reason text NOT NULL,
	day date NOT NULL,
	first_at timestamptz NOT NULL,
	last_at timestamptz NOT NULL,
	times int NOT NULL,
	detail jsonb NOT NULL, -- the values compared, of the last one
	PRIMARY KEY (profile_id, journey_id, reason, day)
);

-- ── partitions: one a month, made ahead by the janitor ──────────────────────────────────────────────────────────
CREATE FUNCTION make_month(parent text, month date) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	child text := format('%s_%s', parent, to_char(month, 'YYYY_MM'));
	time_column text := CASE parent WHEN 'events' THEN 'received_at' ELSE 'at' END;
	first timestamptz := month;
	next timestamptz := month + interval '1 month';
BEGIN
	IF to_regclass(child) IS NOT NULL THEN
		RETURN false;
	END IF;
	-- Rows of a month that nobody made ahead are in the default partition, and move.
	EXECUTE format('LOCK TABLE %I IN SHARE ROW EXCLUSIVE MODE', parent);
	EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', child, parent);
	EXECUTE format('WITH early AS (DELETE FROM %I WHERE %I >= %L AND %I < %L RETURNING *) INSERT INTO %I SELECT * FROM early',
		parent || '_other', time_column, first, time_column, next, child);
	EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', parent, child, first, next);
	RETURN true;
END $$;

-- A written null deletes the attribute; nulls further down are the customer's data and stay.
CREATE FUNCTION jsonb_strip_nulls_top(document jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
	SELECT coalesce(jsonb_object_agg(key, value), '{}') FROM jsonb_each(document) WHERE value <> 'null'
$$;

-- ── the public surface: views for SQL and BI tools, which stay as they are while tables may change ──────────────────
-- People who entered a journey, also those whose instances are long gone.
CREATE VIEW report_entries AS
	SELECT j.key AS journey, en.profile_id AS profile, en.correlation, en.entries, en.first_entry, en.last_entry, en.last_exit, en.converted_at
	FROM enrolments en JOIN journeys j ON j.id = en.journey_id;

-- One run of one person: inside (waiting, running) or ended (done with its reason, failed).
CREATE VIEW report_instances AS
	SELECT i.id AS instance, j.key AS journey, i.profile_id AS profile, i.correlation, s.name AS step, s.kind AS step_kind,
		i.status, NULL AS reason, i.error, i.visit, i.entered_at, i.due_at, NULL::timestamptz AS ended_at
	FROM instances i JOIN journeys j ON j.id = i.journey_id JOIN steps s ON s.id = i.step_id
	UNION ALL
	SELECT f.id, j.key, f.profile_id, f.correlation, s.name, s.kind, f.status, f.reason, f.error, f.visit, f.entered_at, NULL, f.ended_at
	FROM finished f JOIN journeys j ON j.id = f.journey_id JOIN steps s ON s.id = f.step_id;

CREATE VIEW report_messages AS
	SELECT d.id AS message, j.key AS journey, s.name AS step, d.profile_id AS profile, d.instance_id AS instance, d.visit,
		d.channel, d.class, d.status, d.claimed_at, d.settled_at, d.provider_id, d.error
	FROM deliveries d JOIN journeys j ON j.id = d.journey_id JOIN steps s ON s.id = d.step_id;

-- Messages that a check did not let through, as long as the journal is kept.
CREATE VIEW report_skipped AS
	SELECT l.at, j.key AS journey, s.name AS step, l.profile_id AS profile, l.instance_id AS instance, l.reason, l.detail
	FROM journal l JOIN journeys j ON j.id = l.journey_id JOIN steps s ON s.id = l.step_id
	WHERE l.kind = 'skipped';

CREATE VIEW report_conversions AS
	SELECT j.key AS journey, s.name AS goal, c.profile_id AS profile, c.instance_id AS instance, c.converted_at, c.first, c.value, c.currency
	FROM conversions c JOIN journeys j ON j.id = c.journey_id JOIN steps s ON s.id = c.step_id;

-- Entries refused: how often on that day for that reason.
CREATE VIEW report_refusals AS
	SELECT j.key AS journey, r.profile_id AS profile, r.reason, r.day, r.times, r.first_at, r.last_at, r.detail
	FROM refusals r JOIN journeys j ON j.id = r.journey_id;
