-- How a canvas looks, by node id: positions, and the names of outputs. Beside the canvas, as it is no part of its version.
ALTER TABLE canvases ADD COLUMN drawing jsonb;
-- Canvas and looks of when its Entry Trigger began to listen, for as long as no execution has seen one.
ALTER TABLE workflows ADD COLUMN drawn jsonb;

-- What links are signed with. Never in the settings, which operators are shown.
CREATE TABLE secrets (
	name text PRIMARY KEY,
	secret text NOT NULL,
	made_at timestamptz NOT NULL
);
