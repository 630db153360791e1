-- Cover art: what became of each picture that a track names. name is the file in DATA_DIR/art, empty while there is none;
-- then again_at says when it may be asked for again, and nothing there means never.

CREATE TABLE art (
    url VARCHAR PRIMARY KEY,
    name VARCHAR NOT NULL,
    attempts INTEGER NOT NULL,
    again_at TIMESTAMP,
    detail VARCHAR NOT NULL
);
