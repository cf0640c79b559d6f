-- Waits for what is true of a customer (an attribute, what became of a message), and for a date that is read again.
ALTER TABLE conditions ALTER COLUMN event DROP NOT NULL;
ALTER TABLE conditions ADD COLUMN kind text NOT NULL DEFAULT 'event' CHECK (kind IN ('event', 'attribute', 'message', 'date'));
ALTER TABLE conditions ADD COLUMN subjects text[]; -- not of an event: names of attributes, or what becomes of the message
ALTER TABLE conditions ADD COLUMN step text;       -- of a message: the name of the step that checks it; null: any
ALTER TABLE conditions ADD CONSTRAINT conditions_about_check CHECK ((kind = 'event') = (event IS NOT NULL) AND (kind = 'event') = (subjects IS NULL));
CREATE INDEX conditions_subjects ON conditions (kind) WHERE subjects IS NOT NULL;
ALTER TABLE condition_sets ADD COLUMN until jsonb; -- {path, offset, past}: the attribute whose date is waited for
ALTER TABLE instances DROP CONSTRAINT instances_wake_check;
ALTER TABLE instances ADD CONSTRAINT instances_wake_check CHECK (wake IN ('time', 'event', 'change', 'goal', 'batch', 'entry', 'move'));
