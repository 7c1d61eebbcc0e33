INSERT INTO list_count (team_no, list_id, slot, members)
VALUES ($1, $2, $3, $4)
ON CONFLICT (team_no, list_id, slot) DO UPDATE SET members = list_count.members + excluded.members
