-- Hidden records too: they may be brought back.
SELECT body FROM record
WHERE record_no BETWEEN (SELECT first_record_no FROM record_count WHERE team_no = ?1 AND object_type = ?2)
        AND (SELECT last_record_no FROM record_count WHERE team_no = ?1 AND object_type = ?2)
    AND team_no = ?1 AND object_type = ?2
