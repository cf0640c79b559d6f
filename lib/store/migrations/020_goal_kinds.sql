-- When a run through a journey is to be judged by goals on what does not happen; null: there is nothing to judge.
ALTER TABLE enrolments ADD COLUMN judge_at timestamptz;
CREATE INDEX enrolments_judge ON enrolments (judge_at) WHERE judge_at IS NOT NULL;
-- Of such a goal: from which end of the time on it judges, and the last profile whose runs have been given a moment; null: all.
ALTER TABLE steps ADD COLUMN judges_from timestamptz;
ALTER TABLE steps ADD COLUMN judged_to bigint;
CREATE INDEX steps_judging ON steps (id) WHERE config ? 'absent';

-- What did not happen is no event.
ALTER TABLE conversions ALTER COLUMN event_id DROP NOT NULL;
