-- Properties that teams define, and what they say of those that come with the program.
CREATE TABLE property (
    team_no     bigint NOT NULL REFERENCES team (team_no),
    -- The list in whose scope it lives; all zeros for the whole team.
    list_id     uuid NOT NULL,
    object_type smallint NOT NULL,
    slug        text NOT NULL,
    -- The order in which properties were made.
    property_no bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    id          uuid NOT NULL,
    name        text NOT NULL,
    type        text NOT NULL,
    -- Whether it comes with the program, which then knows its type.
    native      boolean NOT NULL,
    required    boolean NOT NULL,
    archived    boolean NOT NULL,
    icon        text,
    role_id     uuid,
    PRIMARY KEY (team_no, object_type, slug, list_id)
);

ALTER TABLE property_option
    ADD COLUMN color_scheme text,
    ADD COLUMN description  text,
    ADD COLUMN icon         text,
    ADD COLUMN option_group text,
    -- One that comes with the program is deleted by a row that says so.
    ADD COLUMN state        text NOT NULL DEFAULT 'live' CHECK (state IN ('live', 'archived', 'deleted'));
