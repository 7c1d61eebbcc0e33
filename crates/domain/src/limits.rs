//! Every limit, in one place. Those in [`ImportLimits`] are settings; the constants are part of what a row means
//! and are the same on every server.

/// Deepest nesting of a property value; deeper is a row error (import-semantics, Routing).
pub const VALUE_DEPTH_MAX: usize = 32;

/// Most properties one row may carry in one group; more is `too_many_properties`.
pub const ROW_PROPERTIES_MAX: usize = 500;

/// Longest dedupe value in bytes, after trimming; longer is `dedupe_value_too_long`.
///
/// Below the 2,704 bytes at which PostgreSQL refuses an index entry, should a value ever be indexed as it is.
pub const DEDUPE_VALUE_BYTES_MAX: usize = 2_048;

/// Most options a job may create (import-semantics, Values).
pub const NEW_OPTIONS_PER_JOB_MAX: u32 = 1_000;

/// Most rows of an import of all or nothing: it is one transaction, for which others may have to wait.
pub const ATOMIC_ROWS_MAX: u32 = 100_000;

/// Most bytes of such rows, as they were sent: they are all in memory at once.
pub const ATOMIC_BYTES_MAX: u64 = 64 << 20;

/// Most properties of a type, and of a list: as many as a row may carry.
pub const PROPERTIES_MAX: usize = ROW_PROPERTIES_MAX;

/// Most options that one request may make.
pub const NEW_OPTIONS_PER_REQUEST_MAX: usize = 1_000;

/// Longest name of a property, value of an option, icon, or name of a colour or a group, in characters.
pub const NAME_CHARS_MAX: usize = 200;

/// Longest description of an option, in characters.
pub const DESCRIPTION_CHARS_MAX: usize = 2_000;

/// Longest slug, in characters.
pub const SLUG_CHARS_MAX: usize = 63;

/// Most candidate ids a `multiple_matches` message names.
pub const CANDIDATES_NAMED_MAX: usize = 5;

/// Longest excerpt of a value inside a message, in characters.
pub const VALUE_EXCERPT_CHARS_MAX: usize = 40;

/// Most faults kept for one row; the first is the row's message.
pub const FAULTS_PER_ROW_MAX: usize = 20;

/// Most keys of an order.
pub const QUERY_SORTS_MAX: usize = 8;

/// Most conditions of a filter: operators, and each element of an array given to `contains`.
pub const QUERY_FILTERS_MAX: usize = 50;

/// Most slugs in a path such as `company.name`.
pub const PATH_SLUGS_MAX: usize = 5;

/// Most values of one `in`, and most ids of one query.
pub const QUERY_VALUES_MAX: usize = 1_000;

/// The last page that can be asked for by number.
pub const QUERY_PAGE_MAX: u64 = 1_000_000;

/// Most slugs in one `select`.
pub const SELECT_SLUGS_MAX: usize = 500;

/// Most references that one answer follows to show what is behind them. Paths through sets multiply, so that a short
/// `select` could otherwise ask for more than there is memory.
pub const NESTED_RECORDS_MAX: usize = 10_000;

/// Most bytes of values that one answer shows of the records behind references; those behind several count at each.
pub const NESTED_BYTES_MAX: usize = 64 << 20;

/// Answers are ordered by this many characters of a text in lower case; texts that begin alike go by id. A cursor carries
/// them, and must fit a URI.
pub const SORT_TEXT_CHARS_MAX: usize = 256;

/// Most items of one batch.
pub const BATCH_ITEMS_MAX: usize = 100;

/// Most records pinned to one view: as many as one query can name.
pub const PINS_MAX: usize = QUERY_VALUES_MAX;

/// Most views of one team.
pub const VIEWS_MAX: usize = 1_000;

/// Most bytes in what a view is set to.
pub const VIEW_BYTES_MAX: usize = 64 << 10;

/// Most grants of one record.
pub const GRANTS_MAX: usize = 1_000;

/// Most decoded bytes in the body of one batch.
pub const BATCH_BODY_BYTES_MAX: u64 = 8 << 20;

/// Limits of one import; over a limit the whole import is refused and nothing is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportLimits {
    /// Fewer rows than this are answered in the request.
    pub sync_max_rows: u64,
    /// Bodies under this many decoded bytes may be answered in the request.
    pub sync_max_bytes: u64,
    /// Most rows in one import.
    pub rows_max: u64,
    /// Most decoded bytes in one body.
    pub body_bytes_max: u64,
    /// Most bytes in one row.
    pub row_bytes_max: usize,
}

impl Default for ImportLimits {
    fn default() -> Self {
        Self {
            sync_max_rows: 100,
            sync_max_bytes: 1 << 20,
            rows_max: 5_000_000,
            body_bytes_max: 2 << 30,
            row_bytes_max: 1 << 20,
        }
    }
}
