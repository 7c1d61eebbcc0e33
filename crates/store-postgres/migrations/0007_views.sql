-- Saved views.
CREATE TABLE saved_view (
    team_no     bigint NOT NULL REFERENCES team (team_no),
    id          uuid NOT NULL,
    -- The order in which views were made.
    view_no     bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    object_type smallint NOT NULL,
    version     bigint NOT NULL,
    created_at  bigint NOT NULL,
    updated_at  bigint NOT NULL,
    -- JSON: what the view is set to.
    settings    text NOT NULL,
    -- Ids of the records that come first, in their order, 16 bytes each.
    pins        bytea NOT NULL,
    PRIMARY KEY (team_no, id)
);
