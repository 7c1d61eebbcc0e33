INSERT INTO record_count (team_no, object_type, live, first_record_no, last_record_no)
VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT (team_no, object_type) DO UPDATE SET
    live = live + excluded.live,
    first_record_no = min(first_record_no, excluded.first_record_no),
    last_record_no = max(last_record_no, excluded.last_record_no)
