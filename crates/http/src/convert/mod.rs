//! From what the domain and the engine say to what the wire says, and back.
//!
//! Each conversion is one function with a test. Nothing here knows HTTP but for the kept answers, which are answers.

pub(crate) mod answer;
pub(crate) mod batch;
pub(crate) mod csv;
pub(crate) mod dry_run;
pub(crate) mod failed_cells;
pub(crate) mod failed_rows;
pub(crate) mod failed_workbook;
pub(crate) mod grants;
pub(crate) mod job;
pub(crate) mod list;
pub(crate) mod modelling;
pub(crate) mod options;
pub(crate) mod policies;
pub(crate) mod preview;
pub(crate) mod property;
pub(crate) mod reading;
pub(crate) mod record;
pub(crate) mod result_forms;
pub(crate) mod results;
pub(crate) mod rows;
pub(crate) mod time;
pub(crate) mod undo;
pub(crate) mod view;
