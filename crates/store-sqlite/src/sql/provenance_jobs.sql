-- The job whose rows' numbers hold this one: the last that begins before it, if it does not end before it.
SELECT id, first_record_no FROM (
    SELECT id, first_record_no, total, team_no FROM job
    WHERE kind NOT IN ('undo', 'dry_run') AND total > 0 AND first_record_no <= ?2
    ORDER BY first_record_no DESC
    LIMIT 1
)
WHERE team_no = ?1 AND first_record_no + total > ?2
