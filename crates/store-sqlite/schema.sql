-- The whole schema of the embedded store as the migrations leave it. Documentation that a test keeps true; the
-- program runs migrations/*.sql.

-- Instants are milliseconds since the Unix epoch, ids are 16 bytes, flags are 0 or 1. Every `…_no` is a number that
-- never leaves this database.

-- What belongs to the installation as a whole: one row.
CREATE TABLE installation (
    only_row   INTEGER PRIMARY KEY CHECK (only_row = 1),
    -- Keys the dedupe hashes. A new secret would make every stored key worthless, so it never changes.
    key_secret BLOB NOT NULL CHECK (length(key_secret) = 16)
) STRICT;

CREATE TABLE team (
    team_no        INTEGER PRIMARY KEY,
    id             BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    name           TEXT NOT NULL,
    -- Grows with every change of lists, options and keyed properties: rows judged under another version are refused.
    schema_version INTEGER NOT NULL DEFAULT 1 CHECK (schema_version >= 1),
    created_at     INTEGER NOT NULL
) STRICT;

CREATE TABLE api_key (
    key_no     INTEGER PRIMARY KEY,
    id         BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    team_no    INTEGER NOT NULL REFERENCES team (team_no),
    label      TEXT NOT NULL,
    access     TEXT NOT NULL CHECK (access IN ('read', 'write')),
    -- Of the key's text; the key itself is never kept.
    sha256     BLOB NOT NULL UNIQUE CHECK (length(sha256) = 32),
    created_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT;

CREATE INDEX api_key_of_team ON api_key (team_no);

-- Lists of records of one type. Their stages come from the template.
CREATE TABLE list (
    list_no     INTEGER PRIMARY KEY,
    id          BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    team_no     INTEGER NOT NULL REFERENCES team (team_no),
    object_type INTEGER NOT NULL,
    name        TEXT NOT NULL,
    template    TEXT NOT NULL,
    icon        TEXT,
    created_at  INTEGER NOT NULL,
    -- Live members, maintained by every write, so that counting is one read.
    members     INTEGER NOT NULL DEFAULT 0 CHECK (members >= 0)
) STRICT;

CREATE INDEX list_of_team ON list (team_no, object_type);

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

-- Options that teams define or imports make, and what teams say of those that come with the program or a template.
CREATE TABLE property_option (
    option_no    INTEGER PRIMARY KEY,
    team_no      INTEGER NOT NULL REFERENCES team (team_no),
    -- The list in whose scope the property lives; NULL for the whole team.
    list_no      INTEGER REFERENCES list (list_no),
    object_type  INTEGER NOT NULL,
    property     TEXT NOT NULL,
    id           BLOB NOT NULL CHECK (length(id) = 16),
    slug         TEXT NOT NULL,
    value        TEXT NOT NULL,
    sort_index   INTEGER NOT NULL,
    color_scheme TEXT,
    description  TEXT,
    icon         TEXT,
    option_group TEXT,
    -- One that comes with the program is deleted by a row that says so.
    state        TEXT NOT NULL DEFAULT 'live' CHECK (state IN ('live', 'archived', 'deleted')),
    -- The job that made it, unless it was changed since.
    made_by      BLOB CHECK (length(made_by) = 16)
) STRICT;

CREATE UNIQUE INDEX property_option_slug
    ON property_option (team_no, object_type, property, slug, ifnull(list_no, 0));

-- Properties whose dedupe keys every write maintains.
CREATE TABLE keyed_property (
    keyed_no       INTEGER PRIMARY KEY,
    team_no        INTEGER NOT NULL REFERENCES team (team_no),
    object_type    INTEGER NOT NULL,
    slug           TEXT NOT NULL,
    state          TEXT NOT NULL CHECK (state IN ('building', 'ready')),
    -- While building: records from the first up to the second number are still to be looked at. Later ones were
    -- written with their keys.
    next_record_no INTEGER,
    end_record_no  INTEGER,
    UNIQUE (team_no, object_type, slug),
    CHECK ((state = 'building') = (next_record_no IS NOT NULL)),
    CHECK ((state = 'building') = (end_record_no IS NOT NULL))
) STRICT;

-- Records of all teams, in the order of their ids' ordered part, which is the record number: milliseconds since 2020
-- times 2^23, plus an index. There is no index on the id: a generated id says its number, and any other has an alias.
--
-- No foreign keys here and in the tables of keys: they are checked row by row, and these are the hot path.
CREATE TABLE record (
    record_no   INTEGER PRIMARY KEY,
    team_no     INTEGER NOT NULL,
    id          BLOB NOT NULL CHECK (length(id) = 16),
    object_type INTEGER NOT NULL,
    version     INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    -- When it was hidden; a hidden record holds no keys.
    deleted_at  INTEGER,
    -- JSON: slug to canonical value.
    body        TEXT NOT NULL,
    -- JSON: who may do what with it; NULL before anything was said of it.
    grants      TEXT
) STRICT;

-- For imports that heed deleted records, which hold no keys to be found by.
CREATE INDEX record_deleted ON record (team_no, object_type) WHERE deleted_at IS NOT NULL;

-- Records whose id came with their row.
CREATE TABLE record_alias (
    team_no   INTEGER NOT NULL,
    id        BLOB NOT NULL,
    record_no INTEGER NOT NULL,
    PRIMARY KEY (team_no, id)
) STRICT, WITHOUT ROWID;

-- How many live records a team has of a type, and between which numbers all its records of the type lie.
CREATE TABLE record_count (
    team_no         INTEGER NOT NULL,
    object_type     INTEGER NOT NULL,
    live            INTEGER NOT NULL CHECK (live >= 0),
    first_record_no INTEGER NOT NULL,
    last_record_no  INTEGER NOT NULL,
    PRIMARY KEY (team_no, object_type)
) STRICT, WITHOUT ROWID;

-- Second and further holders of dedupe keys; nearly always empty. The first ones lie in key_page.
CREATE TABLE key_holder_more (
    hash      BLOB NOT NULL,
    record_no INTEGER NOT NULL,
    PRIMARY KEY (hash, record_no)
) STRICT, WITHOUT ROWID;

CREATE TABLE list_entry (
    list_no   INTEGER NOT NULL,
    record_no INTEGER NOT NULL,
    -- JSON: slug to canonical value, in the list's scope.
    "values"  TEXT NOT NULL,
    -- 1 for a member that has just joined, one more with every change of its values in the list.
    version   INTEGER NOT NULL DEFAULT 1,
    PRIMARY KEY (list_no, record_no)
) STRICT, WITHOUT ROWID;

-- Import jobs. The states are those of the domain's `JobState`, and each has exactly its data.
CREATE TABLE job (
    job_no                 INTEGER PRIMARY KEY,
    id                     BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    team_no                INTEGER NOT NULL REFERENCES team (team_no),
    key_id                 BLOB NOT NULL CHECK (length(key_id) = 16),
    object_type            INTEGER NOT NULL,
    dedupe_by              TEXT,
    case_insensitive       INTEGER NOT NULL CHECK (case_insensitive IN (0, 1)),
    update_existing        INTEGER NOT NULL CHECK (update_existing IN (0, 1)),
    create_missing_options INTEGER NOT NULL CHECK (create_missing_options IN (0, 1)),
    require_list_stage     INTEGER NOT NULL CHECK (require_list_stage IN (0, 1)),
    list_id                BLOB CHECK (length(list_id) = 16),
    total                  INTEGER NOT NULL CHECK (total >= 0),
    -- The record number of row 0; the numbers of the other rows follow it and are the job's alone.
    first_record_no        INTEGER NOT NULL,
    -- Names the file of staged rows; NULL when there are none or the job has ended.
    staged                 BLOB CHECK (length(staged) = 16),
    created_at             INTEGER NOT NULL,
    updated_at             INTEGER NOT NULL,

    state                  TEXT NOT NULL CHECK (state IN ('queued', 'running', 'complete', 'failed')),
    -- Grows with every claim; whoever writes to a running job must name it.
    attempt                INTEGER NOT NULL DEFAULT 0 CHECK (attempt >= 0),
    worker                 BLOB,
    lease_until            INTEGER,
    -- Rows that have an outcome: the next chunk starts here.
    cursor                 INTEGER NOT NULL DEFAULT 0,
    created                INTEGER NOT NULL DEFAULT 0 CHECK (created >= 0),
    existing               INTEGER NOT NULL DEFAULT 0 CHECK (existing >= 0),
    updated                INTEGER NOT NULL DEFAULT 0 CHECK (updated >= 0),
    rejected               INTEGER NOT NULL DEFAULT 0 CHECK (rejected >= 0),
    new_options_made       INTEGER NOT NULL DEFAULT 0 CHECK (new_options_made >= 0),
    -- How often in a row a worker died at this cursor, which row it was judging, and how often that one.
    deaths                 INTEGER NOT NULL DEFAULT 0 CHECK (deaths >= 0),
    suspect_row            INTEGER,
    suspect_deaths         INTEGER NOT NULL DEFAULT 0 CHECK (suspect_deaths <= deaths),
    ended_at               INTEGER,
    error_code             TEXT,
    error_message          TEXT,

    -- Names the file of staged rows of a job that has ended without some of them; it goes when the job does.
    kept                   BLOB CHECK (length(kept) = 16) CHECK (kept IS NULL OR ended_at IS NOT NULL),
    -- Options that have no column of their own, in the form the domain gives them; NULL: none was chosen.
    more                   TEXT,

    -- What it does, and which job it does it to.
    kind                   TEXT NOT NULL DEFAULT 'import'
        CHECK (kind IN ('import', 'retry', 'undo', 'dry_run', 'apply')),
    of_job                 BLOB CHECK (length(of_job) = 16)
        CHECK ((kind IN ('import', 'dry_run')) = (of_job IS NULL)),
    -- Of the existing ones those that were passed over and met no record.
    skipped                INTEGER NOT NULL DEFAULT 0 CHECK (skipped BETWEEN 0 AND existing),

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
    CHECK ((suspect_row IS NULL) = (suspect_deaths = 0))
) STRICT;

CREATE INDEX job_of_team ON job (team_no, created_at, id);
CREATE INDEX job_unfinished ON job (team_no) WHERE ended_at IS NULL;
CREATE INDEX job_ended ON job (ended_at) WHERE ended_at IS NOT NULL;

-- For where a record that was made comes from. An undo has the numbers of the job that it undoes, a dry run makes none.
CREATE INDEX job_numbers ON job (first_record_no) WHERE kind NOT IN ('undo', 'dry_run') AND total > 0;

-- Outcomes in their stored form, a few thousand rows a piece, without gaps from row 0 to the job's cursor.
CREATE TABLE job_outcome (
    job_no    INTEGER NOT NULL REFERENCES job (job_no),
    first_row INTEGER NOT NULL,
    rows      INTEGER NOT NULL CHECK (rows > 0),
    encoded   BLOB NOT NULL,
    -- Of a dry run what else it says of each row, in the form the domain gives it.
    forecast  BLOB,
    PRIMARY KEY (job_no, first_row)
) STRICT;

-- What a dry run would have written so far; it goes once the job has ended.
CREATE TABLE draft_key (
    job_no    INTEGER NOT NULL REFERENCES job (job_no),
    key       BLOB NOT NULL CHECK (length(key) = 16),
    record_id BLOB NOT NULL CHECK (length(record_id) = 16),
    held      INTEGER NOT NULL CHECK (held IN (0, 1)),
    PRIMARY KEY (job_no, key, record_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE draft_record (
    job_no      INTEGER NOT NULL REFERENCES job (job_no),
    record_id   BLOB NOT NULL CHECK (length(record_id) = 16),
    body        TEXT NOT NULL,
    list_values TEXT,
    PRIMARY KEY (job_no, record_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE draft_option (
    job_no     INTEGER NOT NULL REFERENCES job (job_no),
    place      INTEGER NOT NULL,
    list_id    BLOB CHECK (length(list_id) = 16),
    property   TEXT NOT NULL,
    id         BLOB NOT NULL CHECK (length(id) = 16),
    slug       TEXT NOT NULL,
    value      TEXT NOT NULL,
    sort_index INTEGER NOT NULL,
    PRIMARY KEY (job_no, place)
) STRICT, WITHOUT ROWID;

-- Records as they were before a job changed them, one a job and record: what it takes to undo it.
CREATE TABLE job_image (
    image_no         INTEGER PRIMARY KEY,
    job_no           INTEGER NOT NULL REFERENCES job (job_no),
    record_no        INTEGER NOT NULL,
    -- The last row of the job that wrote the record, and when.
    last_row         INTEGER NOT NULL,
    written_at       INTEGER NOT NULL,
    -- The record's version before the job's first change and after its last.
    version_before   INTEGER NOT NULL,
    version_after    INTEGER NOT NULL,
    -- Whether somebody else wrote the record between two changes of the job.
    mixed            INTEGER NOT NULL DEFAULT 0 CHECK (mixed IN (0, 1)),
    -- The version under which an undo gave the record its values back; what it stands for is then version_before.
    restored_version INTEGER,
    -- The record's values before the job changed them; NULL where it left them alone, and once they are back.
    body             TEXT,
    -- Its values in the job's list before, and the version of its place there before and after; 0: no place.
    entry_values     TEXT,
    entry_before     INTEGER NOT NULL CHECK (entry_before >= 0),
    entry_after      INTEGER NOT NULL CHECK (entry_after >= 0),
    -- Whether the job brought the record back: then it was deleted before.
    deleted          INTEGER NOT NULL DEFAULT 0 CHECK (deleted IN (0, 1))
) STRICT;

-- By record first: for where a record comes from. A job and a record together are as well found.
CREATE UNIQUE INDEX job_image_of_record ON job_image (record_no, job_no);
CREATE INDEX job_image_of_job ON job_image (job_no);

-- Answers to requests that carried an idempotency key, and after a day the mere fact that the key was used.
CREATE TABLE idempotency_key (
    team_no     INTEGER NOT NULL REFERENCES team (team_no),
    key_id      BLOB NOT NULL,
    key         TEXT NOT NULL,
    fingerprint BLOB NOT NULL CHECK (length(fingerprint) = 32),
    created_at  INTEGER NOT NULL,
    -- The kept answer; all three are NULL once it is no longer replayed. Headers: a JSON array of [name, value].
    status      INTEGER,
    headers     TEXT,
    body        BLOB,
    PRIMARY KEY (team_no, key_id, key),
    CHECK ((status IS NULL) = (headers IS NULL)),
    CHECK ((status IS NULL) = (body IS NULL))
) STRICT;

CREATE INDEX idempotency_key_age ON idempotency_key (created_at);
CREATE INDEX idempotency_key_answer_age ON idempotency_key (created_at) WHERE status IS NOT NULL;

-- The first holder of every dedupe key, in levels of pages (src/keys/mod.rs says why and how). A page's number is its
-- level in the top bits, then the first 59 bits of its least key.
CREATE TABLE key_page (
    page_no INTEGER PRIMARY KEY,
    -- Sorted entries of 24 bytes: 16 of the hash, 8 of the record number, highest byte first.
    entries BLOB NOT NULL CHECK (length(entries) > 0 AND length(entries) % 24 = 0)
) STRICT;

-- How full a level is, and which of its pages move on next.
CREATE TABLE key_level (
    level        INTEGER PRIMARY KEY CHECK (level BETWEEN 1 AND 15),
    -- About how many keys: single writes are not counted.
    keys         INTEGER NOT NULL CHECK (keys >= 0),
    next_page_no INTEGER NOT NULL
) STRICT;

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
