INSERT INTO record_count (team_no, object_type, slot, live)
VALUES ($1, $2, $3, $4)
ON CONFLICT (team_no, object_type, slot) DO UPDATE SET live = record_count.live + excluded.live
