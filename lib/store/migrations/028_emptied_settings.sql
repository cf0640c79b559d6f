-- A setting that was emptied again is one that nobody has changed.
DELETE FROM settings WHERE value = 'null';
ALTER TABLE settings ADD CONSTRAINT settings_value_check CHECK (value <> 'null');
