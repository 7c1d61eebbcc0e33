-- The lists that gain or lose this record as a member.
UPDATE list SET members = members + ?4
WHERE team_no = ?1 AND object_type = ?2
    AND EXISTS (SELECT 1 FROM list_entry WHERE list_entry.list_no = list.list_no AND record_no = ?3)
