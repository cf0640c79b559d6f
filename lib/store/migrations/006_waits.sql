-- Own time of the event that last started the timer again. `since` stays where it was: an event that happened before that
-- one and arrives behind it counts.
ALTER TABLE instances ADD COLUMN reset_at timestamptz;
-- They have gone on by *Converted* of a goal that only counts: behind it, the goal is why a message is sent.
ALTER TABLE instances ADD COLUMN behind_goal boolean NOT NULL DEFAULT false;
