-- What the doors know of refused input and its text does not say, so that it is the same when it is sent in again: when it
-- came, if it waited before it was refused (in a Redis stream), and what tells it from others.
ALTER TABLE rejected ADD COLUMN arrived_at timestamptz, ADD COLUMN message_id text;
