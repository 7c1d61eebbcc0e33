-- Of records that a job made under ids of the rows' own: such an id does not tell its job. $6: 1 in a list, 0 without.
INSERT INTO job_image (
    team_no, job_id, record_id, last_row, written_at, version_before, version_after, entry_before, entry_after
)
SELECT $1, $2, made.id, made.row, $5, 0, 1, 0, $6 FROM unnest($3::uuid[], $4::integer[]) AS made (id, row)
