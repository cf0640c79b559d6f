-- Events that were loaded as history: rules about people count them, waits, goals and entries never do. They are kept in
-- the month in which they happened.
ALTER TABLE events ADD COLUMN history boolean NOT NULL DEFAULT false;
