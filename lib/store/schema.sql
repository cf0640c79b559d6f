-- The schema that the migrations make. Written by `npm run schema:dump`; a test compares.

TABLE acts
	id bigint NOT NULL GENERATED ALWAYS AS IDENTITY
	at timestamp with time zone NOT NULL
	what text NOT NULL
	who text NOT NULL
	journey_id integer
	detail jsonb NOT NULL
	CONSTRAINT acts_pkey PRIMARY KEY (id)
	CREATE INDEX acts_age ON acts USING btree (at)
	CREATE INDEX acts_journey ON acts USING btree (journey_id, at) WHERE (journey_id IS NOT NULL)

TABLE candidates WITH (autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=5000, autovacuum_vacuum_cost_delay=0)
	id bigint NOT NULL GENERATED ALWAYS AS IDENTITY
	step_id integer NOT NULL
	journey_id integer NOT NULL
	profile_id bigint NOT NULL
	event_id bigint
	event_received_at timestamp with time zone
	due_at timestamp with time zone NOT NULL
	attempts smallint NOT NULL DEFAULT 0
	token uuid
	delayed text
	run_id integer
	occurred_at timestamp with time zone
	CONSTRAINT candidates_check CHECK (((event_id IS NULL) = (run_id IS NOT NULL)))
	CONSTRAINT candidates_check1 CHECK (((run_id IS NULL) = (occurred_at IS NULL)))
	CONSTRAINT candidates_delayed_check CHECK ((delayed = ANY (ARRAY['order'::text, 'per_minute'::text, 'inside'::text])))
	CONSTRAINT candidates_event_id_journey_id_key UNIQUE (event_id, journey_id)
	CONSTRAINT candidates_pkey PRIMARY KEY (id)
	CREATE INDEX candidates_due ON candidates USING btree (step_id, attempts, due_at) WHERE (token IS NULL)
	CREATE INDEX candidates_profile ON candidates USING btree (profile_id)
	CREATE INDEX candidates_token ON candidates USING btree (token) WHERE (token IS NOT NULL)

TABLE canvases
	workflow integer NOT NULL
	hash text NOT NULL
	canvas jsonb NOT NULL
	seen_at timestamp with time zone NOT NULL
	drawing jsonb
	CONSTRAINT canvases_pkey PRIMARY KEY (workflow, hash)
	CONSTRAINT canvases_workflow_fkey FOREIGN KEY (workflow) REFERENCES workflows(id)

TABLE catalog
	kind text NOT NULL
	event text NOT NULL DEFAULT ''::text
	name text NOT NULL
	seen_at timestamp with time zone NOT NULL
	CONSTRAINT catalog_kind_check CHECK ((kind = ANY (ARRAY['event'::text, 'property'::text, 'attribute'::text, 'tag'::text, 'purpose'::text])))
	CONSTRAINT catalog_pkey PRIMARY KEY (kind, event, name)

TABLE claims WITH (fillfactor=50, autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=500, autovacuum_vacuum_cost_delay=0)
	token uuid NOT NULL DEFAULT gen_random_uuid()
	step_id integer NOT NULL
	execution text
	lease_until timestamp with time zone NOT NULL
	CONSTRAINT claims_pkey PRIMARY KEY (token)
	CONSTRAINT claims_step_id_fkey FOREIGN KEY (step_id) REFERENCES steps(id)
	CREATE INDEX claims_lease ON claims USING btree (lease_until)

TABLE condition_sets
	id integer NOT NULL GENERATED ALWAYS AS IDENTITY
	hash text NOT NULL
	timer jsonb
	until jsonb
	CONSTRAINT condition_sets_hash_key UNIQUE (hash)
	CONSTRAINT condition_sets_pkey PRIMARY KEY (id)

TABLE conditions
	set_id integer NOT NULL
	ordinal integer NOT NULL
	output text NOT NULL
	event text
	filter jsonpath
	correlation text[]
	effect text NOT NULL
	times integer NOT NULL DEFAULT 1
	within text
	kind text NOT NULL DEFAULT 'event'::text
	subjects text[]
	step text
	CONSTRAINT conditions_about_check CHECK ((((kind = 'event'::text) = (event IS NOT NULL)) AND ((kind = 'event'::text) = (subjects IS NULL))))
	CONSTRAINT conditions_effect_check CHECK ((effect = ANY (ARRAY['wake'::text, 'reset'::text, 'rank'::text])))
	CONSTRAINT conditions_kind_check CHECK ((kind = ANY (ARRAY['event'::text, 'attribute'::text, 'message'::text, 'segment'::text, 'date'::text])))
	CONSTRAINT conditions_pkey PRIMARY KEY (set_id, ordinal)
	CONSTRAINT conditions_set_id_fkey FOREIGN KEY (set_id) REFERENCES condition_sets(id)
	CREATE INDEX conditions_event ON conditions USING btree (event, set_id)
	CREATE INDEX conditions_subjects ON conditions USING btree (kind) WHERE (subjects IS NOT NULL)

TABLE consents
	id bigint NOT NULL GENERATED ALWAYS AS IDENTITY
	profile_id bigint NOT NULL
	channel text NOT NULL
	purpose text NOT NULL
	before text
	state text NOT NULL
	holds boolean NOT NULL
	at timestamp with time zone NOT NULL
	recorded_at timestamp with time zone NOT NULL
	source text NOT NULL
	reference text
	CONSTRAINT consents_before_check CHECK ((before = ANY (ARRAY['granted'::text, 'denied'::text])))
	CONSTRAINT consents_pkey PRIMARY KEY (id)
	CONSTRAINT consents_state_check CHECK ((state = ANY (ARRAY['granted'::text, 'denied'::text])))
	CREATE INDEX consents_profile ON consents USING btree (profile_id, at)

TABLE conversions
	profile_id bigint NOT NULL
	journey_id integer NOT NULL
	step_id integer NOT NULL
	instance_id bigint NOT NULL
	event_id bigint
	converted_at timestamp with time zone NOT NULL
	first boolean NOT NULL
	value numeric
	currency text
	held_out boolean NOT NULL DEFAULT false
	version integer NOT NULL DEFAULT 1
	CONSTRAINT conversions_pkey PRIMARY KEY (profile_id, step_id, instance_id)
	CREATE INDEX conversions_journey ON conversions USING btree (journey_id, converted_at)
	CREATE INDEX conversions_profile ON conversions USING btree (profile_id, journey_id)

TABLE deliveries WITH (autovacuum_vacuum_scale_factor=0.05)
	id bigint NOT NULL GENERATED ALWAYS AS IDENTITY
	profile_id bigint NOT NULL
	journey_id integer NOT NULL
	step_id integer NOT NULL
	instance_id bigint NOT NULL
	visit integer NOT NULL
	key uuid NOT NULL DEFAULT gen_random_uuid()
	channel text NOT NULL
	class text NOT NULL
	status text NOT NULL
	execution text NOT NULL
	token uuid NOT NULL
	claimed_at timestamp with time zone NOT NULL
	settled_at timestamp with time zone
	provider_id text
	error text
	claimed_again boolean NOT NULL DEFAULT false
	CONSTRAINT deliveries_check CHECK (((status = 'claimed'::text) = (settled_at IS NULL)))
	CONSTRAINT deliveries_class_check CHECK ((class = ANY (ARRAY['marketing'::text, 'transactional'::text])))
	CONSTRAINT deliveries_pkey PRIMARY KEY (id)
	CONSTRAINT deliveries_status_check CHECK ((status = ANY (ARRAY['claimed'::text, 'sent'::text, 'failed'::text, 'unknown'::text])))
	CREATE INDEX deliveries_claimed ON deliveries USING brin (claimed_at) WITH (pages_per_range='16', autosummarize='on')
	CREATE INDEX deliveries_open ON deliveries USING btree (token) WHERE (status = 'claimed'::text)
	CREATE INDEX deliveries_profile ON deliveries USING btree (profile_id, channel, claimed_at)
	CREATE INDEX deliveries_provider ON deliveries USING btree (provider_id) WHERE (provider_id IS NOT NULL)
	CREATE INDEX deliveries_unknown ON deliveries USING btree (journey_id, id) WHERE (status = 'unknown'::text)
	CREATE UNIQUE INDEX deliveries_key ON deliveries USING btree (key)
	CREATE UNIQUE INDEX deliveries_wish ON deliveries USING btree (instance_id, step_id, visit)

TABLE engagements
	delivery_id bigint NOT NULL
	kind text NOT NULL
	at timestamp with time zone NOT NULL
	profile_id bigint NOT NULL
	detail jsonb NOT NULL DEFAULT '{}'::jsonb
	CONSTRAINT engagements_delivery_id_fkey FOREIGN KEY (delivery_id) REFERENCES deliveries(id)
	CONSTRAINT engagements_kind_check CHECK ((kind = ANY (ARRAY['delivered'::text, 'opened'::text, 'clicked'::text, 'bounced'::text, 'complained'::text, 'unsubscribed'::text])))
	CONSTRAINT engagements_pkey PRIMARY KEY (delivery_id, kind, at)
	CREATE INDEX engagements_profile ON engagements USING btree (profile_id, kind, at)

TABLE enrolments WITH (fillfactor=90, autovacuum_vacuum_scale_factor=0.05)
	profile_id bigint NOT NULL
	journey_id integer NOT NULL
	correlation text NOT NULL
	instance_id bigint NOT NULL
	entry_event_id bigint
	entries integer NOT NULL
	entry_times timestamp with time zone[] NOT NULL
	first_entry timestamp with time zone NOT NULL
	last_entry timestamp with time zone NOT NULL
	last_exit timestamp with time zone
	converted_at timestamp with time zone
	slot integer NOT NULL DEFAULT 0
	entered_at timestamp with time zone NOT NULL
	arm text
	held_out boolean NOT NULL DEFAULT false
	scheduled_for date
	judge_at timestamp with time zone
	workflow integer
	CONSTRAINT enrolments_arm_check CHECK ((arm = ANY (ARRAY['treated'::text, 'control'::text, 'global'::text])))
	CONSTRAINT enrolments_pkey PRIMARY KEY (profile_id, journey_id, correlation, slot)
	CREATE INDEX enrolments_judge ON enrolments USING btree (judge_at) WHERE (judge_at IS NOT NULL)

TABLE events PARTITION BY RANGE (received_at)
	id bigint NOT NULL DEFAULT nextval('event_ids'::regclass)
	profile_id bigint NOT NULL
	name text NOT NULL
	properties jsonb NOT NULL
	occurred_at timestamp with time zone NOT NULL
	received_at timestamp with time zone NOT NULL
	message_id text
	history boolean NOT NULL DEFAULT false
	CONSTRAINT events_pkey PRIMARY KEY (id, received_at)
	CREATE INDEX events_arrival ON ONLY events USING brin (received_at) WITH (pages_per_range='16', autosummarize='on')
	CREATE INDEX events_profile ON ONLY events USING btree (profile_id, name, occurred_at)

TABLE events_other PARTITION OF events
	id bigint NOT NULL DEFAULT nextval('event_ids'::regclass)
	profile_id bigint NOT NULL
	name text NOT NULL
	properties jsonb NOT NULL
	occurred_at timestamp with time zone NOT NULL
	received_at timestamp with time zone NOT NULL
	message_id text
	history boolean NOT NULL DEFAULT false
	CONSTRAINT events_other_pkey PRIMARY KEY (id, received_at)
	CREATE INDEX events_other_profile_id_name_occurred_at_idx ON events_other USING btree (profile_id, name, occurred_at)
	CREATE INDEX events_other_received_at_idx ON events_other USING brin (received_at) WITH (pages_per_range='16', autosummarize='on')

TABLE finished
	id bigint NOT NULL
	profile_id bigint NOT NULL
	journey_id integer NOT NULL
	step_id integer NOT NULL
	correlation text NOT NULL
	status text NOT NULL
	reason text NOT NULL
	error text
	entered_at timestamp with time zone NOT NULL
	ended_at timestamp with time zone NOT NULL
	visit integer NOT NULL
	context jsonb NOT NULL
	CONSTRAINT finished_pkey PRIMARY KEY (id)
	CONSTRAINT finished_status_check CHECK ((status = ANY (ARRAY['done'::text, 'failed'::text])))
	CREATE INDEX finished_ended ON finished USING btree (journey_id, ended_at)
	CREATE INDEX finished_failed ON finished USING btree (journey_id, ended_at) WHERE (status = 'failed'::text)
	CREATE INDEX finished_profile ON finished USING btree (profile_id, journey_id)

TABLE identities
	kind text NOT NULL
	value text NOT NULL
	profile_id bigint NOT NULL
	created_at timestamp with time zone NOT NULL
	CONSTRAINT identities_kind_check CHECK ((kind = ANY (ARRAY['user_id'::text, 'anonymous_id'::text, 'email'::text, 'phone'::text, 'device'::text])))
	CONSTRAINT identities_pkey PRIMARY KEY (kind, value)
	CREATE INDEX identities_profile ON identities USING btree (profile_id, kind)

TABLE instances WITH (fillfactor=85, autovacuum_vacuum_scale_factor=0.02, autovacuum_vacuum_cost_delay=0)
	id bigint NOT NULL GENERATED ALWAYS AS IDENTITY
	profile_id bigint NOT NULL
	journey_id integer NOT NULL
	step_id integer NOT NULL
	set_id integer
	visit integer NOT NULL DEFAULT 0
	attempts smallint NOT NULL DEFAULT 0
	losses smallint NOT NULL DEFAULT 0
	resets smallint NOT NULL DEFAULT 0
	status text NOT NULL
	expires boolean NOT NULL DEFAULT false
	after_arrival boolean NOT NULL DEFAULT false
	correlation text NOT NULL DEFAULT ''::text
	wake text
	output text
	end_reason text
	token uuid
	due_at timestamp with time zone NOT NULL
	since timestamp with time zone NOT NULL
	parked_at timestamp with time zone NOT NULL
	left_at timestamp with time zone NOT NULL
	entered_at timestamp with time zone NOT NULL
	event_id bigint
	event_received_at timestamp with time zone
	vars jsonb
	context jsonb NOT NULL DEFAULT '{}'::jsonb
	error text
	reset_at timestamp with time zone
	behind_goal boolean NOT NULL DEFAULT false
	slot integer NOT NULL DEFAULT 0
	CONSTRAINT instances_check CHECK (((status = 'running'::text) = (token IS NOT NULL)))
	CONSTRAINT instances_pkey PRIMARY KEY (id)
	CONSTRAINT instances_status_check CHECK ((status = ANY (ARRAY['waiting'::text, 'running'::text])))
	CONSTRAINT instances_wake_check CHECK ((wake = ANY (ARRAY['time'::text, 'event'::text, 'change'::text, 'goal'::text, 'batch'::text, 'entry'::text, 'move'::text])))
	CREATE INDEX instances_due ON instances USING btree (step_id, attempts, due_at) WHERE ((status = 'waiting'::text) AND (NOT expires))
	CREATE INDEX instances_limit ON instances USING btree (due_at) WHERE ((status = 'waiting'::text) AND expires)
	CREATE INDEX instances_token ON instances USING btree (token) WHERE (token IS NOT NULL)
	CREATE INDEX instances_unlimited ON instances USING btree (step_id) WHERE ((status = 'waiting'::text) AND expires)
	CREATE UNIQUE INDEX instances_live ON instances USING btree (profile_id, journey_id, correlation, slot)

TABLE journal PARTITION BY RANGE (at)
	id bigint NOT NULL DEFAULT nextval('journal_ids'::regclass)
	at timestamp with time zone NOT NULL
	due_at timestamp with time zone
	kind text NOT NULL
	journey_id integer NOT NULL
	step_id integer
	profile_id bigint NOT NULL
	instance_id bigint
	reason text
	detail jsonb
	CONSTRAINT journal_pkey PRIMARY KEY (id, at)
	CREATE INDEX journal_profile ON ONLY journal USING btree (profile_id, journey_id, at)
	CREATE INDEX journal_skipped ON ONLY journal USING btree (at) WHERE (kind = 'skipped'::text)

TABLE journal_other PARTITION OF journal
	id bigint NOT NULL DEFAULT nextval('journal_ids'::regclass)
	at timestamp with time zone NOT NULL
	due_at timestamp with time zone
	kind text NOT NULL
	journey_id integer NOT NULL
	step_id integer
	profile_id bigint NOT NULL
	instance_id bigint
	reason text
	detail jsonb
	CONSTRAINT journal_other_pkey PRIMARY KEY (id, at)
	CREATE INDEX journal_other_at_idx ON journal_other USING btree (at) WHERE (kind = 'skipped'::text)
	CREATE INDEX journal_other_profile_id_journey_id_at_idx ON journal_other USING btree (profile_id, journey_id, at)

TABLE journeys
	id integer NOT NULL GENERATED ALWAYS AS IDENTITY
	key text NOT NULL
	name text NOT NULL
	zone text NOT NULL DEFAULT 'UTC'::text
	correlation text[]
	created_at timestamp with time zone NOT NULL
	n8n_zone text
	opens_at timestamp with time zone
	ends_at timestamp with time zone
	paused_at timestamp with time zone
	closed_at timestamp with time zone
	archived_at timestamp with time zone
	entrance integer
	unknown_consent text
	CONSTRAINT journeys_key_key UNIQUE (key)
	CONSTRAINT journeys_pkey PRIMARY KEY (id)
	CONSTRAINT journeys_unknown_consent_check CHECK ((unknown_consent = ANY (ARRAY['skip'::text, 'send'::text])))
	CREATE INDEX journeys_entrance ON journeys USING btree (entrance)

TABLE migrations
	version integer NOT NULL
	name text NOT NULL
	applied_at timestamp with time zone NOT NULL
	CONSTRAINT migrations_pkey PRIMARY KEY (version)

TABLE moves
	instance_id bigint NOT NULL
	step_id integer NOT NULL
	target_id integer NOT NULL
	visit integer NOT NULL
	moved_at timestamp with time zone NOT NULL
	wait jsonb NOT NULL
	published_at timestamp with time zone
	returned_at timestamp with time zone
	CONSTRAINT moves_pkey PRIMARY KEY (instance_id)
	CONSTRAINT moves_step_id_fkey FOREIGN KEY (step_id) REFERENCES steps(id)
	CONSTRAINT moves_target_id_fkey FOREIGN KEY (target_id) REFERENCES steps(id)
	CREATE INDEX moves_age ON moves USING btree (moved_at)

TABLE paces
	journey_id integer NOT NULL
	minute timestamp with time zone NOT NULL
	entered integer NOT NULL
	inside integer NOT NULL
	counted_at timestamp with time zone NOT NULL
	CONSTRAINT paces_journey_id_fkey FOREIGN KEY (journey_id) REFERENCES journeys(id)
	CONSTRAINT paces_pkey PRIMARY KEY (journey_id)

TABLE pauses
	id integer NOT NULL GENERATED ALWAYS AS IDENTITY
	reason text NOT NULL
	since timestamp with time zone NOT NULL
	backup_at timestamp with time zone
	moved_to text
	ended_at timestamp with time zone
	answer text
	CONSTRAINT pauses_answer_check CHECK ((answer = ANY (ARRAY['skip'::text, 'go_on'::text])))
	CONSTRAINT pauses_check CHECK (((reason = 'restored'::text) = (backup_at IS NOT NULL)))
	CONSTRAINT pauses_check1 CHECK (((reason = 'moved'::text) = (moved_to IS NOT NULL)))
	CONSTRAINT pauses_check2 CHECK (((ended_at IS NULL) = (answer IS NULL)))
	CONSTRAINT pauses_pkey PRIMARY KEY (id)
	CONSTRAINT pauses_reason_check CHECK ((reason = ANY (ARRAY['restored'::text, 'moved'::text])))
	CREATE UNIQUE INDEX pauses_open ON pauses USING btree ((true)) WHERE (ended_at IS NULL)

TABLE profile_traits WITH (fillfactor=85, autovacuum_vacuum_scale_factor=0.05)
	profile_id bigint NOT NULL
	trait_id integer NOT NULL
	count bigint NOT NULL
	amounts bigint NOT NULL
	total numeric NOT NULL
	first_at timestamp with time zone NOT NULL
	last_at timestamp with time zone NOT NULL
	CONSTRAINT profile_traits_pkey PRIMARY KEY (profile_id, trait_id)
	CREATE INDEX profile_traits_trait ON profile_traits USING btree (trait_id, profile_id)

TABLE profiles WITH (fillfactor=90, autovacuum_vacuum_scale_factor=0.05)
	id bigint NOT NULL GENERATED ALWAYS AS IDENTITY
	attributes jsonb NOT NULL DEFAULT '{}'::jsonb
	attribute_times jsonb NOT NULL DEFAULT '{}'::jsonb
	tags text[] NOT NULL DEFAULT '{}'::text[]
	consent jsonb NOT NULL DEFAULT '{}'::jsonb
	email text
	phone text
	locale text
	zone text
	created_at timestamp with time zone NOT NULL
	updated_at timestamp with time zone NOT NULL
	merged_into bigint
	erased_at timestamp with time zone
	CONSTRAINT profiles_pkey PRIMARY KEY (id)
	CREATE INDEX profiles_gone ON profiles USING btree (id) WHERE ((merged_into IS NOT NULL) OR (erased_at IS NOT NULL))
	CREATE INDEX profiles_zone ON profiles USING btree (zone, id) WHERE (merged_into IS NULL)

TABLE refusals
	profile_id bigint NOT NULL
	journey_id integer NOT NULL
	reason text NOT NULL
	day date NOT NULL
	first_at timestamp with time zone NOT NULL
	last_at timestamp with time zone NOT NULL
	times integer NOT NULL
	detail jsonb NOT NULL
	CONSTRAINT refusals_journey_id_fkey FOREIGN KEY (journey_id) REFERENCES journeys(id)
	CONSTRAINT refusals_pkey PRIMARY KEY (profile_id, journey_id, reason, day)
	CREATE INDEX refusals_day ON refusals USING brin (day) WITH (pages_per_range='16', autosummarize='on')

TABLE rejected
	id bigint NOT NULL GENERATED ALWAYS AS IDENTITY
	received_at timestamp with time zone NOT NULL
	source text NOT NULL
	position integer NOT NULL
	reason text NOT NULL
	body text NOT NULL
	tries integer NOT NULL DEFAULT 0
	tried_at timestamp with time zone
	arrived_at timestamp with time zone
	message_id text
	CONSTRAINT rejected_pkey PRIMARY KEY (id)
	CREATE INDEX rejected_age ON rejected USING btree (received_at)
	CREATE UNIQUE INDEX rejected_once ON rejected USING btree (message_id, source) WHERE (message_id IS NOT NULL)

TABLE runs
	id integer NOT NULL GENERATED ALWAYS AS IDENTITY
	step_id integer NOT NULL
	journey_id integer NOT NULL
	scheduled_for date NOT NULL
	people text NOT NULL
	zone text NOT NULL
	at timestamp with time zone NOT NULL
	state text NOT NULL
	rule jsonb
	canvas text
	cursor bigint NOT NULL DEFAULT 0
	examined bigint NOT NULL DEFAULT 0
	selected bigint NOT NULL DEFAULT 0
	next_page_at timestamp with time zone NOT NULL
	ended_at timestamp with time zone
	CONSTRAINT runs_check CHECK (((state = 'open'::text) = (ended_at IS NULL)))
	CONSTRAINT runs_journey_id_fkey FOREIGN KEY (journey_id) REFERENCES journeys(id)
	CONSTRAINT runs_journey_id_scheduled_for_people_key UNIQUE (journey_id, scheduled_for, people)
	CONSTRAINT runs_pkey PRIMARY KEY (id)
	CONSTRAINT runs_state_check CHECK ((state = ANY (ARRAY['open'::text, 'done'::text, 'missed'::text])))
	CONSTRAINT runs_step_id_fkey FOREIGN KEY (step_id) REFERENCES steps(id)
	CREATE INDEX runs_due ON runs USING btree (at)
	CREATE INDEX runs_missed ON runs USING btree (ended_at) WHERE (state = 'missed'::text)
	CREATE INDEX runs_open ON runs USING btree (next_page_at) WHERE (state = 'open'::text)

TABLE secrets
	name text NOT NULL
	secret text NOT NULL
	made_at timestamp with time zone NOT NULL
	CONSTRAINT secrets_pkey PRIMARY KEY (name)

TABLE seen WITH (autovacuum_vacuum_scale_factor=0.02)
	message uuid NOT NULL
	received_at timestamp with time zone NOT NULL
	CONSTRAINT seen_pkey PRIMARY KEY (message)
	CREATE INDEX seen_age ON seen USING btree (received_at)

TABLE segment_members
	profile_id bigint NOT NULL
	segment_id integer NOT NULL
	joined_at timestamp with time zone NOT NULL
	left_at timestamp with time zone
	CONSTRAINT segment_members_pkey PRIMARY KEY (profile_id, segment_id, joined_at)
	CONSTRAINT segment_members_segment_id_fkey FOREIGN KEY (segment_id) REFERENCES segments(id) ON DELETE CASCADE
	CREATE INDEX segment_members_left ON segment_members USING btree (left_at) WHERE (left_at IS NOT NULL)
	CREATE UNIQUE INDEX segment_members_now ON segment_members USING btree (segment_id, profile_id) WHERE (left_at IS NULL)

TABLE segments
	id integer NOT NULL GENERATED ALWAYS AS IDENTITY
	name text NOT NULL
	rule jsonb NOT NULL
	zone text NOT NULL
	refresh_minutes integer NOT NULL
	refresh_at timestamp with time zone NOT NULL
	refreshed_at timestamp with time zone
	size integer NOT NULL DEFAULT 0
	error text
	created_at timestamp with time zone NOT NULL
	touched_by text[] NOT NULL DEFAULT '{}'::text[]
	CONSTRAINT segments_name_key UNIQUE (name)
	CONSTRAINT segments_pkey PRIMARY KEY (id)
	CONSTRAINT segments_refresh_minutes_check CHECK ((refresh_minutes >= 1))
	CREATE INDEX segments_refresh ON segments USING btree (refresh_at)

TABLE settings
	name text NOT NULL
	value jsonb NOT NULL
	changed_at timestamp with time zone NOT NULL
	changed_by text NOT NULL
	CONSTRAINT settings_pkey PRIMARY KEY (name)
	CONSTRAINT settings_value_check CHECK ((value <> 'null'::jsonb))

TABLE splits
	journey_id integer NOT NULL
	key text NOT NULL
	controls jsonb NOT NULL
	CONSTRAINT splits_journey_id_fkey FOREIGN KEY (journey_id) REFERENCES journeys(id)
	CONSTRAINT splits_pkey PRIMARY KEY (journey_id, key)

TABLE steps
	id integer NOT NULL GENERATED ALWAYS AS IDENTITY
	workflow integer NOT NULL
	node_id text NOT NULL
	kind text NOT NULL
	name text NOT NULL
	set_id integer
	config jsonb NOT NULL DEFAULT '{}'::jsonb
	state text NOT NULL
	off_since timestamp with time zone
	registered_at timestamp with time zone NOT NULL
	planned_until timestamp with time zone
	version integer NOT NULL DEFAULT 1
	began_with text
	judges_from timestamp with time zone
	judged_to bigint
	CONSTRAINT steps_check CHECK (((state = 'off'::text) = (off_since IS NOT NULL)))
	CONSTRAINT steps_kind_check CHECK ((kind = ANY (ARRAY['entry'::text, 'audience'::text, 'state'::text, 'branch'::text, 'action'::text, 'goal'::text])))
	CONSTRAINT steps_pkey PRIMARY KEY (id)
	CONSTRAINT steps_set_id_fkey FOREIGN KEY (set_id) REFERENCES condition_sets(id)
	CONSTRAINT steps_state_check CHECK ((state = ANY (ARRAY['on'::text, 'off'::text])))
	CONSTRAINT steps_workflow_fkey FOREIGN KEY (workflow) REFERENCES workflows(id)
	CONSTRAINT steps_workflow_node_id_key UNIQUE (workflow, node_id)
	CREATE INDEX steps_judging ON steps USING btree (id) WHERE (config ? 'absent'::text)
	CREATE INDEX steps_segment ON steps USING btree (id) WHERE (config ? 'segment'::text)
	CREATE INDEX steps_set ON steps USING btree (set_id) WHERE (set_id IS NOT NULL)
	CREATE INDEX steps_watching ON steps USING btree (id) WHERE (config ? 'watches'::text)

TABLE timeouts
	profile_id bigint NOT NULL
	journey_id integer NOT NULL
	step_id integer NOT NULL
	instance_id bigint NOT NULL
	set_id integer NOT NULL
	correlation text NOT NULL
	after_arrival boolean NOT NULL
	since timestamp with time zone NOT NULL
	due_at timestamp with time zone NOT NULL
	parked_at timestamp with time zone NOT NULL
	event_id bigint
	vars jsonb
	claimed_at timestamp with time zone NOT NULL
	CREATE INDEX timeouts_age ON timeouts USING btree (claimed_at)
	CREATE INDEX timeouts_profile ON timeouts USING btree (profile_id)

TABLE touched WITH (autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=5000, autovacuum_vacuum_cost_delay=0)
	id bigint NOT NULL GENERATED ALWAYS AS IDENTITY
	profile_id bigint NOT NULL
	CONSTRAINT touched_pkey PRIMARY KEY (id)

TABLE traits
	id integer NOT NULL GENERATED ALWAYS AS IDENTITY
	name text NOT NULL
	event text NOT NULL
	filter jsonpath
	amount jsonpath
	definition jsonb NOT NULL
	before_event bigint NOT NULL
	filled_to bigint DEFAULT 0
	recency_cuts timestamp with time zone[]
	frequency_cuts bigint[]
	monetary_cuts numeric[]
	scored_at timestamp with time zone
	created_at timestamp with time zone NOT NULL
	CONSTRAINT traits_name_key UNIQUE (name)
	CONSTRAINT traits_pkey PRIMARY KEY (id)
	CREATE INDEX traits_event ON traits USING btree (event)

TABLE workflows
	id integer NOT NULL GENERATED ALWAYS AS IDENTITY
	host text NOT NULL
	workflow_id text NOT NULL
	journey_id integer
	seen_at timestamp with time zone NOT NULL
	evict_at timestamp with time zone
	drawn jsonb
	joined_at timestamp with time zone
	evicted_at timestamp with time zone
	CONSTRAINT workflows_journey_id_fkey FOREIGN KEY (journey_id) REFERENCES journeys(id)
	CONSTRAINT workflows_pkey PRIMARY KEY (id)
	CONSTRAINT workflows_workflow_id_host_key UNIQUE (workflow_id, host)

VIEW report_consents
	profile bigint
	channel text
	purpose text
	before text
	state text
	holds boolean
	said_at timestamp with time zone
	recorded_at timestamp with time zone
	source text
	reference text
	FROM consents (profile_id, channel, purpose, before, state, holds, at, recorded_at, source, reference)

VIEW report_conversions
	journey text
	goal text
	profile bigint
	instance bigint
	converted_at timestamp with time zone
	first boolean
	value numeric
	currency text
	held_out boolean
	version integer
	FROM conversions (profile_id, journey_id, step_id, instance_id, converted_at, first, value, currency, held_out, version)
	FROM journeys (id, key)
	FROM steps (id, name)

VIEW report_entries
	journey text
	profile bigint
	correlation text
	entries integer
	first_entry timestamp with time zone
	last_entry timestamp with time zone
	last_exit timestamp with time zone
	converted_at timestamp with time zone
	slot integer
	arm text
	held_out boolean
	FROM enrolments (profile_id, journey_id, correlation, entries, first_entry, last_entry, last_exit, converted_at, slot, arm, held_out)
	FROM journeys (id, key)

VIEW report_instances
	instance bigint
	journey text
	profile bigint
	correlation text
	step text
	step_kind text
	status text
	reason text
	error text
	visit integer
	entered_at timestamp with time zone
	due_at timestamp with time zone
	ended_at timestamp with time zone
	FROM finished (id, profile_id, journey_id, step_id, correlation, status, reason, error, entered_at, ended_at, visit)
	FROM instances (id, profile_id, journey_id, step_id, visit, status, correlation, due_at, entered_at, error)
	FROM journeys (id, key)
	FROM steps (id, kind, name)

VIEW report_messages
	message bigint
	journey text
	step text
	profile bigint
	instance bigint
	visit integer
	channel text
	class text
	status text
	claimed_at timestamp with time zone
	settled_at timestamp with time zone
	provider_id text
	error text
	FROM deliveries (id, profile_id, journey_id, step_id, instance_id, visit, channel, class, status, claimed_at, settled_at, provider_id, error)
	FROM journeys (id, key)
	FROM steps (id, name)

VIEW report_refusals
	journey text
	profile bigint
	reason text
	day date
	times integer
	first_at timestamp with time zone
	last_at timestamp with time zone
	detail jsonb
	FROM journeys (id, key)
	FROM refusals (profile_id, journey_id, reason, day, first_at, last_at, times, detail)

VIEW report_runs
	run integer
	journey text
	step text
	scheduled_for date
	zone text
	people text
	due_at timestamp with time zone
	state text
	examined bigint
	selected bigint
	ended_at timestamp with time zone
	FROM journeys (id, key)
	FROM runs (id, step_id, journey_id, scheduled_for, people, zone, at, state, examined, selected, ended_at)
	FROM steps (id, name)

VIEW report_segment_members
	segment text
	profile bigint
	joined_at timestamp with time zone
	left_at timestamp with time zone
	FROM segment_members (profile_id, segment_id, joined_at, left_at)
	FROM segments (id, name)

VIEW report_segments
	segment text
	size integer
	rule jsonb
	refresh_minutes integer
	refreshed_at timestamp with time zone
	refresh_at timestamp with time zone
	error text
	FROM segments (name, rule, refresh_minutes, refresh_at, refreshed_at, size, error)

VIEW report_skipped
	at timestamp with time zone
	journey text
	step text
	profile bigint
	instance bigint
	reason text
	detail jsonb
	FROM journal (at, kind, journey_id, step_id, profile_id, instance_id, reason, detail)
	FROM journeys (id, key)
	FROM steps (id, name)

SEQUENCE event_ids

SEQUENCE journal_ids

FUNCTION consent_in_force(consent jsonb, channel text, purpose text) RETURNS jsonb IMMUTABLE
	SELECT CASE
		WHEN consent -> (channel || '/' || purpose) IS NULL THEN consent -> channel
		WHEN consent #>> ARRAY[channel, 'state'] = 'denied'
			AND (consent #>> ARRAY[channel, 'at'])::numeric > (consent #>> ARRAY[channel || '/' || purpose, 'at'])::numeric THEN consent -> channel
		ELSE consent -> (channel || '/' || purpose) END

FUNCTION consent_told(consent jsonb, words jsonb) RETURNS TABLE(ordinal bigint, word jsonb, before jsonb, after jsonb) IMMUTABLE
DECLARE
	key text;
	known jsonb;
BEGIN
	after := consent;
	FOR word, ordinal IN SELECT one.value, one.ordinality FROM jsonb_array_elements(words) WITH ORDINALITY one LOOP
		before := after;
		key := word ->> 'key';
		known := before -> key;
		IF coalesce((known ->> 'at')::numeric, 0) <= (word ->> 'at')::numeric AND (CASE
			WHEN NOT (word -> 'stamped')::boolean THEN true
			WHEN word ->> 'state' = 'granted' THEN known IS NULL
				AND consent_in_force(before, split_part(key, '/', 1), substr(key, strpos(key || '/', '/') + 1)) ->> 'state' IS DISTINCT FROM 'denied'
			ELSE NOT ((word -> 'split')::boolean AND coalesce(known ->> 'state', '') = 'denied') END)
		THEN
			after := before || jsonb_build_object(key, jsonb_build_object('state', word -> 'state', 'at', word -> 'at'));
		END IF;
		RETURN NEXT;
	END LOOP;
END

FUNCTION day_start(at timestamp with time zone, days_back integer, zone text, otherwise text) RETURNS timestamp with time zone STABLE
DECLARE
	midnight timestamp;
BEGIN
	midnight := date_trunc('day', at AT TIME ZONE zone) - make_interval(days => days_back);
	RETURN least(midnight AT TIME ZONE zone, ((midnight - interval '1 hour') AT TIME ZONE zone) + interval '1 hour');
EXCEPTION WHEN invalid_parameter_value THEN
	RETURN day_start(at, days_back, CASE WHEN zone = otherwise THEN 'UTC' ELSE otherwise END, 'UTC');
END 

FUNCTION drop_month(parent text, month date) RETURNS boolean
DECLARE
	child text := format('%s_%s', parent, to_char(month, 'YYYY_MM'));
BEGIN
	IF to_regclass(child) IS NULL THEN
		RETURN false;
	END IF;
	EXECUTE format('DROP TABLE %I', child);
	RETURN true;
END 

FUNCTION jsonb_strip_nulls_top(document jsonb) RETURNS jsonb IMMUTABLE
	SELECT coalesce(jsonb_object_agg(key, value), '{}') FROM jsonb_each(document) WHERE value <> 'null'

FUNCTION local_day(at timestamp with time zone, zone text) RETURNS date STABLE
BEGIN
	RETURN (at AT TIME ZONE zone)::date;
EXCEPTION WHEN invalid_parameter_value THEN
	RETURN (at AT TIME ZONE 'UTC')::date;
END 

FUNCTION make_month(parent text, month date) RETURNS boolean
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
END 
