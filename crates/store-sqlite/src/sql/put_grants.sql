UPDATE record SET grants = ?2 WHERE record_no = ?1
