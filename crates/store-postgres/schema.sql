-- The whole schema of the PostgreSQL store as the migrations leave it. Documentation that a test keeps true; the
-- program runs migrations/*.sql.

-- Instants are milliseconds since the Unix epoch, as in the embedded store. A `team_no` never leaves this database.
-- Every primary key and unique index leads with the team, so that the tables can be distributed by it; only the small
-- tables installation, team, copy_progress and schema_version belong to all teams.

-- What belongs to the installation as a whole: one row.
CREATE TABLE installation (
    only_row   integer PRIMARY KEY CHECK (only_row = 1),
    -- Keys the dedupe hashes. A new secret would make every stored key worthless, so it never changes.
    key_secret bytea NOT NULL CHECK (length(key_secret) = 16)
);

CREATE TABLE team (
    team_no    bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    id         uuid NOT NULL UNIQUE,
    name       text NOT NULL,
    created_at bigint NOT NULL
);

-- The version of a team's schema, which grows with every change of lists, options and keyed properties: rows judged
-- under another version are refused. By itself, because every write shares a lock on its row until it commits, and
-- every change of the schema owns it.
CREATE TABLE team_schema (
    team_no bigint PRIMARY KEY REFERENCES team (team_no),
    version bigint NOT NULL DEFAULT 1 CHECK (version >= 1)
);

CREATE TABLE api_key (
    team_no    bigint NOT NULL REFERENCES team (team_no),
    id         uuid NOT NULL,
    -- The order in which keys were made.
    key_no     bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    label      text NOT NULL,
    access     text NOT NULL CHECK (access IN ('read', 'write')),
    -- Of the key's text; the key itself is never kept.
    sha256     bytea NOT NULL CHECK (length(sha256) = 32),
    created_at bigint NOT NULL,
    revoked_at bigint,
    PRIMARY KEY (team_no, id)
);

CREATE UNIQUE INDEX api_key_hash_of_team ON api_key (team_no, sha256);

-- Not unique: that could not be promised once the table is distributed by team. 160 random bits do not meet.
CREATE INDEX api_key_hash ON api_key (sha256);

-- Lists of records of one type. Their stages come from the template.
CREATE TABLE list (
    team_no     bigint NOT NULL REFERENCES team (team_no),
    id          uuid NOT NULL,
    -- The order in which lists were made.
    list_no     bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    object_type smallint NOT NULL,
    name        text NOT NULL,
    template    text NOT NULL,
    icon        text,
    created_at  bigint NOT NULL,
    PRIMARY KEY (team_no, id)
);

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

-- Options that teams define or imports make, and what teams say of those that come with the program or a template.
CREATE TABLE property_option (
    team_no      bigint NOT NULL REFERENCES team (team_no),
    -- The list in whose scope the property lives; all zeros for the whole team.
    list_id      uuid NOT NULL,
    object_type  smallint NOT NULL,
    property     text NOT NULL,
    slug         text NOT NULL,
    -- The order in which options were made.
    option_no    bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    id           uuid NOT NULL,
    value        text NOT NULL,
    sort_index   bigint NOT NULL,
    color_scheme text,
    description  text,
    icon         text,
    option_group text,
    -- One that comes with the program is deleted by a row that says so.
    state        text NOT NULL DEFAULT 'live' CHECK (state IN ('live', 'archived', 'deleted')),
    -- The job that made it, unless it was changed since.
    made_by      uuid,
    PRIMARY KEY (team_no, object_type, property, slug, list_id)
);

-- Properties whose dedupe keys every write maintains.
CREATE TABLE keyed_property (
    team_no     bigint NOT NULL REFERENCES team (team_no),
    object_type smallint NOT NULL,
    slug        text NOT NULL,
    -- The order in which properties were keyed.
    keyed_no    bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    state       text NOT NULL CHECK (state IN ('building', 'ready')),
    -- While building: records from the first up to the second id are still to be looked at. Those that came later
    -- were written with their keys.
    next_id     uuid,
    end_id      uuid,
    PRIMARY KEY (team_no, object_type, slug),
    CHECK ((state = 'building') = (next_id IS NOT NULL)),
    CHECK ((state = 'building') = (end_id IS NOT NULL))
);

-- Records of all teams. Generated ids ascend with time, so the key grows at each team's end.
--
-- No foreign keys here and in the tables of keys: they are checked row by row, and these are the hot path. The body is
-- text, not jsonb: nothing looks into it here, and jsonb took three times as long to copy in.
CREATE TABLE record (
    team_no     bigint NOT NULL,
    id          uuid NOT NULL,
    version     bigint NOT NULL,
    created_at  bigint NOT NULL,
    updated_at  bigint NOT NULL,
    -- When it was hidden; a hidden record holds no keys.
    deleted_at  bigint,
    object_type smallint NOT NULL,
    -- JSON: slug to canonical value.
    body        text NOT NULL,
    -- JSON: who may do what with it; NULL before anything was said of it.
    grants      text,
    PRIMARY KEY (team_no, id)
);

-- For imports that heed deleted records, which hold no keys to be found by. By id last: they are read in batches.
CREATE INDEX record_deleted ON record (team_no, object_type, id) WHERE deleted_at IS NOT NULL;

-- How many live records a team has of a type: the sum over the slots. A transaction adds to any one slot, so that those
-- of one team rarely wait for each other here; a slot by itself may be negative.
CREATE TABLE record_count (
    team_no     bigint NOT NULL,
    object_type smallint NOT NULL,
    slot        smallint NOT NULL,
    live        bigint NOT NULL,
    PRIMARY KEY (team_no, object_type, slot)
);

-- How many live members a list has: the sum over the slots, as for records.
CREATE TABLE list_count (
    team_no bigint NOT NULL,
    list_id uuid NOT NULL,
    slot    smallint NOT NULL,
    members bigint NOT NULL,
    PRIMARY KEY (team_no, list_id, slot)
);

-- The first holder of each dedupe key: a claim is one insert that finds the place taken or not. The hash has 16 bytes
-- and is a uuid here only because that is the type of 16 bytes without a header.
CREATE TABLE key_holder (
    team_no   bigint NOT NULL,
    hash      uuid NOT NULL,
    record_id uuid NOT NULL,
    PRIMARY KEY (team_no, hash)
);

-- Further holders; nearly always empty. Whoever writes here holds the lock of the key's row in key_holder.
CREATE TABLE key_holder_more (
    team_no   bigint NOT NULL,
    hash      uuid NOT NULL,
    record_id uuid NOT NULL,
    PRIMARY KEY (team_no, hash, record_id)
);

CREATE TABLE list_entry (
    team_no   bigint NOT NULL,
    list_id   uuid NOT NULL,
    record_id uuid NOT NULL,
    -- JSON: slug to canonical value, in the list's scope.
    "values"  text NOT NULL,
    -- 1 for a member that has just joined, one more with every change of its values in the list.
    version   bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (team_no, list_id, record_id)
);

-- For the lists of one record, as when it is deleted.
CREATE INDEX list_entry_of_record ON list_entry (team_no, record_id);

-- Import jobs. The states are those of the domain's `JobState`, and each has exactly its data.
CREATE TABLE job (
    team_no                bigint NOT NULL REFERENCES team (team_no),
    id                     uuid NOT NULL,
    key_id                 uuid NOT NULL,
    object_type            smallint NOT NULL,
    dedupe_by              text,
    case_insensitive       boolean NOT NULL,
    update_existing        boolean NOT NULL,
    create_missing_options boolean NOT NULL,
    require_list_stage     boolean NOT NULL,
    list_id                uuid,
    total                  integer NOT NULL CHECK (total >= 0),
    -- Names the staged rows; NULL when there are none or the job has ended.
    staged                 uuid,
    created_at             bigint NOT NULL,
    updated_at             bigint NOT NULL,

    state                  text NOT NULL CHECK (state IN ('queued', 'running', 'complete', 'failed')),
    -- Grows with every claim; whoever writes to a running job must name it.
    attempt                integer NOT NULL DEFAULT 0 CHECK (attempt >= 0),
    worker                 uuid,
    lease_until            bigint,
    -- Rows that have an outcome: the next chunk starts here.
    cursor                 integer NOT NULL DEFAULT 0,
    created                bigint NOT NULL DEFAULT 0 CHECK (created >= 0),
    existing               bigint NOT NULL DEFAULT 0 CHECK (existing >= 0),
    updated                bigint NOT NULL DEFAULT 0 CHECK (updated >= 0),
    rejected               bigint NOT NULL DEFAULT 0 CHECK (rejected >= 0),
    new_options_made       integer NOT NULL DEFAULT 0 CHECK (new_options_made >= 0),
    -- How often in a row a worker died at this cursor, which row it was judging, and how often that one.
    deaths                 integer NOT NULL DEFAULT 0 CHECK (deaths >= 0),
    suspect_row            integer,
    suspect_deaths         integer NOT NULL DEFAULT 0 CHECK (suspect_deaths <= deaths),
    ended_at               bigint,
    error_code             text,
    error_message          text,
    -- Where the record ids of a job come from that was copied from an embedded store; otherwise that is its creation.
    record_ids_ms          bigint,
    record_ids_index       integer,
    -- What it does, and which job it does it to.
    kind                   text NOT NULL DEFAULT 'import' 
        CONSTRAINT job_kind_check CHECK (kind IN ('import', 'retry', 'undo', 'dry_run', 'apply')),
    of_job                 uuid,
    -- Names the staged rows of a job that has ended without some of them; they go when the job does.
    kept                   uuid,
    -- Options that have no column of their own, in the form the domain gives them; NULL: none was chosen.
    more                   text,
    -- Of the existing ones those that were passed over and met no record.
    skipped                bigint NOT NULL DEFAULT 0,

    PRIMARY KEY (team_no, id),
    CHECK (cursor BETWEEN 0 AND total),
    CHECK (cursor = created + existing + updated + rejected),
    CHECK ((state = 'running') = (lease_until IS NOT NULL)),
    CHECK ((state = 'running') = (worker IS NOT NULL)),
    CHECK (state <> 'running' OR attempt > 0),
    CHECK (state <> 'complete' OR cursor = total),
    CHECK ((state IN ('complete', 'failed')) = (ended_at IS NOT NULL)),
    CHECK ((state = 'failed') = (error_code IS NOT NULL)),
    CHECK ((state = 'failed') = (error_message IS NOT NULL)),
    CHECK (ended_at IS NULL OR staged IS NULL),
    CHECK ((suspect_row IS NULL) = (suspect_deaths = 0)),
    CHECK ((record_ids_ms IS NULL) = (record_ids_index IS NULL)),
    CONSTRAINT job_of_another CHECK ((kind IN ('import', 'dry_run')) = (of_job IS NULL)),
    CONSTRAINT job_skipped_of_existing CHECK (skipped BETWEEN 0 AND existing),
    CONSTRAINT job_kept_once_ended CHECK (kept IS NULL OR ended_at IS NOT NULL)
);

CREATE INDEX job_of_team ON job (team_no, created_at, id);
CREATE INDEX job_unfinished ON job (team_no, created_at, id) WHERE ended_at IS NULL;
CREATE INDEX job_ended ON job (ended_at) WHERE ended_at IS NOT NULL;

-- For where a record that was made comes from. An undo has the ids of the job that it undoes, a dry run makes none.
CREATE INDEX job_record_ids ON job (team_no, coalesce(record_ids_ms, created_at)) WHERE kind NOT IN ('undo', 'dry_run');

-- Which row of a job is being judged, noted where workers have died. A note has to outlive its process, no more.
CREATE TABLE job_note (
    team_no   bigint NOT NULL,
    job_id    uuid NOT NULL,
    attempt   integer NOT NULL,
    -- NULL: judging is over.
    row_noted integer,
    PRIMARY KEY (team_no, job_id)
);

-- Outcomes in their stored form, a few thousand rows a piece, without gaps from row 0 to the job's cursor.
CREATE TABLE job_outcome (
    team_no   bigint NOT NULL,
    job_id    uuid NOT NULL,
    first_row integer NOT NULL,
    rows      integer NOT NULL CHECK (rows > 0),
    encoded   bytea NOT NULL,
    -- Of a dry run what else it says of each row, in the form the domain gives it.
    forecast  bytea,
    PRIMARY KEY (team_no, job_id, first_row),
    FOREIGN KEY (team_no, job_id) REFERENCES job (team_no, id)
);

-- What a dry run would have written so far; it goes once the job has ended. No foreign keys: a row of the job would be
-- looked up for each of a million.
CREATE TABLE draft_key (
    team_no   bigint NOT NULL,
    job_id    uuid NOT NULL,
    key       uuid NOT NULL,
    record_id uuid NOT NULL,
    held      boolean NOT NULL,
    PRIMARY KEY (team_no, job_id, key, record_id)
);

CREATE TABLE draft_record (
    team_no     bigint NOT NULL,
    job_id      uuid NOT NULL,
    record_id   uuid NOT NULL,
    body        text NOT NULL,
    list_values text,
    PRIMARY KEY (team_no, job_id, record_id)
);

CREATE TABLE draft_option (
    team_no    bigint NOT NULL,
    job_id     uuid NOT NULL,
    place      integer NOT NULL,
    list_id    uuid,
    property   text NOT NULL,
    id         uuid NOT NULL,
    slug       text NOT NULL,
    value      text NOT NULL,
    sort_index bigint NOT NULL,
    PRIMARY KEY (team_no, job_id, place),
    FOREIGN KEY (team_no, job_id) REFERENCES job (team_no, id)
);

-- Records as they were before a job changed them, one a job and record: what it takes to undo it.
CREATE TABLE job_image (
    team_no          bigint NOT NULL,
    job_id           uuid NOT NULL,
    record_id        uuid NOT NULL,
    -- The last row of the job that wrote the record, and when.
    last_row         integer NOT NULL,
    written_at       bigint NOT NULL,
    -- The record's version before the job's first change and after its last; before, 0 for one that the job made under an
    -- id of the row's own, which is kept here because such an id does not tell its job.
    version_before   bigint NOT NULL,
    version_after    bigint NOT NULL,
    -- Whether somebody else wrote the record between two changes of the job.
    mixed            boolean NOT NULL DEFAULT false,
    -- The version under which an undo gave the record its values back; what it stands for is then version_before.
    restored_version bigint,
    -- The record's values before the job changed them; NULL where it left them alone, and once they are back.
    body             text,
    -- Its values in the job's list before, and the version of its place there before and after; 0: no place.
    entry_values     text,
    entry_before     bigint NOT NULL CHECK (entry_before >= 0),
    entry_after      bigint NOT NULL CHECK (entry_after >= 0),
    -- Whether the job brought the record back: then it was deleted before.
    deleted          boolean NOT NULL DEFAULT false,
    PRIMARY KEY (team_no, job_id, record_id),
    FOREIGN KEY (team_no, job_id) REFERENCES job (team_no, id)
);

CREATE INDEX job_image_of_record ON job_image (team_no, record_id);

-- Uploads whose staged rows no job claims: those in progress, and those that are to go.
CREATE TABLE upload (
    team_no    bigint NOT NULL REFERENCES team (team_no),
    id         uuid NOT NULL,
    -- When the last rows came.
    touched_at bigint NOT NULL,
    PRIMARY KEY (team_no, id)
);

CREATE INDEX upload_age ON upload (touched_at);

-- Staged rows: consecutive rows of an upload, where each ends (u32, little-endian) and then their bytes, as one lz4
-- block.
CREATE TABLE staged_chunk (
    team_no   bigint NOT NULL,
    upload_id uuid NOT NULL,
    first_row integer NOT NULL,
    rows      integer NOT NULL CHECK (rows > 0),
    -- Bytes of the block before compression.
    raw_bytes bigint NOT NULL,
    -- CRC-32 of the block.
    checksum  bigint NOT NULL,
    block     bytea NOT NULL,
    PRIMARY KEY (team_no, upload_id, first_row)
);

-- Compressed already.
ALTER TABLE staged_chunk ALTER COLUMN block SET STORAGE EXTERNAL;

-- Answers to requests that carried an idempotency key, and after a day the mere fact that the key was used.
CREATE TABLE idempotency_key (
    team_no     bigint NOT NULL REFERENCES team (team_no),
    key_id      uuid NOT NULL,
    key         text NOT NULL,
    fingerprint bytea NOT NULL CHECK (length(fingerprint) = 32),
    created_at  bigint NOT NULL,
    -- The kept answer; all three are NULL once it is no longer replayed. Headers: a JSON array of [name, value].
    status      smallint,
    headers     text,
    body        bytea,
    PRIMARY KEY (team_no, key_id, key),
    CHECK ((status IS NULL) = (headers IS NULL)),
    CHECK ((status IS NULL) = (body IS NULL))
);

CREATE INDEX idempotency_key_age ON idempotency_key (created_at);
CREATE INDEX idempotency_key_answer_age ON idempotency_key (created_at) WHERE status IS NOT NULL;

-- Which migrations have run; made before the first of them.
CREATE TABLE schema_version (
    version    integer PRIMARY KEY,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- How far a copy into this database is: a row for each kind of thing, none when no copy is under way.
CREATE TABLE copy_progress (
    kind       text PRIMARY KEY,
    -- The place in the source from which to go on; both are NULL once the kind is complete.
    next_major bigint,
    next_minor bigint,
    -- Rows that are here.
    rows       bigint NOT NULL DEFAULT 0,
    CHECK ((next_major IS NULL) = (next_minor IS NULL))
);

-- For queries: dates as texts that sort as instants do, to the byte what the program makes of them
-- (instant_order_text): seconds since two days before 0001-01-01T00:00:00Z in twelve digits, then '.' and the digits of the
-- fraction, if there is one, without zeros at its end. NULL for what is no date.
CREATE FUNCTION refract_instant(written text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $function$
DECLARE
    part text[] := regexp_match(
        written COLLATE "C",
        '^([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[Tt]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?(?:[Zz]|([+-])([0-9]{2}):([0-9]{2})))?$'
    );
    seconds bigint;
    zone bigint;
BEGIN
    IF part IS NULL OR part[1] = '0000' OR NOT part[2] BETWEEN '01' AND '12' OR part[3] = '00'
        OR part[4] > '23' OR part[5] > '59' OR part[6] > '59' OR part[9] > '23' OR part[10] > '59' THEN
        RETURN NULL;
    END IF;
    -- The first of the month is always a date.
    IF part[3]::integer > extract(
        DAY FROM make_date(part[1]::integer, part[2]::integer, 1) + interval '1 month -1 day'
    ) THEN
        RETURN NULL;
    END IF;
    seconds := (make_date(part[1]::integer, part[2]::integer, part[3]::integer) - DATE '0001-01-01') * 86400::bigint
        + 172800;
    IF part[4] IS NOT NULL THEN
        zone := coalesce(part[9]::bigint * 3600 + part[10]::bigint * 60, 0);
        seconds := seconds + part[4]::bigint * 3600 + part[5]::bigint * 60 + part[6]::bigint
            - CASE part[8] WHEN '-' THEN -zone ELSE zone END;
    END IF;
    RETURN lpad(seconds::text, 12, '0') || coalesce('.' || nullif(rtrim(part[7], '0'), ''), '');
END
$function$;

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
