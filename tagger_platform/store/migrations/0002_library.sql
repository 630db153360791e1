-- The library: what a scan compares files by, who is related to whom, and when an item's status last changed.

ALTER TABLE library_items ADD COLUMN label VARCHAR DEFAULT '';
ALTER TABLE library_items ADD COLUMN attempts INTEGER DEFAULT 0;
ALTER TABLE library_items ADD COLUMN changed_at TIMESTAMP;
UPDATE library_items SET changed_at = added_at;

-- A file under its name, as it was when it was last read. Several files with the same bytes are one item.
CREATE TABLE library_files (
    path VARCHAR PRIMARY KEY,
    item_id VARCHAR NOT NULL,
    bytes BIGINT NOT NULL,
    modified_ns BIGINT NOT NULL
);

-- Pairs of items that share a substantial stretch of audio; item_id < other_id. A group is what they connect.
CREATE TABLE library_relatives (
    item_id VARCHAR NOT NULL,
    other_id VARCHAR NOT NULL,
    shared_s DOUBLE NOT NULL,
    PRIMARY KEY (item_id, other_id)
);
