-- What every slot was expected to hold, as its manifest said: the account that the states of windows are held against.
-- A slot in which no stream was enabled has one row with an empty name. hop_s is NULL where it was not written down.
-- No key: a slot's rows are replaced in one transaction.

CREATE TABLE expected_windows (
    slot TIMESTAMP NOT NULL,
    source VARCHAR NOT NULL,
    stream VARCHAR NOT NULL,
    hop_s INTEGER,
    length_s INTEGER NOT NULL,
    offsets INTEGER[] NOT NULL
);

INSERT INTO expected_windows
SELECT slot, source, stream, NULL, max(length_s), list(offset_s ORDER BY offset_s)
FROM windows GROUP BY ALL ORDER BY slot;
