SELECT key_secret, randomblob(16) FROM installation
