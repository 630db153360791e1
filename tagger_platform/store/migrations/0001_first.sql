-- The log: what was expected, what was asked and answered, what was played. Instants are UTC without a zone.
-- Where rows belong to a window they repeat its start: ids are spread all over a long log, and what is near in time is
-- found without reading the rest.

CREATE TABLE streams (
    name VARCHAR NOT NULL,
    title VARCHAR NOT NULL,
    enabled_from TIMESTAMP NOT NULL,
    enabled_to TIMESTAMP,
    PRIMARY KEY (name, enabled_from)
);

CREATE TABLE windows (
    window_id VARCHAR PRIMARY KEY,
    stream VARCHAR NOT NULL,
    slot TIMESTAMP NOT NULL,
    offset_s INTEGER NOT NULL,
    length_s INTEGER NOT NULL,
    started_at TIMESTAMP NOT NULL,
    ended_at TIMESTAMP NOT NULL,
    capture_state VARCHAR NOT NULL,
    detail VARCHAR NOT NULL,
    level_dbfs DOUBLE,
    icy_title VARCHAR,
    source VARCHAR NOT NULL,
    state VARCHAR NOT NULL
);

CREATE TABLE tracks (
    track_id VARCHAR PRIMARY KEY,
    provider VARCHAR NOT NULL,
    provider_track_id VARCHAR NOT NULL,
    title VARCHAR NOT NULL,
    artist VARCHAR NOT NULL,
    album VARCHAR NOT NULL,
    isrc VARCHAR NOT NULL,
    label VARCHAR NOT NULL,
    artwork VARCHAR NOT NULL,
    link VARCHAR NOT NULL,
    duration_s DOUBLE,
    kind VARCHAR NOT NULL
);

CREATE TABLE recognitions (
    window_id VARCHAR NOT NULL,
    provider VARCHAR NOT NULL,
    status VARCHAR NOT NULL,
    track_id VARCHAR,
    offset_s DOUBLE,
    other_offsets_s DOUBLE[] NOT NULL,
    speed DOUBLE,
    confidence DOUBLE,
    latency_ms DOUBLE,
    detail VARCHAR NOT NULL,
    asked_at TIMESTAMP NOT NULL,
    started_at TIMESTAMP NOT NULL,
    PRIMARY KEY (window_id, provider)
);

-- The providers' own words, apart because they are by far the largest part.
CREATE TABLE raw_answers (
    window_id VARCHAR NOT NULL,
    provider VARCHAR NOT NULL,
    raw BLOB NOT NULL,
    PRIMARY KEY (window_id, provider)
);

CREATE TABLE plays (
    play_id VARCHAR PRIMARY KEY,
    stream VARCHAR NOT NULL,
    started_at TIMESTAMP NOT NULL,
    ended_at TIMESTAMP NOT NULL,
    uncertainty_s DOUBLE NOT NULL,
    status VARCHAR NOT NULL CHECK (status IN ('confirmed', 'probable')),
    track_id VARCHAR NOT NULL,
    confidence DOUBLE NOT NULL CHECK (confidence BETWEEN 0 AND 1),
    policy VARCHAR NOT NULL,
    late BOOLEAN NOT NULL,
    CHECK (ended_at >= started_at)
);

-- No key: a play's rows come and go with it in one transaction, and an index over millions of them made that dear.
CREATE TABLE play_windows (
    play_id VARCHAR NOT NULL,
    position INTEGER NOT NULL,
    window_id VARCHAR NOT NULL,
    started_at TIMESTAMP NOT NULL
);

CREATE TABLE library_items (
    item_id VARCHAR PRIMARY KEY,
    path VARCHAR NOT NULL,
    title VARCHAR NOT NULL,
    artist VARCHAR NOT NULL,
    album VARCHAR NOT NULL,
    isrc VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    duration_s DOUBLE,
    status VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    duplicate_of VARCHAR,
    item_group VARCHAR,
    added_at TIMESTAMP NOT NULL
);
