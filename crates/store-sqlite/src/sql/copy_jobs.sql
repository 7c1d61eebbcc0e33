-- What a worker held is let go: a running job becomes one that waits at its cursor. A dry run that has not ended begins
-- anew, since what it has drafted stays behind. The number of row 0 is told as what it is made of: milliseconds since 2020
-- above 23 bits of index (src/numbers.rs).
SELECT job_no, 0, team.id, job.id, key_id, object_type, dedupe_by, case_insensitive, update_existing,
    create_missing_options, require_list_stage, list_id, total, (first_record_no >> 23) + 1577836800000,
    first_record_no & 8388607, staged, job.created_at, updated_at, iif(state = 'running', 'queued', state), attempt,
    iif(anew, 0, cursor), iif(anew, 0, created), iif(anew, 0, existing), iif(anew, 0, updated), iif(anew, 0, rejected),
    iif(anew, 0, new_options_made), deaths, suspect_row, suspect_deaths, ended_at, error_code, error_message, kind, of_job,
    kept, more, iif(anew, 0, skipped)
FROM (SELECT *, kind = 'dry_run' AND ended_at IS NULL AS anew FROM job) AS job
JOIN team USING (team_no)
WHERE job_no >= ?1 AND (job_no, 0) > (?1, ?2)
ORDER BY job_no
LIMIT ?3
