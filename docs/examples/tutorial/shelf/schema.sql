-- shelf/schema.sql
CREATE TABLE IF NOT EXISTS user (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    password TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS book (
    id INTEGER PRIMARY KEY,
    owner INTEGER REFERENCES user (id),
    title TEXT NOT NULL,
    author TEXT NOT NULL,
    cover TEXT
);
