CREATE TABLE IF NOT EXISTS "user" (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE COLLATE NOCASE,
    password TEXT NOT NULL,
    created INTEGER NOT NULL DEFAULT (unixepoch())
);

CREATE TABLE IF NOT EXISTS topic (
    id INTEGER PRIMARY KEY,
    title TEXT NOT NULL,
    touched INTEGER NOT NULL DEFAULT (unixepoch())
);

CREATE TABLE IF NOT EXISTS post (
    id INTEGER PRIMARY KEY,
    topic INTEGER NOT NULL REFERENCES topic (id) ON DELETE CASCADE,
    author INTEGER NOT NULL REFERENCES "user" (id),
    body TEXT NOT NULL,
    picture TEXT,
    created INTEGER NOT NULL DEFAULT (unixepoch())
);

CREATE INDEX IF NOT EXISTS post_by_topic ON post (topic, id);
CREATE INDEX IF NOT EXISTS topic_by_touched ON topic (touched DESC, id DESC);
