//! The suite that every backend passes: it says by example what the verbs mean.
//!
//! A backend calls [`conformance_tests!`](crate::conformance_tests) with an expression that makes its [`Harness`]; each
//! case then is a test of its own, in a store of its own. Owns the cases (a file per verb or theme) and the [`fixture`]
//! they are written with. Must not know any backend, and sees stores through the contract alone.
//!
//! Built only with the feature `conformance`, so that none of it is part of a release.

// A case that cannot go on has failed: panics are how tests say so.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod accounts;
pub mod admit;
pub mod apply_chunk;
pub mod apply_inline;
pub mod batches;
pub mod claim;
pub mod closing;
pub mod deleted_matches;
pub mod dry_runs;
pub mod ended;
pub mod finding;
pub mod fixture;
pub mod given_ids;
pub mod grants;
pub mod idempotency;
pub mod jobs;
pub mod kept_rows;
pub mod keying;
pub mod list_entries;
pub mod lists;
pub mod load_chunk;
pub mod matching;
pub mod modelling;
pub mod new_options;
pub mod parallel;
pub mod provenance;
pub mod purge;
pub mod query_pages;
pub mod query_records;
pub mod records;
pub mod references;
pub mod restoring;
pub mod results;
pub mod schema;
pub mod undo;
pub mod undo_jobs;
pub mod undo_lists;
pub mod updates;
pub mod upserts;
pub mod views;

use async_trait::async_trait;

use crate::SharedStore;

/// How the suite comes by a backend.
#[async_trait]
pub trait Harness: Send + Sync {
    /// An empty store. Called once in the life of a harness.
    async fn open(&self) -> SharedStore;

    /// The store as the next process finds it. `store` is the only handle that is left; whether it is closed in an
    /// orderly way or just dropped is for the harness to choose.
    async fn reopen(&self, store: SharedStore) -> SharedStore;
}

/// Expands to one `#[tokio::test]` per case, in a module per theme. `$harness` is evaluated for each.
///
/// The caller's crate needs tokio with `macros` and `rt-multi-thread`.
#[macro_export]
macro_rules! conformance_tests {
    ($harness:expr) => {
        $crate::conformance_cases! { ($harness)
            accounts: teams_are_listed_oldest_first, a_team_is_made_once, keys_are_found_by_their_hash,
                a_key_is_kept_once, a_key_is_revoked_once, accounts_outlive_the_process;
            admit: an_admitted_job_is_queued_with_its_total, an_admitted_job_outlives_the_process,
                an_upload_of_no_rows_is_a_job_of_none, an_upload_is_invisible_before_it_is_admitted,
                uploads_do_not_mix, a_staged_chunk_comes_back_to_be_filled_again, an_abandoned_upload_leaves_nothing,
                a_replayed_admission_leaves_no_rows, unfinished_jobs_are_counted_per_team;
            load_chunk: rows_come_back_byte_for_byte, rows_max_cuts, bytes_max_cuts_but_never_below_one_row,
                any_row_can_be_the_first, nothing_is_left_at_the_total, a_chunk_may_span_what_was_staged_apart;
            claim: the_oldest_job_of_each_team_comes_first, jobs_max_is_the_most, a_busy_team_is_left_out,
                a_second_worker_takes_the_second_job, a_leased_job_is_taken_by_nobody, an_expired_lease_is_taken_over,
                every_claim_has_its_own_attempt, a_claim_carries_cursor_and_tally, a_death_counts_until_a_commit,
                a_release_is_no_death, a_lost_lease_is_released_in_silence, a_lease_is_prolonged_without_a_chunk,
                a_lost_lease_is_not_prolonged, a_noted_row_is_remembered_with_a_death,
                a_row_noted_again_is_counted, a_withdrawn_note_is_forgotten, a_note_of_a_released_job_is_forgotten,
                an_ended_job_is_not_claimed, a_running_job_outlives_the_process;
            apply_chunk: a_chunk_moves_cursor_tally_outcomes_and_records_together, the_last_chunk_completes_the_job,
                an_empty_job_completes_with_its_empty_chunk, a_stale_attempt_writes_nothing,
                a_wrong_cursor_writes_nothing, an_ended_job_takes_no_chunk, rows_judged_under_another_schema_are_refused,
                a_commit_prolongs_the_lease, a_redo_after_a_takeover_makes_the_same_ids, ids_ascend_with_the_rows,
                every_chunking_comes_to_the_same, bad_rows_never_stop_a_job;
            apply_inline: inline_writes_and_reports, inline_is_no_job, inline_of_no_rows_is_fine,
                inline_under_another_schema_writes_nothing, inline_and_queued_come_to_the_same,
                two_sources_in_one_millisecond_make_different_ids;
            matching: rows_without_a_key_property_always_create, a_key_matches_within_a_chunk,
                a_key_matches_across_chunks_and_imports, the_same_in_every_case_and_form, blanks_match_nothing,
                exact_matching_tells_cases_apart, exact_matching_sees_other_holders, trimming_holds_in_both_modes,
                several_holders_are_an_error, any_value_of_a_list_matches, a_key_belongs_to_team_and_type,
                a_deleted_record_matches_nothing, a_deleted_holder_leaves_the_others, every_key_type_matches,
                a_bad_row_is_rejected_before_it_is_matched, e_mail_addresses_match_normalised;
            updates: a_match_is_skipped_unless_updates_are_asked, an_update_patches, an_update_without_change_is_existing,
                later_rows_see_earlier_updates, an_update_moves_the_key, an_update_moves_other_keys_too,
                an_update_gives_a_cleared_key_up, a_patched_key_matches_later, swapped_keys_end_up_right;
            given_ids: an_unknown_id_creates_with_that_id, a_known_id_matches, an_id_matches_where_the_key_is_shared,
                an_id_and_a_key_that_disagree_conflict, an_unknown_id_with_a_held_key_conflicts,
                an_id_of_another_type_conflicts, a_deleted_id_conflicts, an_id_of_another_team_is_unknown,
                a_record_with_a_given_id_is_like_any_other, a_given_id_twice_in_an_import_is_one_record,
                the_ids_that_a_job_will_make_are_its_secret;
            keying: a_property_without_records_is_ready_at_once, a_keyed_property_is_ready_without_a_write,
                the_first_step_makes_writes_maintain_keys, records_from_before_are_matched, batches_are_bounded,
                writes_while_building_count, shared_values_from_before_are_shared, keying_is_per_team_and_type,
                keying_outlives_the_process;
            new_options: a_missing_option_is_made_once, the_version_grows_with_a_new_option,
                a_skipped_row_makes_no_option, a_rejected_row_makes_no_option, an_option_is_known_to_the_next_import,
                the_cap_is_per_job_across_chunks, the_cap_starts_anew_with_each_import, options_belong_to_the_team,
                options_outlive_the_process, list_scoped_options_belong_to_the_list;
            modelling: properties_are_made_changed_and_kept, options_are_made_archived_deleted_and_kept,
                an_edit_under_another_schema_changes_nothing, a_value_stands_in_the_way_of_deleting_its_property,
                a_value_in_a_list_stands_in_the_way, a_value_stands_in_the_way_of_deleting_its_option,
                a_missing_value_stands_in_the_way_of_requiring_it, an_edit_is_answered_once, edits_are_of_their_team,
                an_import_brings_a_deleted_option_back, a_property_made_anew_is_not_keyed,
                an_archived_property_keeps_its_values_and_keys, an_archived_property_is_keyed_on,
                what_is_out_of_use_is_not_keyed,
                parallel_edits_do_not_undo_each_other;
            lists: lists_are_listed_oldest_first, a_list_is_of_its_team, a_new_list_changes_the_schema,
                lists_outlive_the_process;
            list_entries: created_matched_and_skipped_join, members_keep_their_values_when_skipped,
                members_are_patched_with_updates, a_row_that_only_joins_is_existing, a_rejected_row_joins_nothing,
                a_deleted_member_leaves, lists_keep_apart, a_record_made_and_met_in_one_chunk_joins_once;
            records: a_record_is_made_and_read, a_record_is_of_its_team_and_type, a_patch_raises_the_version,
                a_patch_of_nothing_changes_nothing, a_patch_of_nobody_is_not_found, a_precondition_is_kept,
                a_record_is_deleted_once, a_delete_keeps_the_precondition, counts_follow_every_write,
                single_writes_maintain_keys, a_single_write_under_another_schema_writes_nothing,
                records_outlive_the_process;
            query_records: text_is_compared_byte_by_byte, parts_of_texts_ignore_case, patterns_are_found,
                numbers_are_numbers, dates_are_instants, the_other_types_are_compared,
                one_of_several_values_is_enough, ids_and_times_can_be_asked_for, paths_lead_through_live_records,
                conditions_are_joined, a_list_confines_to_its_members;
            query_pages: without_a_sort_ids_ascend, records_without_a_value_come_last,
                sort_keys_may_differ_in_direction, orders_lead_through_references, a_page_goes_on_after_its_place,
                a_total_counts_all_pages, an_offset_passes_records_over, hidden_records_are_shown_when_asked,
                named_records_alone_are_found, keys_change_no_answer, keys_of_other_types_change_no_answer,
                teams_and_types_are_kept_apart;
            finding: records_are_read_by_id, records_are_found_by_key, a_key_finds_its_team_and_type;
            upserts: a_value_means_one_record, a_record_from_before_is_met, a_deleted_record_is_not_meant,
                a_shared_value_means_nobody, the_bodys_own_value_is_the_records, any_value_of_an_array_means_the_record,
                an_upsert_writes_in_its_list, parallel_upserts_make_one_record, an_upsert_is_answered_once,
                a_record_that_is_looked_for_gets_the_value_beside_others;
            restoring: a_record_comes_back_as_it_was, only_a_hidden_record_comes_back, keys_come_back,
                keys_made_meanwhile_are_held, places_in_lists_come_back, a_restore_is_answered_once,
                restores_outlive_the_process;
            batches: items_are_changed_each_by_itself, items_for_one_record_add_up, a_batch_writes_in_its_list,
                items_are_hidden_each_by_itself, hidden_members_leave_their_lists, a_batch_is_answered_once,
                parallel_batches_lose_nothing;
            grants: grants_are_put_and_kept, only_a_live_record_has_grants, single_writes_heed_grants,
                other_grants_forbid_nothing, batches_heed_grants, imports_heed_grants, grants_are_answered_once;
            views: views_are_kept_changed_and_dropped, a_change_of_another_version_changes_nothing, a_view_is_of_its_team,
                a_team_has_no_more_views_than_it_may, a_view_is_answered_once;
            references: a_live_record_can_be_pointed_at, a_missing_record_cannot, a_deleted_record_cannot,
                another_teams_record_cannot, a_record_of_another_type_cannot, single_writes_check_references;
            ended: a_cancelled_job_keeps_what_it_wrote, a_queued_job_can_be_cancelled, a_job_is_cancelled_once,
                another_team_cancels_nothing, a_failed_job_says_why, a_stale_lease_fails_nothing,
                ends_outlive_the_process;
            jobs: the_newest_job_comes_first, each_filter_leaves_jobs_out, pages_stand_while_jobs_are_added,
                another_team_lists_nothing;
            kept_rows: rows_stay_where_some_did_not_get_in, rows_go_when_all_are_in, rows_of_a_cancelled_job_stay,
                kept_rows_go_with_the_job, a_retry_names_its_job;
            dry_runs: a_dry_run_says_what_an_import_does_and_writes_nothing, what_is_drafted_outlives_the_process,
                options_are_drafted_and_not_made, what_was_said_is_done, what_has_changed_since_is_stale,
                a_dry_run_is_applied_once, what_cannot_be_applied_is_refused, a_dry_run_can_be_cancelled,
                a_zombie_drafts_nothing, drafts_go_once_the_job_has_ended, a_dry_run_stays_while_its_job_is_there,
                what_was_applied_is_undone, a_dry_run_of_a_list_says_who_joins, rows_that_are_passed_over_are_counted;
            deleted_matches: a_deleted_match_fails_where_that_is_asked, a_deleted_match_comes_back_where_that_is_asked,
                a_record_that_comes_back_is_patched_with_updates, live_matches_and_ids_come_first,
                several_deleted_ones_are_decided_as_live_ones, case_counts_for_deleted_ones_too,
                every_value_is_held_again, keys_move_while_the_record_is_away, places_in_lists_come_back,
                deleted_records_are_of_team_and_type, a_dry_run_tells_who_would_come_back,
                a_key_that_came_free_earlier_brings_a_deleted_record_back,
                what_became_of_a_deleted_record_since_is_stale, an_undo_hides_again_what_came_back,
                who_came_back_and_was_edited_since_is_kept, who_came_back_and_may_only_be_read_is_kept,
                an_undo_gives_places_back_before_it_hides, a_restore_under_a_later_import_goes_back_in_turn,
                two_jobs_bring_a_record_back_once;
            undo: what_was_made_is_removed, what_was_changed_has_its_values_back,
                a_record_changed_again_goes_back_to_before_the_first_change, a_record_made_and_changed_is_removed,
                what_was_edited_since_is_kept_and_named, an_edit_between_two_changes_of_the_job_is_kept,
                keys_come_back, given_ids_can_be_given_again, rows_that_wrote_nothing_have_nothing_to_take_back,
                options_that_nobody_uses_are_removed, what_may_only_be_read_is_refused,
                imports_over_imports_go_back_in_turn, what_the_schema_knows_no_longer_stays_away;
            undo_jobs: an_undo_is_a_queued_job, what_cannot_be_undone_is_refused, an_undone_job_has_nothing_left,
                an_undo_is_answered_once, a_cancelled_job_is_undone_as_far_as_it_came, an_empty_job_is_undone,
                a_cancelled_undo_can_be_followed_by_another, a_zombie_undoes_nothing,
                the_undo_of_a_retry_is_of_the_retry, a_job_that_is_being_undone_is_not_purged;
            undo_lists: places_go_back, who_only_joined_leaves, values_changed_in_the_list_are_kept,
                a_place_in_another_list_keeps_a_new_record, places_go_back_in_turn;
            provenance: a_record_names_the_job_and_row_that_made_it, a_record_names_the_last_job_that_changed_it,
                what_was_undone_is_named_no_more, provenance_goes_with_the_job;
            results: outcomes_are_read_from_any_row, a_job_without_outcomes_has_no_piece, another_team_reads_nothing,
                every_outcome_comes_back_as_it_was, pieces_have_no_gaps;
            parallel: two_jobs_make_one_record_a_key, two_jobs_lose_no_update, inline_imports_and_a_job_agree,
                parallel_jobs_make_one_option, single_writes_are_not_lost, a_snapshot_is_consistent,
                one_of_many_claims_wins, one_of_many_equal_requests_is_fresh;
            idempotency: a_repeat_is_replayed, another_request_is_a_mismatch, a_day_later_it_is_stale,
                a_month_later_it_is_new, keys_are_scoped_by_team_and_api_key, an_answer_without_effect_is_kept,
                an_answer_is_kept_with_an_admission, an_answer_is_kept_with_a_list, an_answer_is_kept_with_a_record,
                a_refused_write_is_answered_for_too, a_failed_write_keeps_no_answer, answers_outlive_the_process;
            purge: a_job_lives_until_it_expires, a_long_job_lives_on_after_its_end, an_unfinished_job_is_never_purged,
                a_failed_job_expires_too, records_stay_when_their_job_goes, jobs_go_in_batches,
                lost_uploads_go_in_batches, an_upload_in_progress_stays, a_jobs_rows_stay,
                kept_answers_go_after_a_day_and_keys_after_a_month, idempotency_keys_go_in_batches;
            schema: a_new_team_has_the_builtin_properties, the_hasher_is_the_same_after_a_restart,
                the_latest_schema_is_never_older, schemas_belong_to_teams;
            closing: a_closed_store_answers_closing, what_was_committed_is_there_after_closing;
        }
    };
}

/// Expands the list of [`conformance_tests!`]; not for direct use.
#[doc(hidden)]
#[macro_export]
macro_rules! conformance_cases {
    (($harness:expr) $($theme:ident: $($case:ident),+;)+) => {
        $(mod $theme {
            #[allow(unused_imports)]
            use super::*;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let harness = $harness;
                $crate::conformance::$theme::$case(&harness).await;
            })+
        })+
    };
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    const LISTING: &str = include_str!("mod.rs");

    fn cases_in(source: &str) -> BTreeSet<String> {
        let case = |line: &str| {
            let rest = line.strip_prefix("pub async fn ")?;
            let (name, parameters) = rest.split_once('(')?;
            parameters.starts_with("harness: &dyn Harness)").then(|| name.to_owned())
        };
        source.lines().filter_map(case).collect()
    }

    fn listed(theme: &str) -> BTreeSet<String> {
        let start = LISTING.find(&format!("\n            {theme}: ")).expect("the theme is listed");
        let list = &LISTING[start..];
        let list = &list[list.find(':').expect("a list") + 1..list.find(';').expect("an end")];
        list.split(',').map(|name| name.trim().to_owned()).collect()
    }

    #[test]
    fn every_case_is_listed() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/conformance");
        let mut themes = 0;
        for entry in std::fs::read_dir(folder).expect("the folder of this file") {
            let path = entry.expect("an entry").path();
            let theme = path.file_stem().expect("a name").to_str().expect("a text").to_owned();
            if theme == "mod" || theme == "fixture" {
                continue;
            }
            let source = std::fs::read_to_string(&path).expect("a source file");
            assert_eq!(cases_in(&source), listed(&theme), "cases of {theme}.rs against the list in mod.rs");
            themes += 1;
        }
        assert!(themes > 15, "the folder was read");
    }
}
