-- What became of each provider's canaries, a clip that it is sure to know. They are in no other table: no window, no
-- recognition, no play. Of each provider the newest are kept.

CREATE TABLE canary_results (
    provider VARCHAR NOT NULL,
    asked_at TIMESTAMP NOT NULL,
    outcome VARCHAR NOT NULL,
    latency_ms DOUBLE,
    detail VARCHAR NOT NULL,
    PRIMARY KEY (provider, asked_at)
);
