CREATE EXTENSION IF NOT EXISTS citext;

CREATE OR REPLACE FUNCTION unixepoch() RETURNS bigint LANGUAGE sql STABLE
AS 'SELECT floor(extract(epoch FROM now()))::bigint';

CREATE TABLE IF NOT EXISTS "user" (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name citext NOT NULL UNIQUE,
    password text NOT NULL,
    created bigint NOT NULL DEFAULT unixepoch()
);

CREATE TABLE IF NOT EXISTS topic (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    title text NOT NULL,
    touched bigint NOT NULL DEFAULT unixepoch()
);

CREATE TABLE IF NOT EXISTS post (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic bigint NOT NULL REFERENCES topic (id) ON DELETE CASCADE,
    author bigint NOT NULL REFERENCES "user" (id),
    body text NOT NULL,
    picture text,
    created bigint NOT NULL DEFAULT unixepoch()
);

CREATE INDEX IF NOT EXISTS post_by_topic ON post (topic, id);
CREATE INDEX IF NOT EXISTS topic_by_touched ON topic (touched DESC, id DESC);

-- One row for each post that its topic's author was told of; the key makes a task that runs twice harmless.
CREATE TABLE IF NOT EXISTS notice (
    post bigint PRIMARY KEY REFERENCES post (id) ON DELETE CASCADE,
    reader bigint NOT NULL REFERENCES "user" (id),
    created bigint NOT NULL DEFAULT unixepoch()
);

CREATE INDEX IF NOT EXISTS notice_by_reader ON notice (reader, post DESC);
