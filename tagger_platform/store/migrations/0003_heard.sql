-- From and to when in its window a track was heard, and the other tracks of a window than the surest.

ALTER TABLE recognitions ADD COLUMN heard_from_s DOUBLE;
ALTER TABLE recognitions ADD COLUMN heard_to_s DOUBLE;

CREATE TABLE further_matches (
    window_id VARCHAR NOT NULL,
    provider VARCHAR NOT NULL,
    track_id VARCHAR NOT NULL,
    offset_s DOUBLE,
    other_offsets_s DOUBLE[] NOT NULL,
    speed DOUBLE,
    confidence DOUBLE,
    heard_from_s DOUBLE,
    heard_to_s DOUBLE,
    started_at TIMESTAMP NOT NULL,
    PRIMARY KEY (window_id, provider, track_id)
);
