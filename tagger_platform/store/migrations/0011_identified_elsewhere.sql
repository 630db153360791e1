-- Who was asked because the library did not know the audio, and what came of it: JSON, a status by provider. NULL where
-- nobody was.

ALTER TABLE identifications ADD COLUMN others VARCHAR;
