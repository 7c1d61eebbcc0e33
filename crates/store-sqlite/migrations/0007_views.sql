-- Saved views.
CREATE TABLE saved_view (
    view_no     INTEGER PRIMARY KEY,
    team_no     INTEGER NOT NULL REFERENCES team (team_no),
    id          BLOB NOT NULL CHECK (length(id) = 16),
    object_type INTEGER NOT NULL,
    version     INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    -- JSON: what the view is set to.
    settings    TEXT NOT NULL,
    -- Ids of the records that come first, in their order, 16 bytes each.
    pins        BLOB NOT NULL
) STRICT;

CREATE UNIQUE INDEX saved_view_id ON saved_view (team_no, id);
