-- What has been counted since the log began, so that no counter falls when rows go or change. whose is a stream, a
-- provider or a table; what is a state, a status, a provider, or of a histogram a bucket's upper bound or 'sum_ms'.

CREATE TABLE totals (
    name VARCHAR NOT NULL,
    whose VARCHAR NOT NULL,
    what VARCHAR NOT NULL,
    value BIGINT NOT NULL,
    PRIMARY KEY (name, whose, what)
);

-- The log so far. Histograms begin empty.
INSERT INTO totals SELECT 'windows_total', stream, state, count(*) FROM windows
WHERE state NOT IN ('pending', 'throttled', 'provider_down', 'timeout', 'bad_answer') GROUP BY stream, state;

INSERT INTO totals SELECT 'recognitions_total', provider, status, count(*) FROM recognitions GROUP BY provider, status;

INSERT INTO totals SELECT 'plays_inserted_total', stream, provider, count(*)
FROM plays JOIN tracks USING (track_id) GROUP BY stream, provider;

-- When what runs again and again last came to its end.
CREATE TABLE last_runs (
    name VARCHAR PRIMARY KEY,
    ended_at TIMESTAMP NOT NULL
);
