-- What people asked about by hand, and the answers: a file's name, never its audio. title and the rest are as they were
-- told then; where nothing was known track_id is NULL. runner_up is JSON, as the answer had it.

CREATE TABLE identifications (
    identification_id VARCHAR PRIMARY KEY,
    asked_at TIMESTAMP NOT NULL,
    file VARCHAR NOT NULL,
    track_id VARCHAR,
    title VARCHAR,
    artist VARCHAR,
    offset_s DOUBLE,
    speed DOUBLE,
    confidence DOUBLE,
    provider VARCHAR,
    elapsed_ms BIGINT NOT NULL,
    runner_up VARCHAR
);
