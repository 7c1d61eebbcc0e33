SELECT team.id, hash, record_id
FROM (
    SELECT team_no, hash, record_id FROM key_holder UNION ALL SELECT team_no, hash, record_id FROM key_holder_more
) AS holder
JOIN team USING (team_no)
