SELECT staged FROM job WHERE id = ?1
