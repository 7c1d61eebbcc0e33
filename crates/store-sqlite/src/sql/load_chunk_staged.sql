SELECT staged, kept FROM job WHERE id = ?1
