UPDATE installation SET key_secret = $1
