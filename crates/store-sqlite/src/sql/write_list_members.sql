UPDATE list SET members = members + ?2 WHERE list_no = ?1
