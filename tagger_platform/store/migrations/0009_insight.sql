-- What search by meaning and the sound map are made of. A vector is dim little-endian float32 of length one together;
-- text_hash is the md5 of the words it was made from.

CREATE TABLE track_embeddings (
    track_id VARCHAR PRIMARY KEY,
    model VARCHAR NOT NULL,
    revision VARCHAR NOT NULL,
    dim INTEGER NOT NULL,
    text_hash VARCHAR NOT NULL,
    vector BLOB NOT NULL,
    embedded_at TIMESTAMP NOT NULL
);

-- The sound map of each night, a local day, and the model whose vectors it was made of. cluster is -1 and label empty
-- where a track is in none; where it has no place either, reason says why. No key: a night's rows are replaced in one
-- transaction.
CREATE TABLE track_clusters (
    night DATE NOT NULL,
    model VARCHAR NOT NULL,
    revision VARCHAR NOT NULL,
    track_id VARCHAR NOT NULL,
    x DOUBLE,
    y DOUBLE,
    cluster INTEGER NOT NULL,
    label VARCHAR NOT NULL,
    reason VARCHAR NOT NULL
);
