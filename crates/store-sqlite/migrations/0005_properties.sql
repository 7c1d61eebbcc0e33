-- Properties that teams define, and what they say of those that come with the program.
CREATE TABLE property (
    property_no INTEGER PRIMARY KEY,
    team_no     INTEGER NOT NULL REFERENCES team (team_no),
    -- The list in whose scope it lives; NULL for the whole team.
    list_no     INTEGER REFERENCES list (list_no),
    object_type INTEGER NOT NULL,
    slug        TEXT NOT NULL,
    id          BLOB NOT NULL CHECK (length(id) = 16),
    name        TEXT NOT NULL,
    type        TEXT NOT NULL,
    -- Whether it comes with the program, which then knows its type.
    native      INTEGER NOT NULL CHECK (native IN (0, 1)),
    required    INTEGER NOT NULL CHECK (required IN (0, 1)),
    archived    INTEGER NOT NULL CHECK (archived IN (0, 1)),
    icon        TEXT,
    role_id     BLOB CHECK (length(role_id) = 16)
) STRICT;

CREATE UNIQUE INDEX property_slug ON property (team_no, object_type, slug, ifnull(list_no, 0));

ALTER TABLE property_option ADD COLUMN color_scheme TEXT;
ALTER TABLE property_option ADD COLUMN description TEXT;
ALTER TABLE property_option ADD COLUMN icon TEXT;
ALTER TABLE property_option ADD COLUMN option_group TEXT;
-- One that comes with the program is deleted by a row that says so.
ALTER TABLE property_option ADD COLUMN
    state TEXT NOT NULL DEFAULT 'live' CHECK (state IN ('live', 'archived', 'deleted'));
