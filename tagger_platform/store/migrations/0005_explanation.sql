-- In one line, why a play is a play: which rules, of which version, and which windows met them.

ALTER TABLE plays ADD COLUMN explanation VARCHAR DEFAULT '';
